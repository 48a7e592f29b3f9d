"""What an earlier life of the scheduler left behind."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from redengine.exc import TaskLoggingError


def settle_past(session: Any, now: float, on_failure: Callable[[Any, TaskLoggingError], None]) -> None:
    """Log runs that the log has no end of as crashed, as of just before this life: what died then is no failed attempt
    of now. ``on_failure`` is told of a task whose log could not be written; the next start will find its run again."""
    unended, session.unended = session.unended, {}
    for name, runs in unended.items():
        if name not in session:
            continue
        task = session[name]
        for run_id, start in runs:
            if run_id in session.book[name].live:
                continue
            try:
                task.record(
                    "crash",
                    created=math.nextafter(now, start),
                    run_id=run_id or None,
                    start=start,
                    message=f"Task '{name}' status: 'crash' (the scheduler ended while it ran)",
                    lost=True,
                )
            except TaskLoggingError as problem:
                on_failure(task, problem)
