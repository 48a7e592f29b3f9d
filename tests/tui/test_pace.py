"""Things done later, and not too often: late is not never."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest

from redengine_tui.panes.pace import Pace, answer, later


class Stub:
    """Takes messages as a widget does, and handles them at once."""

    def __init__(self, *, leaving: bool = False) -> None:
        self.app = SimpleNamespace(_exit=leaving, _running=True)
        self.is_attached = True

    def call_later(self, work: Any) -> None:
        work()


async def until(true: Any) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("did not come about")


async def test_what_comes_late_still_comes():
    done: list[int] = []
    later(Stub(), 0.001, lambda: done.append(1))
    # Whoever holds the loop up, its time has passed long before anybody looks.
    time.sleep(0.05)
    await until(lambda: done == [1])


async def test_the_first_is_done_at_once_and_the_rest_once_after_the_pause():
    done: list[float] = []
    pace = Pace(Stub(), 0.05, lambda: done.append(time.monotonic()))
    for _ in range(5):
        pace.ask()
    assert len(done) == 1
    await until(lambda: len(done) == 2)
    assert done[1] - done[0] >= 0.045
    await asyncio.sleep(0.12)
    assert len(done) == 2
    pace.ask()
    assert len(done) == 3


async def test_nothing_is_done_on_the_way_out():
    done: list[int] = []
    staying, leaving = Stub(), Stub(leaving=True)
    later(leaving, 0, lambda: done.append(1))
    later(staying, 0.01, lambda: done.append(2))
    await until(lambda: done == [2])


async def test_an_answer_that_comes_on_the_way_out_cancels_who_asked():
    node = Stub()

    async def asked() -> str:
        node.is_attached = False
        return "too late"

    with pytest.raises(asyncio.CancelledError):
        await answer(node, asked())
    assert await answer(Stub(), asyncio.sleep(0, "in time")) == "in time"
