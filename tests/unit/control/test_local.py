"""The controller beside the scheduler: answers whatever happens, and never raises at a screen."""

from __future__ import annotations

import asyncio
import threading
from itertools import pairwise

import pytest

from redengine.control import local
from redengine.control import messages as m

QUERIES = [
    m.CheckCondition("task", "daily"),
    m.CheckCondition("task", "dayly & 'x"),
    m.CheckCondition("gone", "daily"),
    m.Complete("dai", 3),
    m.Complete("", 99),
    m.ListParameters("task"),
    m.ListParameters("gone"),
    m.ListParameters(),
    m.EvaluateParameter("task", "x"),
    m.EvaluateParameter("gone", "x", "session"),
    m.ReadLog(),
    m.ReadLog(before=10**9),
    m.ReadLog(after=-5),
    m.ReadOutput("../../etc/passwd"),
    m.ReadOutput(""),
    m.ReadOutput("nothing-of-this-name"),
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("started", [False, True])
async def test_asking_never_raises(app, running, tmp_path, query, started):
    app.session.outputs = tmp_path
    app.task("daily", name="task", func=lambda x=1: None)
    if started:
        running.start()
    answer = await running.controller.ask(query)
    assert answer is not None
    if isinstance(query, m.ReadOutput):
        assert answer.text == ""


async def test_commands_without_a_scheduler_are_refused(app, running):
    app.task("daily", name="task", func=lambda: None)
    assert await running.controller.send(m.Run("task")) == m.Reply(False, "The scheduler is not running")
    running.start()
    running.stop()
    assert await running.controller.send(m.Run("task")) == m.Reply(False, "The scheduler is not running")


async def test_without_a_scheduler_a_condition_of_the_project_does_not_hold_the_screen_up(app, running):
    asked = []

    @app.cond("is slow")
    def is_slow():
        asked.append(threading.current_thread())
        return True

    app.task("daily", name="task", func=lambda: None)
    assert running.session.past_known
    report = await running.controller.ask(m.CheckCondition("task", "is slow"))
    assert report.tree.truth
    assert threading.current_thread() not in asked


async def test_a_busy_scheduler_is_said_to_be_busy(app, running, monkeypatch):
    monkeypatch.setattr(local, "PATIENCE", 0.1)
    gate, begun = threading.Event(), threading.Event()

    @app.task(name="blocks", execution="main")
    def blocks():
        begun.set()
        gate.wait(20)

    running.start()
    app.session["blocks"].run()
    assert begun.wait(20)
    reply = await running.controller.send(m.Disable("blocks"))
    assert reply.ok
    assert reply.message == f"{local.BUSY}: this is done once that ends"
    report = await running.controller.ask(m.CheckCondition("blocks", "daily"))
    assert report.ok
    assert "busy" in report.verdict
    gate.set()
    # It is done as it was said.
    running.until(lambda: running.view("blocks").disabled)


async def test_a_condition_is_checked_on_the_schedulers_thread(app, running):
    threads = []

    @app.cond("is mine")
    def is_mine():
        threads.append(threading.get_ident())
        return True

    app.task("daily", name="task", func=lambda: None)
    running.start()
    report = await running.controller.ask(m.CheckCondition("task", "is mine"))
    assert report.tree.truth is True
    assert set(threads) == {running.thread.ident}


async def test_a_report_explains(app, running):
    app.task(name="first", func=lambda: None)
    app.task("after task 'first' & daily", name="task", func=lambda: None)
    app.cond("is broken")(lambda: 1 / 0)
    running.start()

    async def report(text):
        return await running.controller.ask(m.CheckCondition("task", text))

    whole = await report("after task 'first' & daily")
    assert [child.truth for child in whole.tree.children] == [False, True]
    assert whole.verdict.startswith("Its condition does not hold: after task 'first'")
    assert (whole.next.kind, whole.next.text) == ("after", "first")
    broken = await report("is broken & daily")
    assert broken.ok
    assert "ZeroDivisionError" in broken.verdict
    wrong = await report("daily & after task 'frist'")
    assert any(problem.suggestion == "first" for problem in wrong.problems)
    hourly = await report("every 1 hour")
    assert len(hourly.next_starts) == 5
    assert all(0 < later - earlier <= 3700 for earlier, later in pairwise(hourly.next_starts))


async def test_verdicts(app, running):
    app.task("daily", name="task", func=lambda: None, disabled=True)
    running.start()
    ask = m.CheckCondition("task", "always")
    assert "disabled" in (await running.controller.ask(ask)).verdict
    app.session.on_hold = True
    app.session["task"].disabled = False
    assert "on hold" in (await running.controller.ask(ask)).verdict


async def test_wake_ups_come_to_the_loop_that_subscribed(app, running):
    app.task(name="task", func=lambda: None)
    running.start()
    woken = asyncio.Event()
    end = running.controller.subscribe(woken.set)
    app.session["task"].run()
    await asyncio.wait_for(woken.wait(), 20)
    end()
