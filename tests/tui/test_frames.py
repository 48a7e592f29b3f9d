"""When the screen is sent, to a terminal that counts the frames and may take none."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from redengine_tui import frames
from redengine_tui.app import RedEngineTUI
from redengine_tui.widgets.header import Header
from redengine_tui.widgets.keybar import KeyBar


class Wires:
    """Stands for the thread that writes to the terminal."""

    def __init__(self):
        self.sent: list[str] = []
        self.waiting = 0
        self._queue = SimpleNamespace(qsize=lambda: self.waiting)


@pytest.fixture
def app(controller, clock):
    return RedEngineTUI(controller, clock=clock)


@pytest.fixture
def wires(app, monkeypatch):
    """What the app sends, as if it had a terminal."""
    wires = Wires()
    monkeypatch.setattr(type(app), "is_headless", False)

    def connect():
        monkeypatch.setattr(app._driver, "write", wires.sent.append)
        monkeypatch.setattr(app._driver, "_writer_thread", wires, raising=False)

    wires.connect = connect
    return wires


async def change(app, times, pause=0.02):
    for number in range(times):
        app.main.query_one(Header).clock = lambda number=number: 1_700_000_000.0 + number
        app.main.query_one(Header).refresh()
        await asyncio.sleep(pause)


async def test_many_changes_are_few_frames(app, wires):
    async with app.run_test(size=(120, 40)) as pilot:
        wires.connect()
        await pilot.pause(0.2)
        wires.sent.clear()
        loop = asyncio.get_running_loop()
        start = loop.time()
        await change(app, 50)
        assert 2 <= len(wires.sent) <= (loop.time() - start) * frames.FRAMES + 1


async def test_a_terminal_that_takes_nothing_is_sent_nothing_and_then_what_is(app, wires):
    async with app.run_test(size=(120, 40)) as pilot:
        wires.connect()
        await pilot.pause(0.2)
        wires.sent.clear()
        wires.waiting = 1
        await change(app, 20)
        assert wires.sent == []
        wires.waiting = 0
        await pilot.pause(0.2)
        assert len(wires.sent) == 1
        # The hours and minutes are what they were, and the seconds are of the last change.
        assert wires.sent[0].count("\x1b[1;") <= 2


async def test_all_is_sent_again_when_asked(app, wires):
    async with app.run_test(size=(120, 40)) as pilot:
        wires.connect()
        await pilot.pause(0.2)
        wires.sent.clear()
        await pilot.press("ctrl+l")
        await pilot.pause(0.2)
        assert all(word in "".join(wires.sent) for word in ("fetch-prices", "Parameters", "Leave"))


async def test_the_key_bar_is_not_laid_out_for_every_task(app, monkeypatch):
    composed = []
    compose = KeyBar.compose
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        monkeypatch.setattr(KeyBar, "compose", lambda self: composed.append(self) or compose(self))
        await pilot.press("j", "j", "k")
        await pilot.pause(0.1)
        assert composed == []
        await pilot.press("l")
        await pilot.pause(0.1)
        assert composed


async def test_what_is_removed_while_somebody_asks_where_it_is_goes_from_the_screen(app):
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        app.notify("a notice that is over soon", timeout=60)
        await pilot.pause(0.3)
        compositor, holder = app.screen._compositor, app.screen.query_one("ToastHolder")
        place = app.screen.query_one("Toast").region
        # It is gone from the widgets, and the screen was not laid out since.
        app.screen.query_one("ToastRack")._nodes._remove(holder)
        compositor._full_map_invalidated = True
        assert holder not in compositor.full_map
        assert place in compositor._dirty_regions
