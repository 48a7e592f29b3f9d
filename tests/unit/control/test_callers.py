"""Who asks: by what name, and what a reader is refused."""

from __future__ import annotations

import getpass
import os

import pytest

from redengine.control import messages as m
from redengine.control.callers import ONLY_LOOKING, this_user
from redengine.control.commands import carry_out
from redengine.control.local import NOT_ASKED, LocalController

READER = m.Caller("ada", 1000, "read", "10.0.0.7 50000 10.0.0.1 22")

COMMANDS = [
    m.Run("task"),
    m.Terminate("task"),
    m.Disable("task"),
    m.Enable("task"),
    m.SetCondition("task", "daily"),
    m.Hold(),
    m.Resume(),
    m.ShutDown(),
    m.ShutDown(force=True),
    m.KeepRunning(),
]


@pytest.fixture
def reader(app, running):
    return LocalController(app.session, running.publisher, READER)


def test_all_commands_are_tried():
    assert {type(command) for command in COMMANDS} == set(m.COMMANDS)


def test_this_user():
    assert this_user().uid == os.getuid()
    assert this_user().user == getpass.getuser()
    assert this_user("read").role == "read"


def test_a_user_without_a_name(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999)
    assert str(this_user()) == "uid 3999999"


@pytest.mark.parametrize("command", COMMANDS, ids=repr)
def test_a_reader_is_refused_every_command(app, running, audit, command):
    app.task("daily", name="task", func=lambda: None, disabled=True)
    reply = carry_out(app.session, command, READER)
    assert not reply.ok
    assert reply.message.startswith(f"{ONLY_LOOKING}: ")
    task = app.session["task"]
    assert (task.disabled, str(task.start_cond), task.batches, app.session.on_hold) == (True, "daily", [], False)
    assert audit[0].startswith("asked by ada from 10.0.0.7: ")
    assert f"refused: {ONLY_LOOKING}" in audit[0]


@pytest.mark.parametrize("started", [False, True])
async def test_a_readers_command_is_refused_at_once(app, running, reader, audit, started):
    app.task("daily", name="task", func=lambda: None)
    if started:
        running.start()
    for command in COMMANDS:
        assert (await reader.send(command)).message.startswith(ONLY_LOOKING)
    if started:
        running.until(lambda: len(audit) == len(COMMANDS))
        assert running.thread.is_alive()


async def test_a_reader_works_no_parameter_out(app, running, reader):
    called = []

    @app.param("x")
    def x():
        called.append(1)
        return 1

    app.task(name="task", func=lambda x: None)
    for query in (m.EvaluateParameter("task", "x"), m.EvaluateParameter("", "x", "session")):
        assert type(query) in m.RUNS_CODE
        answer = await reader.ask(query)
        assert not answer.ok
        assert answer.message.startswith(ONLY_LOOKING)
    assert not called


@pytest.mark.parametrize("started", [False, True])
async def test_no_code_of_the_project_runs_with_what_a_reader_wrote(app, running, reader, started):
    made, asked = [], []

    def make(**given):
        made.append(given)
        return app.session["task"].start_cond

    app.session.get_cond_parsers()["is mine"] = make

    @app.cond("is asked")
    def is_asked():
        asked.append(1)
        return True

    app.task("daily", name="task", func=lambda: None, disabled=True)
    app.task("is asked", name="own", func=lambda: None, disabled=True)
    if started:
        running.start()
    for text in ("is mine", "is asked", "daily & is mine", "every 10 s"):
        report = await reader.ask(m.CheckCondition("task", text))
        assert (report.ok, report.tree, report.verdict) == (True, None, NOT_ASKED)
    wrong = await reader.ask(m.CheckCondition("task", "dialy & is mine"))
    assert (wrong.ok, wrong.problems[0].suggestion) == (False, "daily")
    assert (made, asked) == ([], [])
    present = await reader.ask(m.CheckCondition("task", "daily"))
    assert present.tree.truth is True
    assert made == []
    own = await reader.ask(m.CheckCondition("own", " is asked\n"))
    assert own.tree.truth is True
    assert len(asked) >= 1


async def test_a_reader_reads_all_the_rest(app, running, reader):
    app.task("daily", name="task", func=lambda: None)
    running.start()
    assert reader.snapshot().tasks[0].name == "task"
    assert (await reader.ask(m.Complete("dai", 3))).items
    assert (await reader.ask(m.ReadLog())).failed == ""
    assert (await reader.ask(m.ListParameters("task"))).items == ()
    assert (await reader.ask(m.ReadOutput("x"))).text == ""
