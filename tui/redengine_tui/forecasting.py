"""What will start when, printed."""

from __future__ import annotations

import msgspec

from redengine.scheduling.forecast import Forecast
from redengine_tui.format import duration, stamp
from redengine_tui.text import safe_line


def as_json(forecast: Forecast) -> str:
    """For other programs; times are epoch seconds."""
    return msgspec.json.format(msgspec.json.encode(forecast), indent=2).decode()


def as_text(forecast: Forecast) -> str:
    """A line a start, then what was assumed."""
    lines = [f"From {stamp(forecast.since)} to {stamp(forecast.until)}: {len(forecast.starts)} starts", ""]
    for coming in forecast.starts:
        usual = f"  usually takes {duration(coming.usual)}" if coming.usual else ""
        lines.append(f"{stamp(coming.at)}  {safe_line(coming.task)}{usual}")
    lines += ["", *(f"Assumed: {safe_line(sentence, 2000)}" for sentence in forecast.assumptions)]
    return "\n".join(lines)
