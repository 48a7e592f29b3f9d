"""Reads times and durations in every way a log may hold them.

Logs keep epoch seconds and seconds. Files written by Red Engine 2 and Rocketry hold ``2022-07-02 14:00:00.123456``
and ``1 day, 2:03:04.5`` instead, and a user's own model may hold anything of this.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta

#: What a duration is counted from in a column of dates: databases without an interval type keep it so.
INTERVAL_EPOCH = datetime(1970, 1, 1)

_TIMEDELTA = re.compile(
    r"(?:(?P<days>[+-]?\d+)\s*(?:days?|d),?\s*)?(?:(?P<h>\d+):(?P<m>\d{1,2}):(?P<s>\d{1,2}(?:\.\d+)?))?", re.IGNORECASE
)


def to_epoch(value: object) -> float | None:
    """Epoch seconds of a number, a datetime or a text of either; naive datetimes are local time.

    ``None`` and empty text give ``None``. Raises ``ValueError`` for what is no time.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            number = float(value)
            if number - number == 0.0:  # finite; a log of a million records passes here
                return number
        except ValueError:
            text = value.strip()
            # Python 3.10 does not read the "Z" of UTC.
            moment = datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in "zZ" and text else text)
            number = moment.timestamp()
    elif isinstance(value, (int, float)):
        number = float(value)
    elif isinstance(value, datetime):
        number = value.timestamp()
    else:
        raise ValueError(f"{value!r} is not a time")
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a time")
    return number


def to_seconds(value: object) -> float | None:
    """Seconds of a number, a timedelta or a text of either (``1 day, 2:03:04.5``); a datetime counts from
    :data:`INTERVAL_EPOCH`.

    ``None`` and empty text give ``None``. Raises ``ValueError`` for what is no duration.
    """
    if value is None or value == "":
        return None
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (int, float)):
        number = float(value)
    elif isinstance(value, datetime):
        number = (value.replace(tzinfo=None) - INTERVAL_EPOCH).total_seconds()
    elif isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = _parse_timedelta(value)
    else:
        raise ValueError(f"{value!r} is not a duration")
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a duration")
    return number


def _parse_timedelta(text: str) -> float:
    found = _TIMEDELTA.fullmatch(text.strip())
    if found is None or not (found["days"] or found["h"]):
        raise ValueError(f"{text!r} is not a duration")
    seconds = float(found["days"] or 0) * 86400
    if found["h"]:
        seconds += int(found["h"]) * 3600 + int(found["m"]) * 60 + float(found["s"])
    return seconds
