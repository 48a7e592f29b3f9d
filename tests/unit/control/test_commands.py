"""Every command: carried out or refused with a reason, and told in the scheduler's log."""

from __future__ import annotations

import sys
import threading

import pytest

from redengine.args import TerminationFlag
from redengine.control import messages as m
from redengine.control.commands import carry_out, describe
from redengine.control.explain import report_of


@pytest.fixture
def send(app, running, audit):
    """Send a command as the screen does."""

    def send(command):
        return carry_out(app.session, command, m.Caller("ada"))

    return send


@pytest.mark.parametrize(
    "command",
    [m.Run("tsak"), m.Terminate("tsak"), m.Disable("tsak"), m.Enable("tsak"), m.SetCondition("tsak", "daily")],
)
def test_a_task_that_there_is_not(app, send, audit, command):
    app.task(name="task", func=lambda: None)
    reply = send(command)
    assert (reply.ok, reply.message) == (False, "There is no task 'tsak'; did you mean 'task'?")
    assert audit == [f"asked by ada: {describe(command)}: refused: {reply.message}"]


def test_disable_and_enable(app, send, audit):
    app.task("daily", name="task", func=lambda: None)
    assert send(m.Disable("task")) == m.Reply(True, "'task' is disabled until the scheduler is started anew")
    assert app.session["task"].disabled
    assert send(m.Enable("task")) == m.Reply(True, "'task' is enabled")
    assert not app.session["task"].disabled
    assert audit == ["asked by ada: disable 'task'", "asked by ada: enable 'task'"]


def test_hold_and_resume(app, send, audit):
    assert send(m.Hold()).ok
    assert app.session.on_hold
    assert send(m.Resume()).ok
    assert not app.session.on_hold
    assert audit == ["asked by ada: hold", "asked by ada: resume"]


def test_run_with_parameters(app, running, send):
    got = []

    @app.task(name="task")
    def func(x=1):
        got.append(x)

    running.start()
    assert send(m.Run("task")).message == "'task' starts"
    running.until(lambda: got == [1] and running.view("task").state == "success")
    assert send(m.Run("task", {"x": 5})).ok
    running.until(lambda: got == [1, 5])
    refused = send(m.Run("task", {"y": 5}))
    assert (refused.ok, refused.message) == (False, "'task' takes no parameter 'y'")


def test_run_of_what_runs_already_and_of_what_is_disabled(app, running, send):
    gate, runs = threading.Event(), []

    @app.task(name="task", disabled=True)
    def func():
        runs.append(1)
        gate.wait(20)

    running.start()
    assert send(m.Run("task")).ok
    running.until(lambda: running.view("task").runs)
    assert send(m.Run("task")).message == "'task' runs again when its present run has ended"
    gate.set()
    running.until(lambda: len(runs) == 2)
    running.until(lambda: running.view("task").state == "disabled")


def test_terminate(app, running, send):
    @app.task(name="task")
    def func(flag=TerminationFlag()):
        flag.wait(20)
        raise RuntimeError("was not asked")

    running.start()
    assert send(m.Terminate("task")) == m.Reply(False, "'task' is not running")
    send(m.Run("task"))
    running.until(lambda: running.view("task").runs)
    assert send(m.Terminate("task")) == m.Reply(True, "'task' is asked to stop")
    running.until(lambda: not running.view("task").runs)


def test_terminate_takes_back_what_was_asked_for(app, running, send):
    started = []

    @app.task(name="task")
    def func(flag=TerminationFlag()):
        started.append(1)
        flag.wait(20)

    running.start()
    send(m.Run("task"))
    running.until(lambda: running.view("task").runs)
    send(m.Run("task"))
    running.until(lambda: running.view("task").next.text == "asked for")
    send(m.Run("task"))
    running.until(lambda: running.view("task").asked == 2)
    assert running.view("task").next.text == "asked for, 2×"
    context = app.session.context(app.session["task"])
    assert report_of(app.session["task"], context).verdict.endswith(" It was asked to run again: 2×.")
    assert send(m.Terminate("task")).message == "'task' is asked to stop; what else was asked for is taken back"
    running.until(lambda: not running.view("task").runs)
    assert running.view("task").asked == 0
    assert running.view("task").next.kind == "never"
    assert started == [1]


def test_what_waits_to_run_is_taken_back_before_it_does(app, send):
    app.task(name="task", func=print)
    send(m.Run("task"))
    assert send(m.Terminate("task")) == m.Reply(True, "'task' does not run: what was asked for is taken back")
    assert not app.session["task"].force_run


def test_set_condition(app, send, audit):
    app.task("daily", name="task", func=lambda: None)
    refused = send(m.SetCondition("task", "daily &\nevry 10 s"))
    assert not refused.ok
    assert refused.message.startswith("line 2, column 1: ")
    assert str(app.session["task"].start_cond) == "daily"
    assert send(m.SetCondition("task", "every 10 seconds")) == m.Reply(
        True,
        "'task' has a new condition until the scheduler is started anew; copy it into the project file to keep it",
    )
    assert str(app.session["task"].start_cond) == "every 10 seconds"
    assert audit[-1] == "asked by ada: set condition 'task' 'every 10 seconds'"


def test_whether_a_condition_of_the_projects_own_works_is_found_out_later(app, send):
    @app.cond("is bad")
    def is_bad():
        raise RuntimeError("only when asked")

    app.task("daily", name="task", func=lambda: None)
    assert send(m.SetCondition("task", "is bad")).ok


def test_a_condition_whose_making_leaves_the_program_is_refused(app, send):
    app.session.get_cond_parsers()["is leaving"] = sys.exit
    app.task("daily", name="task", func=lambda: None)
    refused = send(m.SetCondition("task", "is leaving"))
    assert not refused.ok
    assert "could not be made: SystemExit" in refused.message
    assert str(app.session["task"].start_cond) == "daily"


def test_shut_down(app, running, send, audit):
    running.start()
    assert send(m.ShutDown()).ok
    running.thread.join(20)
    assert not running.thread.is_alive()
    assert audit == ["asked by ada: shut down once what runs has ended"]


def test_run_while_stopping_is_refused(app, running, send):
    gate = threading.Event()
    app.task(name="task", func=lambda: gate.wait(20))
    running.start()
    send(m.Run("task"))
    running.until(lambda: running.view("task").runs)
    app.session.shut_down()
    running.until(lambda: app.session.scheduler.stopping)
    assert not send(m.Run("task")).ok
    gate.set()


def test_what_is_no_command(send):
    assert not send(m.Complete("", 0)).ok


def test_escapes_cannot_forge_a_line_of_the_log(app, send, audit):
    evil = "x\nada: shut down\x1b[2J"
    app.task(name=evil, func=lambda: None)
    send(m.Disable(evil))
    send(m.Run("y\nada: forged"))
    assert all("\n" not in line and "\x1b" not in line for line in audit)
