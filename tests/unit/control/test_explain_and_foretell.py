"""What a scheduler that is running says of why a task is started or not, and of what will start."""

from __future__ import annotations

import threading

import pytest

from redengine.control import foretelling
from redengine.control import messages as m
from redengine.control.explain import STOPS_SOON, report_of
from redengine.control.local import UNREAD


def nothing():
    pass


async def test_a_task_is_explained(app, running):
    app.task(name="first", func=nothing)
    app.task("after task 'first' & daily", name="second", func=nothing)
    running.start()
    report = await running.controller.ask(m.Explain("second"))
    assert report.ok
    assert report.verdict.startswith("Its condition does not hold: after task 'first'")
    assert report.tree == report_of(app.session["second"], app.session.context(app.session["second"])).tree
    assert (report.next.kind, report.next.text) == ("after", "first")


async def test_what_is_said_follows_what_was_done_to_it(app, running):
    app.task("every 1 hour", name="x", func=nothing)
    task = app.session["x"]
    running.start()
    running.until(lambda: task.status == "success")
    ask = m.Explain("x")
    assert len((await running.controller.ask(ask)).next_starts) == 5
    task.disabled = True
    report = await running.controller.ask(ask)
    assert (report.verdict, report.next.kind, report.next_starts) == (
        "It is disabled: its condition does not start it.",
        "never",
        (),
    )
    app.session.on_hold = True
    task.disabled = False
    task.start_cond = "always"
    report = await running.controller.ask(ask)
    assert "on hold" in report.verdict
    assert (report.next.kind, report.next.text) == ("when", "resumed")
    app.session.scheduler.draining = True
    assert (await running.controller.ask(ask)).verdict.endswith(STOPS_SOON)


async def test_a_task_that_there_is_not(app, running):
    app.task(name="load", func=nothing)
    report = await running.controller.ask(m.Explain("laod"))
    (problem,) = report.problems
    assert (report.ok, problem.message, problem.suggestion) == (
        False,
        "There is no task 'laod'; did you mean 'load'?",
        "load",
    )
    assert (await running.controller.ask(m.Explain(""))).ok is False


async def test_a_condition_that_raises_is_explained_too(app, running):
    app.cond("is broken")(lambda: 1 / 0)
    app.task("is broken", name="x", func=nothing)
    running.start()
    report = await running.controller.ask(m.Explain("x"))
    assert "ZeroDivisionError" in report.verdict


async def test_while_the_log_is_read(app, running, monkeypatch):
    app.task("daily", name="x", func=nothing)
    monkeypatch.setattr(type(app.session), "past_known", False)
    assert (await running.controller.ask(m.Explain("x"))).verdict == UNREAD
    told = await running.controller.ask(m.Foretell(1))
    assert (told.complete, told.starts) == (False, ())
    assert "being read" in told.assumptions[0]


@pytest.mark.parametrize("started", [False, True])
async def test_a_forecast(app, running, started):
    app.task("every 10 minutes", name="often", func=nothing)
    app.task("after task 'often'", name="after", func=nothing)
    app.cond("is odd")(lambda: True)
    app.task("is odd", name="odd", func=nothing, disabled=True)
    if started:
        running.start()
        running.until(lambda: app.session["after"].status == "success")
    told = await running.controller.ask(m.Foretell(1))
    assert told.complete
    assert told.until - told.since == 3600
    assert {start.task for start in told.starts} == {"often", "after"}
    assert sum(start.task == "often" for start in told.starts) == 6
    assert any("is odd" in sentence for sentence in told.assumptions)
    # Nothing of it was real.
    counts = [len(app.session[name].history.events) for name in ("often", "after")]
    assert counts == ([2, 2] if started else [0, 0])
    assert not app.session["often"].history.live


async def test_a_forecast_keeps_nobody_waiting(app, running, monkeypatch):
    app.task("every 1 hour", name="x", func=nothing)
    running.start()
    threads = []
    whole = foretelling.forecast
    monkeypatch.setattr(
        foretelling, "forecast", lambda *a, **k: (threads.append(threading.current_thread()), whole(*a, **k))[1]
    )
    await running.controller.ask(m.Foretell(1))
    (thread,) = threads
    assert thread not in (running.thread, threading.main_thread())


@pytest.mark.parametrize("hours", [0, -1, float("nan"), float("inf"), 1e9])
async def test_hours_that_make_no_sense(running, hours):
    told = await running.controller.ask(m.Foretell(hours))
    assert (told.starts, told.complete) == ((), False)
    assert told.assumptions == ("A forecast is of up to 8,784 hours, and of more than none.",)


async def test_a_schedule_of_seconds_is_cut(app, running, monkeypatch):
    monkeypatch.setattr(foretelling, "MOST_STARTS", 50)
    app.task("every 1 s", name="x", func=nothing)
    told = await running.controller.ask(m.Foretell(24))
    assert len(told.starts) >= 50
    assert not told.complete


async def test_a_forecast_that_fails_says_so(app, running, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("does not get past noon")

    monkeypatch.setattr(foretelling, "forecast", broken)
    told = await running.controller.ask(m.Foretell(1))
    assert told.assumptions == ("It cannot be foretold: RuntimeError: does not get past noon",)


async def test_a_task_that_goes_meanwhile(app, running, monkeypatch):
    """A task that was there when the forecast began is foretold, and one that was removed raises nothing."""
    app.cond("is odd")(lambda: True)
    app.task("is odd", name="odd", func=nothing)
    app.task("every 10 minutes", name="x", func=nothing)
    whole = foretelling.forecast

    def late(*args, **kwargs):
        app.session.remove_task("odd")
        app.session.remove_task("x")
        return whole(*args, **kwargs)

    monkeypatch.setattr(foretelling, "forecast", late)
    told = await running.controller.ask(m.Foretell(1))
    assert {start.task for start in told.starts} == {"x"}
