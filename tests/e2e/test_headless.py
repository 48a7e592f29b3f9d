"""The real program without a terminal: what it says, how it is ended, and what it tells a service manager."""

from __future__ import annotations

import json
import subprocess
import sys

PROJECT = """
    from redengine import RedEngine

    app = RedEngine(config={"shut_cond": "task 'load' has succeeded & task 'bad' has failed"})

    @app.task("daily", execution="thread")
    def load():
        print("not for standard error")

    @app.task("daily", execution="thread")
    def bad():
        raise ValueError("no such\\x1b]52;c;AAAA\\x07 shop")
"""


def test_what_happens_is_said_in_lines(place):
    place.write(PROJECT)
    done = place.call("run", "project.py", "--headless")
    assert done.returncode == 0
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    said = [line.split(" ", 2)[2] for line in lines]
    assert said[0].startswith("INFO project.py: 2 tasks, process ")
    assert "INFO load: started" in said
    (success,) = (line for line in said if line.startswith("INFO load: success in "))
    assert success.endswith("ms")
    (failure,) = (line for line in said if line.startswith("ERROR bad: fail after "))
    assert failure.endswith("ms: ValueError: no such␛]52;c;AAAA␇ shop")
    assert said[-1] == "INFO Shutdown completed. Good bye."
    assert "\x1b" not in done.stderr
    assert (place.logged("load", "success"), place.logged("bad", "fail")) == (1, 1)


def test_json_is_one_object_a_line(place):
    place.write(PROJECT)
    done = place.call("run", "project.py", "--headless", "--log-format", "json")
    assert done.returncode == 0
    events = [json.loads(line) for line in done.stderr.splitlines()]
    keys = {"time", "iso", "level", "task", "action", "run_id", "runtime", "message", "exc_text"}
    assert all(event.keys() == keys for event in events)
    logged = {(row["task_name"], row["action"]): row for row in place.log}
    (failure,) = (event for event in events if event["action"] == "fail")
    assert failure["task"] == "bad"
    assert failure["level"] == "ERROR"
    assert failure["run_id"] == logged["bad", "fail"]["run_id"]
    assert failure["exc_text"] == logged["bad", "fail"]["exc_text"]
    assert failure["time"] == float(logged["bad", "fail"]["created"])
    assert events[-1]["message"] == "Shutdown completed. Good bye."


def test_quiet_says_failures_alone(place):
    place.write(PROJECT)
    done = place.call("run", "project.py", "--headless", "--quiet")
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert " ERROR bad: fail after " in line


def test_no_screen_is_loaded(place):
    place.write(PROJECT + "\n    print('loaded')\n")
    code = (
        "import os, sys\nfrom redengine_tui.cli import main\n"
        "def end(code):\n"
        "    screens = {'textual', 'rich', 'redengine_themes'} & {name.split('.')[0] for name in sys.modules}\n"
        "    print(f'{code} {screens}', flush=True)\n    os.kill(os.getpid(), 9)\n"
        "os._exit = end\nmain(['run', 'project.py', '--headless'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=place.env, cwd=place.folder, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["loaded", "0 set()"], done.stderr


def test_what_has_no_meaning_is_refused(place):
    place.write(PROJECT)
    done = place.call("run", "project.py", "--headless", "--theme", "ember")
    assert done.returncode == 2
    assert "--theme: of no use with --headless, which has no screen" in done.stderr
    done = place.call("run", "project.py", "--quiet", "--log-format", "json")
    assert done.returncode == 2
    assert "--log-format and --quiet: only of use without a screen. Add --headless" in done.stderr
    assert not place.data.exists()
