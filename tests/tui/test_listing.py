"""``redengine-tui list``: tasks with their past and future, and nothing touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from redengine.control.messages import NextStart, TaskView
from redengine_tui.data import ProjectData
from redengine_tui.listing import as_text

PROJECT = """
from redengine import RedEngine
app = RedEngine()

@app.task("daily between 00:00 and 23:59")
def done(): ...

@app.task("after task 'done'\\n & daily")
def follower(): ...

app.task(name="evil \\x1b]52;c;eA==\\x07", func=lambda: None)
"""
HEADER = "task_name,action,created,start,end,runtime,message,exc_text,run_id\r\n"


@pytest.fixture
def listed(tmp_path):
    """``listed(*options, source, log)``: the tasks of a project with such a log."""

    def listed(*options, source=PROJECT, log=None, scheduled=False):
        (tmp_path / "project.py").write_text(source)
        env = {**os.environ, "REDENGINE_TUI_DATA_DIR": str(tmp_path / "data"), "PYTHONDONTWRITEBYTECODE": "1"}

        def call(*args):
            return subprocess.run(
                [sys.executable, "-m", "redengine_tui.cli", *args, "project.py"],
                cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip

        if log is not None:
            place = next(line for line in call("locate").stdout.splitlines() if line.startswith("log"))
            file = type(tmp_path)(place.split(maxsplit=1)[1])
            file.parent.mkdir(parents=True)
            file.write_bytes(log)
        data = ProjectData.of(tmp_path / "project.py", tmp_path / "data")
        lock = data.lock() if scheduled else None
        before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in tmp_path.rglob("*")}
        done = call("list", *options)
        after = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in tmp_path.rglob("*")}
        assert after == before
        if lock is not None:
            data.release(lock)
        return done

    return listed


def past(extra=b""):
    now = time.time()
    row = "done,{},{},{},{},{},,,r1\r\n"
    rows = row.format("run", now - 60, now - 60, "", "") + row.format("success", now - 57, now - 60, now - 57, 3.0)
    return (HEADER + rows).encode() + extra


def test_as_a_table(listed):
    done = listed(log=past())
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["TASK", "CONDITION", "STATE", "LAST", "RUN", "RESULT", "TOOK", "NEXT", "RUN"]
    (line,) = (line for line in lines if line.startswith("done"))
    assert "success" in line
    assert "3" in line.split("success")[-1]
    assert "after task 'done' & daily" in done.stdout
    assert "\x1b" not in done.stdout


def test_as_json(listed):
    done = listed("--json", log=past())
    tasks = {task["name"]: task for task in json.loads(done.stdout)}
    assert tasks["done"]["last_result"] == "success"
    assert tasks["done"]["duration"] == 3.0
    assert tasks["done"]["next"]["kind"] == "at"
    assert tasks["follower"]["next"]["kind"] in ("now", "after")


def test_commands_in_the_log_change_nothing(listed):
    now = time.time()
    row = "{},command,{},,,,{},,\r\n"
    asked = row.format("follower", now - 50, "ada: disable 'follower'") + row.format("", now - 40, "ada: hold")
    done = listed("--json", log=past(asked.encode()))
    tasks = {task["name"]: task for task in json.loads(done.stdout)}
    assert len(tasks) == 3
    assert (tasks["follower"]["state"], tasks["follower"].get("last_run")) == ("idle", None)
    assert tasks["done"]["state"] == "success"


def begun(seconds, task="done", run_id="r2"):
    at = time.time() - seconds
    return f"{task},run,{at},{at},,,,,{run_id}\r\n".encode()


def test_what_another_process_runs_is_running(listed):
    done = listed("--json", log=past(begun(30)), scheduled=True)
    task = json.loads(done.stdout)[0]
    assert task["state"] == "running"
    (run,) = task["runs"]
    assert run["run_id"] == "r2"
    assert run["started"] == pytest.approx(time.time() - 30, abs=20)


def test_what_nobody_runs_will_be_a_crash(listed):
    log = past(begun(30))
    task = json.loads(listed("--json", log=log).stdout)[0]
    assert (task["state"], task["runs"]) == ("crash", [])
    assert "never ended: will be logged as crashed" in task["problem"]


def test_the_state_is_in_the_table(listed):
    done = listed(log=past(begun(30)))
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("done "))
    assert "  crash  " in line
    assert done.stdout.splitlines()[-1].startswith("done: began ")


def test_a_full_house_is_waited_for(listed):
    source = PROJECT.replace("RedEngine()", "RedEngine(config={'max_process_count': 1})")
    log = past(begun(30) + begun(20, "follower", "r3"))
    tasks = json.loads(listed("--json", source=source + 'app.task("always", name="due", func=print)\n', log=log,
                              scheduled=True).stdout)  # fmt: skip
    assert [task["state"] for task in tasks if task["name"] in ("done", "due")] == ["running", "queued"]


def test_on_a_terminal_a_long_name_is_cut_where_the_line_ends():
    name = "n" * 193
    task = TaskView(name, "idle", "daily between 07:00 and 10:00", "false", "process", 0, NextStart("now"))
    lines = as_text((task,), width=80).splitlines()
    assert max(map(len, lines)) == 80
    assert "n…  daily" in lines[1]
    assert lines[1].endswith("now")
    # Elsewhere it is whole.
    assert name in as_text((task,))


def test_without_a_log(listed):
    done = listed("--json")
    assert [task["last_run"] for task in json.loads(done.stdout)] == [None] * 3


def test_a_torn_log_is_read_and_left_as_it_is(listed):
    done = listed("--json", log=past(b"done,ru"))
    assert json.loads(done.stdout)[0]["last_result"] == "success"


def test_another_header_is_left_as_it_is(listed):
    done = listed("--json", log=b"some,other\n1,2\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["last_run"] is None


def test_no_tasks(listed):
    assert (
        listed(source="from redengine import RedEngine\napp = RedEngine()\n").stdout == "This project has no tasks.\n"
    )


def test_what_a_project_prints_is_not_in_the_answer(listed):
    noisy = "import os, sys\nprint('hello')\nsys.stdout.flush()\nos.system('echo child')\n" + PROJECT
    done = listed("--json", source=noisy)
    assert {task["name"] for task in json.loads(done.stdout)} >= {"done", "follower"}
    assert "hello" in done.stderr
    assert "child" in done.stderr


def test_what_is_ignored_in_a_project_is_told_beside_the_answer(listed):
    done = listed("--json", source=PROJECT.replace("RedEngine()", "RedEngine(config={'timout': 1})"))
    assert json.loads(done.stdout)
    assert done.stderr == "project.py, line 3: there is no option 'timout': it is ignored; did you mean 'timeout'?\n"


def test_times_are_in_the_zone_of_the_project(listed):
    source = PROJECT.replace("RedEngine()", "RedEngine(config={'timezone': 'Etc/GMT-14'})")
    here, there = listed(log=past()), listed(source=source)
    hour = {done.stdout.splitlines()[1].split("23:59")[1].split(":")[0].strip() for done in (here, there)}
    assert len(hour) == 2


SQL_PROJECT = """
from redengine import RedEngine
from redengine.log import SQLRepo, TaskRunRecord

app = RedEngine(logger_repo=SQLRepo(conn_string="{url}", table="log", model=TaskRunRecord))
app.task("daily", name="done", func=print)
"""


@pytest.mark.parametrize("url", ["sqlite:///log.db", "sqlite:////nowhere/log.db"])
def test_a_log_in_sql_that_is_still_to_come(listed, url):
    pytest.importorskip("sqlalchemy")
    done = listed(source=SQL_PROJECT.format(url=url))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].split()[:4] == ["done", "daily", "idle", "never"]


def test_a_database_that_is_not_there(listed):
    pytest.importorskip("psycopg")
    done = listed(source=SQL_PROJECT.format(url="postgresql+psycopg://me@/log?host=/nowhere"))
    assert done.returncode != 0
    assert "The log of this project cannot be read: OperationalError: " in done.stderr
    assert "Traceback" not in done.stderr
