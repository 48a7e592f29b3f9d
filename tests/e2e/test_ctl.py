"""Steering a scheduler from scripts: what is printed where, and with which exit code."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

PROJECT = """
import time
from pathlib import Path
from redengine import RedEngine
from redengine.args import Arg, Private
from redengine.exc import TaskTerminationException

app = RedEngine(config={"execution": "thread"})
app.params(who="you", key=Private("secret"))
GO_ON = Path(__file__).with_name("go-on")


@app.task("never")
def greet(name=Arg("who"), times=1):
    for _ in range(times):
        print("hello", name)


@app.task("never")
def fails():
    print("about to fail")
    raise ValueError("no luck")


@app.task("never")
def waits(_thread_terminate_):
    print("waiting", flush=True)
    while not GO_ON.exists() and not _thread_terminate_.is_set():
        time.sleep(0.01)
    if _thread_terminate_.is_set():
        raise TaskTerminationException("asked to stop")
"""


@pytest.fixture
def ctl(place, headless):
    """``ctl(*args)``: what a command says of a scheduler that runs."""
    headless(PROJECT)
    return lambda *args: place.call("ctl", str(place.project), *args)


def listed(place):
    """What ``ps`` says of the place; others of this user may run as well."""
    found = json.loads(place.call("ps", "--json").stdout)
    return [row for row in found if row["path"] == str(place.project)]


def test_commands_one_by_one(ctl, place):
    done = ctl("run", "greet", "-p", "name=Ada", "-p", "times=2")
    assert (done.returncode, done.stdout) == (0, "'greet' starts\n")
    done = ctl("run", "gret")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "redengine-tui: There is no task 'gret'; did you mean 'greet'?\n"
    assert "takes no parameter 'nam'" in ctl("run", "greet", "-p", "nam=x").stderr
    assert json.loads(ctl("disable", "greet", "--json").stdout)["ok"] is True
    assert ctl("enable", "greet").stdout == "'greet' is enabled\n"
    assert ctl("hold").returncode == 0
    assert listed(place)[0]["state"] == "held"
    assert ctl("resume").stdout == "Resumed\n"
    done = ctl("terminate", "greet", "--json")
    assert (done.returncode, json.loads(done.stdout)["message"]) == (1, "'greet' is not running")
    assert "Nobody asked the scheduler to stop" in ctl("keep-running").stderr


def test_conditions(ctl):
    assert ctl("condition", "greet").stdout == "never\n"
    done = ctl("condition", "greet", "daily betwen 10:00 and 11:00")
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: line 1, column 7: " in done.stderr
    assert "\n    daily betwen 10:00 and 11:00\n          ^^^^^^\n" in done.stderr
    assert json.loads(ctl("condition", "greet", "daily &", "--json").stdout)["problems"]
    assert ctl("condition", "greet", "daily").returncode == 0
    assert json.loads(ctl("condition", "greet", "--json").stdout) == {"task": "greet", "condition": "daily"}
    assert ctl("condition", "gret").returncode == 1


def test_the_log_and_outputs(ctl, until):
    ctl("run", "greet", "-p", "name=Ada")
    until(lambda: "INFO greet: success in " in ctl("tail", "greet", "--action", "success").stdout)
    assert "greet: started" in ctl("tail", "greet").stdout
    ctl("run", "fails")
    until(lambda: "fail" in ctl("tail", "fails").stdout)
    done = ctl("tail", "--level", "error", "--json")
    (entry,) = map(json.loads, done.stdout.splitlines())
    assert (entry["task"], entry["action"]) == ("fails", "fail")
    assert "no luck" in ctl("tail", "fails", "-n", "1").stdout
    assert ctl("output", "greet").stdout == "hello Ada\n"
    assert json.loads(ctl("output", entry["run_id"], "--json").stdout)["text"].startswith("about to fail\n")
    assert "'waits' has never run" in ctl("output", "waits").stderr
    assert ctl("output", "no-such-run").returncode == 1
    assert "name = 'you' (session parameter 'who')" in ctl("parameters", "greet").stdout
    everything = ctl("parameters", "--json").stdout
    assert [each["name"] for each in json.loads(everything)] == ["who", "key"]
    assert "secret" not in everything
    assert ctl("parameters", "gret").returncode == 1


def test_the_log_as_it_comes(ctl, place, until):
    command = [sys.executable, "-m", "redengine_tui.cli", "ctl", str(place.project), "tail", "greet", "-f", "-n", "0"]
    with subprocess.Popen(command, env=place.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tail:
        until(lambda: listed(place)[0]["viewers"] == 1)
        ctl("run", "greet")
        lines = "".join(tail.stdout.readline() for _ in range(3))
        place.call("stop", str(place.project))
        assert tail.wait(30) == 0
        assert tail.stderr.read() == "The scheduler has stopped\n"
    for said in ("run 'greet'", "greet: started", "greet: success in "):
        assert said in lines


def test_stopping_waits_and_can_be_taken_back(ctl, place, until):
    def stopping(*args):
        return subprocess.Popen(
            [sys.executable, "-m", "redengine_tui.cli", "stop", str(place.project), *args],
            env=place.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    ctl("run", "waits")
    until(lambda: "started" in ctl("tail", "waits").stdout)
    with stopping() as first:
        assert first.stderr.readline() == "Waiting for 'waits' …\n"
        assert ctl("keep-running").stdout == "The scheduler goes on\n"
        assert first.wait(30) == 1
    with stopping() as second:
        assert second.stderr.readline() == "Waiting for 'waits' …\n"
        second.send_signal(signal.SIGINT)
        assert second.wait(30) == 130
        assert "it goes on stopping" in second.stderr.read()
    with stopping("--json") as third:
        assert third.stderr.readline() == "Waiting for 'waits' …\n"
        (place.folder / "go-on").touch()
        assert third.wait(30) == 0
        assert json.loads(third.stdout.read())["stopped"] is True
    done = place.call("stop", str(place.project))
    assert done.returncode == 2
    assert "project.py is not scheduled" in done.stderr
    assert listed(place) == []


def test_stopping_by_force(ctl, place, until):
    ctl("run", "waits")
    until(lambda: "started" in ctl("tail", "waits").stdout)
    assert place.call("stop", str(place.project), "--force").returncode == 0


def test_ps(ctl, place, headless):
    (row,) = listed(place)
    assert (row["project"], row["path"], row["state"], row["tasks"]) == ("project", str(place.project), "running", 3)
    assert row["failing"] == row["running"] == row["viewers"] == 0
    (line,) = (line for line in place.call("ps").stdout.splitlines() if line.endswith(row["path"]))
    assert line.split()[:3] == ["project", "running", str(row["pid"])]


def test_over_ssh(sshd, place, headless):
    headless(PROJECT)
    target = f"ssh://{sshd.host('build7')}{place.project}"
    assert place.call("ctl", target, "run", "greet").stdout == "'greet' starts\n"
    assert place.call("ctl", target, "condition", "greet").stdout == "never\n"
    narrow = f"ssh://{sshd.host('narrow', command=f'redengine-tui dial {place.project} --read-only')}{place.project}"
    done = place.call("ctl", narrow, "run", "greet")
    assert (done.returncode, done.stdout) == (1, "")
    assert "You may look, but not change anything" in done.stderr
    assert place.call("stop", target).returncode == 0
    done = place.call("ctl", target, "hold")
    assert done.returncode == 2
    assert "build7: project.py is not scheduled" in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("run", "greet", "--timeout", "3"), "--timeout is of use with --wait only"),
        (("run", "greet", "-p", "day"), "a parameter is given as NAME=VALUE"),
        (("rnu", "greet"), "No such command 'rnu'"),
        ((), "Missing command"),
    ],
)
def test_a_wrong_command_line(place, args, said):
    place.write(PROJECT)
    done = place.call("ctl", str(place.project), *args)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_run_that_is_waited_for(ctl, place):
    done = ctl("run", "greet", "-p", "name=Ada", "-p", "times=2", "--wait")
    assert (done.returncode, done.stdout) == (0, "hello Ada\nhello Ada\n")
    assert "'greet' starts\n" in done.stderr
    assert "'greet': success after " in done.stderr
    done = ctl("run", "fails", "--wait", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["state"], found["action"]) == (1, "ended", "fail")
    assert "no luck" in found["exc_text"]
    assert "about to fail\n" in done.stderr
    done = ctl("run", "waits", "--wait", "--timeout", "0.3")
    assert (done.returncode, done.stdout) == (6, "waiting\n")
    assert "'waits' has not ended after 0.3 s; the run goes on" in done.stderr
    assert ctl("terminate", "waits").returncode == 0


def test_a_run_that_is_terminated_meanwhile(ctl, place):
    command = [sys.executable, "-m", "redengine_tui.cli", "ctl", str(place.project), "run", "waits", "--wait"]
    with subprocess.Popen(command, env=place.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout.readline() == "waiting\n"
        ctl("terminate", "waits")
        assert waiting.wait(30) == 3
