"""What will start when, printed."""

from __future__ import annotations

from datetime import timedelta, tzinfo
from itertools import pairwise
from statistics import median

import msgspec

from redengine.scheduling.forecast import Coming, Forecast
from redengine.time.duration import format_delta
from redengine_tui.format import duration, stamp
from redengine_tui.text import safe_line

#: Starts of one task that are listed one by one; of more it is told in one line how often.
LISTED = 24


def as_json(forecast: Forecast) -> str:
    """For other programs, with every start; times are epoch seconds."""
    return msgspec.json.format(msgspec.json.encode(forecast), indent=2).decode()


def as_text(forecast: Forecast, zone: tzinfo | None = None) -> str:
    """A line a task that starts all the time, a line a start of the others, then what was assumed; times in ``zone``
    (default: local)."""
    many = "1 start" if len(forecast.starts) == 1 else f"{len(forecast.starts):,} starts"
    lines = [f"From {stamp(forecast.since, zone)} to {stamp(forecast.until, zone)}: {many}"]
    if not forecast.complete:
        lines.append(
            f"It ends early, at {stamp(forecast.until, zone)}: more starts are not foretold. Ask for fewer --hours."
        )
    of_task: dict[str, list[Coming]] = {}
    for coming in forecast.starts:
        of_task.setdefault(coming.task, []).append(coming)
    often = {task: starts for task, starts in of_task.items() if len(starts) > LISTED}
    rare = [coming for coming in forecast.starts if coming.task not in often]
    blocks = [
        [_folded(task, starts, zone) for task, starts in often.items()],
        [f"{stamp(coming.at, zone)}  {safe_line(coming.task)}{_usual(coming)}" for coming in rare],
        [f"Assumed: {safe_line(sentence, 2000)}" for sentence in forecast.assumptions],
    ]
    for block in blocks:
        lines += ["", *block] if block else []
    return "\n".join(lines)


def _folded(task: str, starts: list[Coming], zone: tzinfo | None) -> str:
    gaps = [later.at - earlier.at for earlier, later in pairwise(starts)]
    usual = median(gaps)
    about = "" if max(gaps) - min(gaps) < 0.01 * usual else "mostly "
    rhythm = f"{about}every {format_delta(timedelta(seconds=round(usual, 1)))}"
    return (
        f"{safe_line(task)}: {rhythm}, {len(starts):,} times from {stamp(starts[0].at, zone)} "
        f"until {stamp(starts[-1].at, zone)}{_usual(starts[0])}"
    )


def _usual(coming: Coming) -> str:
    return f"  usually takes {duration(coming.usual)}" if coming.usual else ""
