"""A scheduler that is asked to stop waits for what runs, starts nothing more, and can be kept running until then."""

from __future__ import annotations

import threading

import pytest

from redengine.args import TerminationFlag
from redengine.control import messages as m
from redengine.control.commands import carry_out
from redengine.control.explain import STOPS_SOON, report_of
from redengine.exc import SchedulerRestart, TaskTerminationException

ADA = m.Caller("ada")


class Work:
    """A task that runs until it is let go or asked to end."""

    def __init__(self, app):
        self.begun, self.let_go, self.calls = threading.Event(), threading.Event(), []

        @app.task(name="work")
        def work(flag=TerminationFlag()):
            self.calls.append(1)
            self.begun.set()
            while not self.let_go.wait(0.005):
                if flag.is_set():
                    raise TaskTerminationException


@pytest.fixture
def work(app):
    return Work(app)


@pytest.fixture
async def send(app, running):
    """Send a command as a screen does."""
    return running.controller.send


@pytest.fixture
async def draining(app, running, work, send):
    """A scheduler that waits for its one run to stop."""
    running.start()
    await send(m.Run("work"))
    running.until(work.begun.is_set)
    running.until(lambda: running.view("work").runs)
    reply = await send(m.ShutDown())
    assert reply == m.Reply(True, "Nothing more is started; the scheduler stops once 'work' has ended")
    running.until(lambda: running.publisher.snapshot().scheduler.state == "draining")
    return running


async def test_it_stops_when_the_last_run_has_ended(app, draining, work):
    closed, hooked = [], []
    app.task(name="close", func=lambda: closed.append(1), on_shutdown=True, execution="main")
    app.session.hook_shutdown()(lambda scheduler: hooked.append(1))
    assert draining.thread.is_alive()
    assert not app.session.scheduler.stopping
    work.let_go.set()
    draining.thread.join(20)
    assert not draining.thread.is_alive()
    assert (closed, hooked) == ([1], [1])
    assert app.session["work"].status == "success"
    assert draining.publisher.snapshot().scheduler.state == "stopped"


async def test_without_a_run_it_stops_at_once(app, running, send):
    running.start()
    assert await send(m.ShutDown()) == m.Reply(True, "Stopping")
    running.thread.join(20)
    assert not running.thread.is_alive()


async def test_what_is_not_meant_to_finish_is_not_waited_for(app, draining, work):
    begun = threading.Event()

    @app.task(name="serves", permanent=True)
    def serves(flag=TerminationFlag()):
        begun.set()
        flag.wait(20)
        raise TaskTerminationException

    carry_out(app.session, m.KeepRunning(), ADA)
    await draining.controller.send(m.Run("serves"))
    draining.until(begun.is_set)
    reply = await draining.controller.send(m.ShutDown())
    assert reply.message == "Nothing more is started; the scheduler stops once 'work' has ended"
    work.let_go.set()
    draining.thread.join(20)
    assert not draining.thread.is_alive()
    assert (app.session["serves"].status, app.session["work"].status) == ("terminate", "success")


async def test_it_is_kept_running(app, draining, work, send):
    app.task("every 10 ms", name="due", func=lambda: None)
    draining.until(lambda: any(view.name == "due" for view in draining.publisher.snapshot().tasks))
    assert draining.view("due").next.text in ("kept running", "if kept running")
    assert draining.publisher.snapshot().scheduler.next_at is None
    context = app.session.context(app.session["due"])
    assert report_of(app.session["due"], context).verdict == f"Its condition holds, but {STOPS_SOON}"
    assert app.session["due"].status is None
    assert await send(m.KeepRunning()) == m.Reply(True, "The scheduler goes on")
    draining.until(lambda: draining.publisher.snapshot().scheduler.state == "running")
    draining.until(lambda: app.session["due"].status == "success")
    work.let_go.set()
    draining.until(lambda: not draining.view("work").runs)
    assert draining.thread.is_alive()
    assert await send(m.KeepRunning()) == m.Reply(
        False, "Nobody asked the scheduler to stop: there is nothing to take back"
    )


async def test_what_is_asked_for_is_refused_and_what_was_stays_queued(app, running, work, send):
    running.start()
    await send(m.Run("work"))
    running.until(work.begun.is_set)
    await send(m.Run("work"))
    await send(m.ShutDown())
    running.until(lambda: running.publisher.snapshot().scheduler.state == "draining")
    refused = await send(m.Run("work"))
    assert not refused.ok
    assert refused.message == "The scheduler is about to stop: nothing is started unless that is taken back"
    # The project's own code asks where nobody refuses it.
    app.session["work"].run()
    running.until(lambda: running.view("work").asked == 2)
    assert (running.view("work").next.kind, running.view("work").next.text) == ("when", "kept running")
    work.let_go.set()
    running.thread.join(20)
    assert work.calls == [1]
    assert len(app.session["work"].batches) == 2


async def test_asked_again_it_waits_still(app, draining, work, send):
    assert (await send(m.ShutDown())).ok
    assert (await send(m.ShutDown())).message.endswith("stops once 'work' has ended")
    assert draining.thread.is_alive()
    assert not app.session.scheduler.stops_for_good


async def test_forced_it_terminates(app, draining, send):
    assert await send(m.ShutDown(force=True)) == m.Reply(True, "Stopping: 'work' is terminated")
    draining.thread.join(20)
    assert not draining.thread.is_alive()
    assert app.session["work"].status == "terminate"


@pytest.mark.parametrize("ask", [lambda s: s.shut_down(), lambda s: s.scheduler._signalled(15)], ids=["api", "signal"])
async def test_what_cannot_be_taken_back(app, draining, work, ask):
    ask(app.session)
    assert carry_out(app.session, m.KeepRunning(), ADA) == m.Reply(
        False, "The scheduler stops for good already: that cannot be taken back any more"
    )
    # Asked for in the same words, what runs is not terminated.
    assert carry_out(app.session, m.ShutDown(), ADA).ok
    draining.until(lambda: draining.publisher.snapshot().scheduler.state in ("stopping", "stopped"))
    work.let_go.set()


async def test_hold_and_resume_beside_it(app, draining, work, send):
    assert (await send(m.Hold())).ok
    assert draining.publisher.snapshot().scheduler.state == "draining"
    await send(m.KeepRunning())
    draining.until(lambda: draining.publisher.snapshot().scheduler.state == "held")
    await send(m.ShutDown())
    draining.until(lambda: draining.publisher.snapshot().scheduler.state == "draining")
    await send(m.Resume())
    assert not app.session.on_hold
    assert app.session.scheduler.draining


async def test_a_restart_meanwhile_does_not_bring_it_back(app, draining, work):
    lives = []
    app.session.hook_startup()(lambda scheduler: lives.append(1))
    app.session.config.restarting = "recall"
    app.session.restart()
    work.let_go.set()
    draining.thread.join(20)
    assert not draining.thread.is_alive()
    assert lives == []


async def test_a_run_that_asks_for_a_restart_does_not_bring_it_back(app, running, send):
    gate, begun, lives = threading.Event(), threading.Event(), []

    @app.task(name="restarts")
    def restarts():
        begun.set()
        gate.wait(20)
        raise SchedulerRestart

    app.session.config.restarting = "recall"
    running.start()
    await send(m.Run("restarts"))
    running.until(begun.is_set)
    await send(m.ShutDown())
    app.session.hook_startup()(lambda scheduler: lives.append(1))
    gate.set()
    running.thread.join(20)
    assert not running.thread.is_alive()
    assert lives == []


def test_what_is_failing_is_counted(app, running):
    def fail():
        raise ValueError

    app.task(name="bad", func=fail)
    app.task(name="good", func=lambda: None)
    app.cond("is broken")(lambda: 1 / 0)
    app.task("is broken", name="broken", func=lambda: None)

    def failing():
        return running.publisher.snapshot().scheduler.failing

    running.start()
    running.until(lambda: failing() == 1)
    app.session["bad"].run()
    app.session["good"].run()
    running.until(lambda: failing() == 2)
    app.session["broken"].disabled = True
    running.until(lambda: failing() == 1)
    app.session.remove_task("bad")
    running.until(lambda: failing() == 0)
    assert sum(view.state in ("fail", "crash", "blocked") for view in running.publisher.snapshot().tasks) == 0
