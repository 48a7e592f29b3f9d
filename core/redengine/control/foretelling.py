"""A forecast of a scheduler that is running, made beside it: its thread copies what is known, a little at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from redengine.control.publisher import Publisher
from redengine.scheduling.engine import FAILURES
from redengine.scheduling.forecast import Forecast, forecast
from redengine.scheduling.still import StillSession

#: Tasks whose pasts are copied at once: a millisecond of the scheduler's thread, two where much is known of each.
AT_ONCE = 200
#: Starts that are told: what comes of a schedule of seconds would not fit an answer.
MOST_STARTS = 50_000
#: Longest time that is foretold (hours): a leap year.
LONGEST = 24.0 * 366
#: Seconds of work, and of the rest after it, so that the scheduler's thread, which has to be woken by another one, does
#: not wait for the interpreter each time.
WORK, REST = 0.001, 0.0001

# One at a time, however many ask: a forecast keeps a processor busy.
_worker = ThreadPoolExecutor(1, thread_name_prefix="forecast")


async def foretell(session: Any, publisher: Publisher, hours: float) -> Forecast:
    """What will start within so many hours. Nothing is raised: why there is no forecast is said as an assumption."""
    now = session.get_time()
    if not 0 < hours <= LONGEST:
        return _none(now, f"A forecast is of up to {LONGEST:,.0f} hours, and of more than none.")
    if not session.past_known:
        return _none(now, "The log is still being read: what will start is known when it is.")
    still = StillSession(session)
    names = still.tasks.names()
    for at in range(0, len(names), AT_ONCE):
        await _on_scheduler(publisher, still.copy, names[at : at + AT_ONCE])
    return await asyncio.get_running_loop().run_in_executor(_worker, _made, still, timedelta(hours=hours))


async def _on_scheduler(publisher: Publisher, func: Callable[[Any], None], given: Any) -> None:
    answer = publisher.call(lambda: func(given))
    if answer is None:
        # It is not running: nobody else changes anything.
        func(given)
    else:
        await answer


def _made(still: StillSession, length: timedelta) -> Forecast:
    try:
        return forecast(still, length, most=MOST_STARTS, pause=_Pause())
    except FAILURES as error:  # the project's own code takes part
        return _none(still.get_time(), f"It cannot be foretold: {type(error).__name__}: {error}")


def _none(now: float, why: str) -> Forecast:
    return Forecast(now, now, assumptions=(why,), complete=False)


class _Pause:
    """Rests a little after each bit of work."""

    def __init__(self) -> None:
        self._rested = time.perf_counter()

    def __call__(self) -> None:
        if time.perf_counter() - self._rested >= WORK:
            time.sleep(REST)
            self._rested = time.perf_counter()
