"""How it looks, on a clock that stands still. ``pytest --snapshot-update`` takes the pictures anew."""

from __future__ import annotations

import pytest

from redengine.control import messages as m
from redengine_tui.app import RedEngineTUI
from redengine_tui.settings import Settings

SMALL, LARGE = (80, 24), (160, 45)


@pytest.fixture
def make_app(controller, clock):
    controller.log = [
        m.LogEntry(1, clock.now - 400, "fetch-prices", "run", run_id="r0"),
        m.LogEntry(2, clock.now - 388, "fetch-prices", "success", run_id="r0", runtime=12.2),
        m.LogEntry(3, clock.now - 75, "build-report", "run", run_id="r1"),
        m.LogEntry(4, clock.now - 9, "send-mail", "run", run_id="r2"),
        m.LogEntry(
            5, clock.now - 8, "send-mail", "fail", run_id="r2", runtime=0.31, level="ERROR",
            exc_text='Traceback (most recent call last):\n  File "shop.py", line 31\nTimeoutError: no answer from smtp',
        ),
    ]  # fmt: skip
    interval = m.ConditionNode("every 10 min", False, "last started 13:58 today", clock.now + 200)
    controller.answers[m.CheckCondition] = m.ConditionReport(
        True,
        description="Every 10 minutes.",
        tree=interval,
        verdict="Not now: 3 minutes are left.",
        next_starts=(clock.now + 200, clock.now + 800),
        next=m.NextStart("at", clock.now + 200),
    )
    controller.answers[m.ListParameters] = m.ParameterList(
        (
            m.ParameterView("supplier", "task", "value", "'acme'"),
            m.ParameterView("rates", "task", "Return", "what fetch-rates returned"),
            m.ParameterView("today", "session", "FuncArg", "get_today()", lazy=True),
            m.ParameterView("token", "session", "Private", "••••••"),
        )
    )
    return lambda theme="ember": RedEngineTUI(controller, clock=clock, settings=Settings(theme=theme))


@pytest.mark.parametrize("theme", ["ember", "paper"])
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_main_screen(snap_compare, make_app, size, theme):
    assert snap_compare(make_app(theme), terminal_size=size, press=["j"])


def test_terminals_own_colours(snap_compare, make_app):
    assert snap_compare(make_app("terminal"), terminal_size=LARGE)


def test_filter_and_sort(snap_compare, make_app):
    assert snap_compare(make_app(), terminal_size=SMALL, press=["s", "s", "S", "slash", "a", "i"])


def test_confirm(snap_compare, make_app):
    assert snap_compare(make_app(), terminal_size=SMALL, press=["j", "t"])


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_help(snap_compare, make_app, size):
    assert snap_compare(make_app(), terminal_size=size, press=["question_mark"])


def test_details(snap_compare, make_app):
    assert snap_compare(make_app(), terminal_size=SMALL, press=["enter"])


def test_too_small(snap_compare, make_app):
    assert snap_compare(make_app(), terminal_size=(20, 10))
