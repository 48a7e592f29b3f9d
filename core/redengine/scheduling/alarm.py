"""What the scheduler sleeps by: the clock or anybody wakes it up, and a clock that was set is noticed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable

#: Difference between wall clock and monotonic clock that counts as a step (seconds).
CLOCK_STEP = 1.0
#: The system wakes a sleeper late by a thousandth of its sleep, so as to wake several at once: ten milliseconds after
#: ten seconds. A sleep longer than this (seconds) is broken off after that share of it, and what is left is short.
LONG = 0.02
SHARE = 0.95


class Alarm:
    """Of the event loop and the thread that it is made on.

    Parameters
    ----------
    clock
        The wall clock: epoch seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._event = asyncio.Event()
        #: Wall clock and monotonic clock at the last comparison.
        self._clocks = clock(), time.monotonic()

    @property
    def is_on_this_thread(self) -> bool:
        """Whether the calling thread is the one that sleeps."""
        return threading.get_ident() == self._thread

    def ring(self) -> None:
        """Wake up; on the loop's own thread, outside of signal handlers."""
        self._event.set()

    def call(self, callback: Callable[[], object]) -> None:
        """Have the loop call something soon; from any thread or signal handler."""
        with contextlib.suppress(RuntimeError):  # closed meanwhile: there is nobody to wake any more
            self._loop.call_soon_threadsafe(callback)

    def reset(self) -> None:
        """From here on, whatever rings is for the next sleep."""
        self._event.clear()

    async def sleep(self, delay: float) -> None:
        """Until it rings, ``delay`` seconds at most. The clock rings as anybody does: a timeout would take a task and
        an exception each time."""
        timers = [self._loop.call_later(delay, self._event.set)]
        while delay > LONG:
            # Nothing is done then, but the loop works out anew how long to sleep.
            delay *= 1 - SHARE
            timers.append(self._loop.call_at(timers[0].when() - delay, self._event.is_set))
        try:
            await self._event.wait()
        finally:
            for timer in timers:
                timer.cancel()

    def stepped(self) -> float:
        """Seconds by which the wall clock was put forwards (negative: back) since this was last asked, be it in a sleep
        or in a task that held all up; 0 for what is no step."""
        wall, steady = self._clocks
        self._clocks = now, going = self._clock(), time.monotonic()
        step = (now - wall) - (going - steady)
        return step if abs(step) > CLOCK_STEP else 0.0
