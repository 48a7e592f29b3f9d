"""What the scheduler sleeps by, on an event loop whose time is the test's."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

from redengine.scheduling.alarm import Alarm


class SleepySelector(selectors.DefaultSelector):
    """Sleeps in no time, and wakes up late by a thousandth of its sleep, as the system does."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.sleeps: list[float] = []

    def select(self, timeout: float | None = None) -> list[Any]:
        """Sleep, unless there is something to do."""
        if timeout:
            self.sleeps.append(timeout)
            self.now += timeout * 1.001
        return super().select(0)


class SleepyLoop(asyncio.SelectorEventLoop):
    """An event loop by the time of its selector."""

    def __init__(self) -> None:
        self.clock = SleepySelector()
        super().__init__(self.clock)

    def time(self) -> float:
        """Seconds."""
        return self.clock.now


@pytest.fixture
def loop() -> Iterator[SleepyLoop]:
    loop = SleepyLoop()
    yield loop
    loop.close()


def run(loop: SleepyLoop, coroutine: Coroutine[Any, Any, Any]) -> Any:
    return loop.run_until_complete(coroutine)


@pytest.mark.parametrize("delay", [0.001, 0.015, 0.9, 10.0, 60.0])
def test_it_rings_in_time_though_the_system_wakes_late(loop: SleepyLoop, delay: float) -> None:
    async def sleep() -> float:
        alarm = Alarm(loop.time)
        began = loop.time()
        await alarm.sleep(delay)
        return loop.time() - began - delay

    late = run(loop, sleep())
    assert 0 <= late < 0.0001
    # It is not woken up over and over for this.
    assert len(loop.clock.sleeps) <= 4


def test_whoever_rings_ends_the_sleep_and_leaves_no_timer(loop: SleepyLoop) -> None:
    async def sleep() -> float:
        alarm = Alarm(loop.time)
        loop.call_later(3.0, alarm.ring)
        began = loop.time()
        await alarm.sleep(60.0)
        rung = loop.time() - began
        alarm.reset()
        await alarm.sleep(50.0)
        assert loop.time() - began - rung == pytest.approx(50.0, abs=0.001)
        return rung

    assert run(loop, sleep()) == pytest.approx(3.0, abs=0.01)


def test_what_rang_before_the_sleep_counts_until_it_is_reset(loop: SleepyLoop) -> None:
    async def sleep() -> list[float]:
        alarm = Alarm(loop.time)
        alarm.ring()
        began = loop.time()
        await alarm.sleep(5.0)
        ended = [loop.time() - began]
        alarm.reset()
        await alarm.sleep(5.0)
        return [*ended, loop.time() - began]

    assert run(loop, sleep()) == [0.0, pytest.approx(5.0, abs=0.001)]
