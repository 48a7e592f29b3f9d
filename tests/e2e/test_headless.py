"""The real program without a terminal: what it says, how it is ended, and what it tells a service manager."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

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


LONG = """
    import os, time
    from redengine import RedEngine
    from redengine.args import TerminationFlag
    from redengine.exc import TaskTerminationException

    app = RedEngine()

    @app.task("daily")
    def in_process():
        print(os.getpid(), flush=True)
        time.sleep(300)

    @app.task("daily", execution="thread")
    def in_thread(stop=TerminationFlag()):
        stop.wait(300)
        raise TaskTerminationException

    @app.task("every 1 hour", execution="thread")
    def tick():
        pass
"""


class Headless:
    """The program without a terminal, and what it says."""

    def __init__(self, place, *args, **env):
        command = [sys.executable, "-m", "redengine_tui.cli", "run", "project.py", "--headless", *args]
        self.process = subprocess.Popen(
            command, env=place.env | env, cwd=place.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        self.lines.extend(iter(self.process.stderr.readline, ""))

    def said(self, part):
        return next((line for line in list(self.lines) if part in line), None)

    def ended(self):
        code = self.process.wait(30)
        self._reader.join(10)
        self.process.stderr.close()
        return code


@pytest.fixture
def headless(place):
    """``headless(*args, **env)``: start the program on the project without a terminal."""
    started = []

    def start(*args, **env):
        started.append(Headless(place, *args, **env))
        return started[-1]

    yield start
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.ended()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_cleanly(place, headless, until, number):
    place.write(LONG)
    program = headless()
    until(lambda: all(program.said(f"{task}: started") for task in ("in_process", "in_thread")))
    until(lambda: program.said("tick: success"))
    program.process.send_signal(signal.SIGHUP)
    program.process.send_signal(number)
    assert program.ended() == 0
    assert program.said(f"INFO {number.name}: what runs is terminated; again to end at once")
    assert program.said("WARNING in_process: terminate after ")
    for task in ("in_process", "in_thread"):
        assert place.logged(task, "terminate") == 1, task
    assert not (place.kept / "running.json").exists()


def test_a_hang_up_changes_nothing(place, headless, until):
    place.write(LONG)
    program = headless()
    until(lambda: program.said("tick: success"))
    program.process.send_signal(signal.SIGHUP)
    program.process.send_signal(signal.SIGHUP)
    assert place.call("run", "project.py", "--headless").returncode == 3
    assert program.process.poll() is None
    program.process.send_signal(signal.SIGTERM)
    assert program.ended() == 0


def test_a_second_signal_ends_it_at_once(place, headless, until):
    place.write("""
        import time
        from redengine import RedEngine

        app = RedEngine()

        @app.task("daily", execution="main")
        def busy():
            time.sleep(300)
    """)
    program = headless()
    until(lambda: program.said("busy: started"))
    program.process.send_signal(signal.SIGTERM)
    until(lambda: program.said("SIGTERM: what runs is terminated"))
    program.process.send_signal(signal.SIGTERM)
    assert program.ended() == -signal.SIGTERM
    assert program.said("WARNING SIGTERM again: ending at once, whatever still runs")


def test_codes_of_what_cannot_be_run(place, headless, until):
    place.write("app = 1")
    done = place.call("run", "project.py", "--headless")
    assert done.returncode == 2
    assert done.stderr.startswith("redengine-tui: project.py has no app")
    done = place.call("run", "project.py", "--headless", "--log-format", "json")
    assert json.loads(done.stderr)["message"].startswith("project.py has no app")
    place.write(LONG)
    program = headless()
    until(lambda: program.said("tick: success"))
    done = place.call("run", "project.py", "--headless")
    assert done.returncode == 3
    assert f"is scheduled already, by process {program.process.pid}" in done.stderr
    program.process.send_signal(signal.SIGTERM)
    assert program.ended() == 0


def test_a_scheduler_that_fails(place):
    place.write("""
        from redengine import RedEngine

        app = RedEngine()

        @app.session.hook_startup()
        def fails():
            raise RuntimeError("no database")
    """)
    done = place.call("run", "project.py", "--headless")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "CRITICAL The scheduler failed: RuntimeError: no database. Details are in " in last
    assert last.endswith("scheduler.log")


def test_nobody_reads_what_is_said(place, until):
    place.write(PROJECT)
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "redengine_tui.cli", "run", "project.py", "--headless"]
    done = subprocess.run(
        command, env=place.env, cwd=place.folder, stderr=write, stdin=subprocess.DEVNULL, timeout=60, check=False
    )
    os.close(write)
    assert done.returncode == 0
    assert place.logged("load", "success") == 1
    # None of the three standard descriptors is there.
    shell = (
        f"rm -r '{place.data}'; exec '{sys.executable}' -m redengine_tui.cli run project.py --headless 0<&- 1>&- 2>&-"
    )
    done = subprocess.run(["sh", "-c", shell], env=place.env, cwd=place.folder, timeout=60, check=False)
    assert done.returncode == 0
    assert (place.logged("load", "success"), len(place.log)) == (1, 4)


def test_a_service_manager_is_told(place, headless, tmp_path):
    place.write(LONG)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        program = headless(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="400000")

        def told(what):
            while True:
                states = manager.recv(4096).decode().split("\n")
                if what in states:
                    return states

        states = told("READY=1")
        assert states[1].startswith("STATUS=3 tasks, ")
        told("WATCHDOG=1")
        told("WATCHDOG=1")
        program.process.send_signal(signal.SIGTERM)
        told("STOPPING=1")
        assert program.ended() == 0


def test_the_watchdog_is_not_fed_while_the_scheduler_hangs(place, headless, tmp_path):
    place.write("""
        import time
        from redengine import RedEngine

        app = RedEngine()

        @app.task("every 1 hour", execution="main")
        def busy():
            time.sleep(3)
    """)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        program = headless(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="400000")
        while not manager.recv(4096).startswith(b"READY=1"):
            pass
        # The first word after that comes when the task lets the scheduler answer.
        began = time.monotonic()
        while b"WATCHDOG=1" not in manager.recv(4096):
            pass
        assert time.monotonic() - began > 2
        assert program.process.poll() is None
        program.process.send_signal(signal.SIGTERM)
        assert program.ended() == 0


def test_what_tasks_log_goes_where_the_project_sends_it(place):
    place.write("""
        import logging
        from redengine import RedEngine

        logging.basicConfig(level="INFO", format="own %(levelname)s %(name)s %(message)s")
        app = RedEngine(execution="process", config={"shut_cond": "task 'load' has succeeded"})

        @app.task("~has started")
        def load():
            logging.getLogger("shop").info("three crates")
    """)
    done = place.call("run", "project.py", "--headless")
    assert done.returncode == 0
    assert done.stderr.count("three crates") == 1
    assert "own INFO shop three crates" in done.stderr.splitlines()
