"""``list``, ``explain``, ``forecast``, ``locate`` ask the scheduler that runs, and say what differs from the file."""

from __future__ import annotations

import json
import os

import pytest

PROJECT = """
from redengine import RedEngine

app = RedEngine(config={"execution": "thread"})


@app.task("daily")
def changed():
    ...


@app.task("never")
def switched_off():
    ...


@app.task("every 10 minutes")
def same():
    ...
"""


@pytest.fixture
def running(place, headless):
    """A scheduler whose tasks somebody has changed, and whose file was edited since."""
    headless(PROJECT)
    project = str(place.project)
    assert place.call("ctl", project, "disable", "switched_off").returncode == 0
    assert place.call("ctl", project, "condition", "changed", "hourly").returncode == 0
    place.write(PROJECT.replace("def same", "def renamed"))
    return project


def test_list(running, place):
    done = place.call("list", running)
    assert done.returncode == 0
    table, _, notes = done.stdout.partition("\n\n")
    assert [line.split()[0] for line in table.splitlines()] == ["TASK", "changed", "switched_off", "same"]
    assert notes.splitlines()[:4] == [
        "changed: its condition was changed; in the file it is: daily",
        "switched_off: it is disabled, which the file does not say",
        "same: it is not in the file (any more); it goes on until the scheduler is started anew",
        "renamed: it is new in the file, and not loaded: it runs once the scheduler is started anew",
    ]
    assert notes.splitlines()[4].startswith("Asked of its scheduler: process ")
    tasks = {task["name"]: task for task in json.loads(place.call("list", running, "--json").stdout)}
    assert (tasks["changed"]["start_cond"], tasks["changed"]["file_condition"]) == ("hourly", "daily")
    assert tasks["switched_off"]["state"] == "disabled"
    assert (tasks["same"]["in_file"], tasks["same"]["loaded"]) == (False, True)
    assert (tasks["renamed"]["in_file"], tasks["renamed"]["loaded"]) == (True, False)


def test_a_file_that_is_being_edited(running, place):
    place.write("def half(")
    done = place.call("list", running)
    assert done.returncode == 0
    assert "The file cannot be loaded as it is now" in done.stdout
    assert json.loads(place.call("list", running, "--json").stdout)[0]["in_file"] is None


def test_locate(running, place):
    found = json.loads(place.call("locate", running, "--json").stdout)
    assert found["running"] == "yes"
    assert found["viewers"] == 0
    assert os.path.exists(found["socket"])
    text = place.call("locate", running).stdout
    assert f"socket     {found['socket']}\nviewers    0\nrunning    process {found['pid']}" in text


def test_explain(running, place):
    done = place.call("explain", running, "changed")
    assert done.returncode == 0
    assert "Its condition was changed; in the file it is: daily" in done.stdout
    assert "Asked of its scheduler: process " in done.stdout
    report = json.loads(place.call("explain", running, "changed", "--json").stdout)
    assert (report["source"], report["file_condition"], report["tree"]["text"]) == ("scheduler", "daily", "hourly")
    done = place.call("explain", running, "renamed")
    assert (done.returncode, done.stdout) == (2, "")
    assert "renamed: it is new in the file, and not loaded" in done.stderr
    assert "did you mean 'changed'?" in place.call("explain", running, "chnged").stderr


def test_forecast(running, place):
    done = place.call("forecast", running, "--hours", "1.5")
    assert done.returncode == 0
    assert "  same" in done.stdout
    assert "renamed: it is new in the file" in done.stdout
    found = json.loads(place.call("forecast", running, "--json").stdout)
    assert {coming["task"] for coming in found["starts"]} == {"changed", "same"}
    assert found["source"] == "scheduler"
    assert set(found["notes"]) == {"changed", "switched_off", "same", "renamed"}


def test_over_ssh(running, place, sshd):
    target = f"ssh://{sshd.host('build7')}{running}"
    done = place.call("list", target)
    assert "hourly" in done.stdout
    assert "(ssh build7)" in done.stdout
    found = json.loads(place.call("locate", target, "--json").stdout)
    assert (found["project"], found["running"], found["viewers"]) == (running, "yes", 0)
