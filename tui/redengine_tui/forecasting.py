"""What will start when, printed."""

from __future__ import annotations

from datetime import tzinfo

import msgspec

from redengine.scheduling.forecast import Forecast
from redengine_tui.format import duration, stamp
from redengine_tui.text import safe_line


def as_json(forecast: Forecast) -> str:
    """For other programs; times are epoch seconds."""
    return msgspec.json.format(msgspec.json.encode(forecast), indent=2).decode()


def as_text(forecast: Forecast, zone: tzinfo | None = None) -> str:
    """A line a start, then what was assumed; times in ``zone`` (default: local)."""
    many = "1 start" if len(forecast.starts) == 1 else f"{len(forecast.starts)} starts"
    lines = [f"From {stamp(forecast.since, zone)} to {stamp(forecast.until, zone)}: {many}", ""]
    for coming in forecast.starts:
        usual = f"  usually takes {duration(coming.usual)}" if coming.usual else ""
        lines.append(f"{stamp(coming.at, zone)}  {safe_line(coming.task)}{usual}")
    if forecast.starts:
        lines.append("")
    lines += [*(f"Assumed: {safe_line(sentence, 2000)}" for sentence in forecast.assumptions)]
    return "\n".join(lines)
