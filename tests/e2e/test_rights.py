"""Who may look only, over a real SSH server: whatever they send, the scheduler refuses what changes something."""

from __future__ import annotations

import socket
import subprocess
from contextlib import contextmanager

import pytest
from headless_scheduler import HeadlessScheduler
from wire_talk import HELLO, Talk

PROJECT = """
from redengine import RedEngine
from redengine.args import FuncArg

app = RedEngine(config={"execution": "thread"})

def secret():
    open(__file__ + ".evaluated", "w").close()
    return 42

@app.task(name="greet")
def greet(password=FuncArg(secret)):
    open(__file__ + ".ran", "w").close()
    print("hello")
"""

COMMANDS = {
    "run": {"task": "greet"},
    "terminate": {"task": "greet"},
    "disable": {"task": "greet"},
    "enable": {"task": "greet"},
    "set_condition": {"task": "greet", "condition": "daily"},
    "hold": {},
    "resume": {},
    "shut_down": {"force": True},
    "keep_running": {},
}
QUERIES = {
    "check_condition": {"task": "greet", "condition": "daily"},
    "explain": {"task": "greet"},
    "foretell": {"hours": 1},
    "follow_run": {"ticket": "x"},
    "complete": {"condition": "dai", "position": 3},
    "list_parameters": {"task": "greet"},
    "read_log": {},
    "read_output": {"run_id": "x"},
}


@pytest.fixture
def scheduler():
    with HeadlessScheduler(PROJECT) as made:
        yield made


@contextmanager
def talk_over_ssh(place, host, *messages, command="redengine-tui --version"):
    """Speak the wire over an ssh that asks for some other command."""
    ours, its = socket.socketpair()
    with its:
        ssh = subprocess.Popen(["ssh", "-T", host, command], stdin=its, stdout=its, env=place.env)
    try:
        with Talk(ours, *messages) as talk:
            yield talk
    finally:
        assert ssh.wait(20) is not None


def test_the_commands_are_all_there_are():
    from redengine.control import messages as m

    assert set(COMMANDS) == {command.__struct_config__.tag for command in m.COMMANDS}


def test_a_reader_is_refused_every_command_by_the_server(place, sshd, scheduler):
    read_only = f"redengine-tui dial {scheduler.project} --read-only --data-dir {scheduler.folder / 'data'}"
    host = sshd.host("reader", command=read_only)
    forged = [{"type": "prelude", "role": "operate", "ssh": ""}, {**HELLO, "role": "operate"}]
    project = f"redengine-tui dial {scheduler.project} --data-dir {scheduler.folder / 'data'}"

    # A second prelude is none.
    with talk_over_ssh(place, host, *forged, command=project) as talk:
        assert talk.is_hung_up_on()
    with talk_over_ssh(place, host, forged[1], command=project) as talk:
        welcome = talk.hear()
        assert (welcome["type"], welcome["role"]) == ("welcome", "read")
        # Neither is one later on, nor a second hello.
        talk.say(*forged)
        for number, (kind, fields) in enumerate(COMMANDS.items()):
            answer = talk.ask({"type": kind, **fields}, f"c{number}")
            assert answer["body"]["ok"] is False, kind
            assert "You may look, but not change anything" in answer["body"]["message"], kind
        answer = talk.ask({"type": "evaluate_parameter", "task": "greet", "name": "password"}, "e")
        assert answer["body"]["ok"] is False
        for number, (kind, fields) in enumerate(QUERIES.items()):
            assert "message" not in (talk.ask({"type": kind, **fields}, f"q{number}")["body"] or {}), kind

    with Talk(scheduler.socket, HELLO) as talk:
        (task,) = talk.hear_of("state")["tasks"]
        # Nothing of all that was done.
        assert (task["state"], task.get("disabled", False)) == ("idle", False)
    assert not list(scheduler.folder.glob("*.ran"))
    assert not list(scheduler.folder.glob("*.evaluated"))
    assert scheduler.process.poll() is None
    assert scheduler.scheduler_log.count("refused") >= len(COMMANDS)
    assert "from 127.0.0.1" in scheduler.scheduler_log
    assert "Traceback" not in scheduler.scheduler_log


def test_a_key_without_a_forced_command_may_steer(place, sshd, scheduler):
    dial = f"redengine-tui dial {scheduler.project} --data-dir {scheduler.folder / 'data'}"
    with talk_over_ssh(place, sshd.host("operator"), HELLO, command=dial) as talk:
        assert talk.hear()["role"] == "operate"
        assert talk.ask({"type": "hold"})["body"]["ok"]
    assert "from 127.0.0.1: hold" in scheduler.scheduler_log
