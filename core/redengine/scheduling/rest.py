"""How long a task is held back after its worker died, so that what kills its worker does not do so all the time."""

from __future__ import annotations

from typing import NamedTuple

from redengine.conditions.context import Context

#: Seconds that a task is held back after its worker died, doubled with each such death in a row.
CRASH_BACKOFF = 10.0
CRASH_BACKOFF_MOST = 600.0


class Rest(NamedTuple):
    """A task is held back."""

    #: How often in a row its worker died.
    crashes: int
    #: Epoch seconds.
    until: float


def rest(task_name: str, ctx: Context) -> Rest | None:
    """Whether the task is held back now, if the scheduler runs. Deaths of an earlier life of it are no reason."""
    history = ctx.book[task_name]
    crash = history.last.get("crash")
    # What lies in the future was noted before the clock was put back.
    if crash is None or ctx.started_at is None or not ctx.started_at <= crash.created <= ctx.now:
        return None
    in_row = 0
    for event in reversed(history.events):
        if event.action == "crash":
            in_row += 1
        elif event.action != "run":
            break
    if not in_row:
        return None
    until = crash.created + min(CRASH_BACKOFF * 2.0 ** (in_row - 1), CRASH_BACKOFF_MOST)
    return Rest(in_row, until) if ctx.now < until else None
