"""A run that was asked for by a ticket is followed from waiting to its end, whatever becomes of it."""

from __future__ import annotations

import threading

import pytest

from redengine.args import TerminationFlag
from redengine.args.parameters import Parameters
from redengine.control import messages as m
from redengine.control.commands import carry_out
from redengine.scheduling import tickets as module
from redengine.scheduling.tickets import KEPT, STOPPED, TAKEN_BACK, Tickets

ADA = m.Caller("ada")


@pytest.fixture
async def follow(running):
    async def ask(ticket="t"):
        return await running.controller.ask(m.FollowRun(ticket))

    return ask


@pytest.fixture
async def until(running, follow):
    """Wait until the run of a ticket is in a state."""

    async def wait(state, ticket="t"):
        running.until(lambda: running.session.tickets.known(ticket).state == state)
        return await follow(ticket)

    return wait


def nothing():
    pass


def fail():
    raise ValueError("no luck")


async def coroutine():
    pass


@pytest.mark.parametrize("execution", ["main", "async", "thread", "process"])
@pytest.mark.parametrize(("func", "action"), [(nothing, "success"), (fail, "fail"), (coroutine, "success")])
async def test_of_every_execution(app, running, until, execution, func, action):
    app.task(name="x", func=func, execution=execution)
    running.start()
    before = app.session.get_time()
    assert (await running.controller.send(m.Run("x", ticket="t"))).ok
    status = await until("ended")
    assert (status.task, status.action) == ("x", action)
    assert before <= status.started <= status.ended <= app.session.get_time()
    (record,) = app.session["x"].logger.filter_by(action=action).all()
    assert record.run_id == status.run_id
    assert ("ValueError: no luck" in status.exc_text) == (action == "fail")


async def test_from_waiting_to_the_end(app, running, follow, until):
    gate = threading.Event()
    app.task(name="x", func=lambda y: gate.wait(20))
    running.start()
    app.session["x"].run(y=0)
    running.until(lambda: running.view("x").runs)
    for ticket in ("one", "two"):
        assert (await running.controller.send(m.Run("x", {"y": 1}, ticket=ticket))).ok
    assert await follow("one") == m.RunStatus("waiting", "x")
    gate.set()
    one, two = await until("ended", "one"), await until("ended", "two")
    assert one.started <= two.started
    assert one.run_id != two.run_id


async def test_a_live_run(app, running, until):
    @app.task(name="x")
    def x(flag=TerminationFlag()):
        flag.wait(20)

    running.start()
    await running.controller.send(m.Run("x", ticket="t"))
    status = await until("running")
    running.until(lambda: running.view("x").runs)
    assert (status.run_id, status.started) == next((run.run_id, run.started) for run in running.view("x").runs)
    assert (status.ended, status.action) == (None, None)
    await running.controller.send(m.Terminate("x"))
    assert (await until("ended")).run_id == status.run_id


async def test_terminated(app, running, until):
    app.task(name="x", func=lambda: threading.Event().wait(30), execution="process")
    running.start()
    await running.controller.send(m.Run("x", ticket="t"))
    await until("running")
    running.until(lambda: running.view("x").runs)
    await running.controller.send(m.Terminate("x"))
    status = await until("ended")
    assert (status.action, status.exc_text) == ("terminate", "forced termination")


@pytest.mark.parametrize(
    "take_back",
    [
        lambda session: carry_out(session, m.Terminate("x"), ADA),
        lambda session: setattr(session["x"], "force_run", False),
        lambda session: session.remove_task("x"),
        lambda session: session["x"].batches.clear(),
    ],
    ids=["terminate", "force_run", "removed", "cleared"],
)
async def test_taken_back(app, running, follow, take_back):
    app.task(name="x", func=nothing)
    assert carry_out(app.session, m.Run("x", ticket="t"), ADA).ok
    assert (await follow()).state == "waiting"
    take_back(app.session)
    status = await follow()
    assert (status.state, status.action, status.exc_text) == ("ended", "terminate", TAKEN_BACK)
    assert status.started is None


async def test_one_that_cannot_be_launched(app, running, until):
    @app.param("broken")
    def broken():
        raise RuntimeError("no such thing")

    app.task(name="x", func=lambda broken: None)
    running.start()
    await running.controller.send(m.Run("x", ticket="t"))
    status = await until("ended")
    assert status.action == "fail"
    assert "RuntimeError: no such thing" in status.exc_text


async def test_one_whose_start_cannot_be_logged(app, running, until, monkeypatch):
    app.task(name="x", func=nothing)
    running.start()

    def refuse(*args, **kwargs):
        raise ValueError("not a record of mine")

    monkeypatch.setattr(app.session["x"], "_write", refuse)
    await running.controller.send(m.Run("x", ticket="t"))
    status = await until("ended")
    assert status.action == "fail"
    assert status.exc_text == "It was not started: the log could not be written: not a record of mine"


async def test_one_that_the_scheduler_does_not_come_to_any_more(app, running, follow):
    gate = threading.Event()
    app.task(name="x", func=lambda: gate.wait(20))
    running.start()
    await running.controller.send(m.Run("x", ticket="first"))
    running.until(lambda: running.view("x").runs)
    await running.controller.send(m.Run("x", ticket="t"))
    await running.controller.send(m.ShutDown())
    gate.set()
    running.thread.join(20)
    assert (await follow("first")).action == "success"
    status = await follow()
    assert (status.state, status.action, status.exc_text) == ("ended", "terminate", STOPPED)


async def test_unknown(follow):
    assert await follow("never") == m.RunStatus("unknown")
    assert await follow("") == m.RunStatus("unknown")


async def test_a_ticket_is_for_one_run(app, running):
    app.task(name="x", func=nothing)
    assert carry_out(app.session, m.Run("x", ticket="t"), ADA).ok
    again = carry_out(app.session, m.Run("x", ticket="t"), ADA)
    assert (again.ok, again.message) == (
        False,
        "This ticket is another run's: ask after that one, or choose another ticket",
    )
    assert len(app.session["x"].batches) == 1
    assert not carry_out(app.session, m.Run("x", ticket="t" * 201), ADA).ok
    # Without one nothing is kept.
    assert carry_out(app.session, m.Run("x"), ADA).ok
    assert "" not in app.session.tickets


async def test_a_busy_scheduler(app, running, follow, monkeypatch):
    monkeypatch.setattr("redengine.control.local.PATIENCE", 0.05)
    gate, begun = threading.Event(), threading.Event()

    @app.task(name="blocks", execution="main")
    def blocks():
        begun.set()
        gate.wait(20)

    running.start()
    app.session["blocks"].run()
    assert begun.wait(20)
    batch = Parameters()
    app.session["blocks"].batches.append(batch)
    app.session.tickets.ask("t", app.session["blocks"], batch)
    assert (await follow()).state == "waiting"
    gate.set()


def test_the_newest_are_remembered(app):
    app.task(name="x", func=nothing)
    task, tickets = app.session["x"], Tickets(app.session.get_time)
    for number in range(KEPT + 10):
        tickets.ask(f"t{number}", task, Parameters())
    assert tickets.known("t9").state == "unknown"
    assert tickets.known("t10").state == "waiting"
    assert len(tickets._waiting) == KEPT
    tickets.ended("t9", "success")
    assert tickets.known("t9").state == "unknown"


def test_of_a_long_traceback_the_end_is_kept(app, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_TRACEBACK", 10)
    app.task(name="x", func=nothing)
    tickets = Tickets(app.session.get_time)
    tickets.ask("t", app.session["x"], Parameters())
    tickets.ended("t", "fail", "x" * 100 + "the end")
    assert tickets.known("t").exc_text == "… xxxthe end"
