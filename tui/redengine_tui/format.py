"""Times and durations in the words of the screen. Times are epoch seconds, durations seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from redengine.control.messages import NextStart
from redengine.control.outlook import IF_KEPT, IF_RESUMED

MINUTE, HOUR, DAY = 60, 3600, 86400

# Own names: those of strftime change with the locale, and a column's width with them.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def zone(name: str) -> tzinfo | None:
    """The time zone of that name; ``None``, which means local time, when it is empty or not known here."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def duration(seconds: float) -> str:
    """A length of time in at most seven cells: ``40ms``, ``3.2s``, ``42s``, ``3m 20s``, ``2h 05m``, ``3d 04h``."""
    if seconds < 0.0995:
        return f"{max(seconds, 0) * 1000:.0f}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    return _whole(round(seconds))


def countdown(seconds: float) -> str:
    """What is left: ``now``, ``7s``, ``45s``, ``3m 20s``, ``14m``, ``2h 05m``, ``3d 04h``.

    Rounded up, so that what is said is never over before it has passed, and in steps: see :func:`_step`.
    """
    whole = -int(-seconds // 1)
    step = _step(whole)
    return _stepped(-(-whole // step) * step) if whole > 0 else "now"


def elapsed(seconds: float) -> str:
    """How long something has been going on, in the steps of :func:`countdown`, rounded down: ``1s`` at least."""
    whole = max(int(seconds), 1)
    return _stepped(whole // _step(whole) * _step(whole))


def elapsed_minutes(seconds: float) -> str:
    """How long something has been going on, told anew once a minute: ``<1m``, ``3m``, ``2h 05m``."""
    return elapsed(seconds // MINUTE * MINUTE).removesuffix(" 00s") if seconds >= MINUTE else "<1m"


def _step(seconds: int) -> int:
    """How many seconds pass before a time that far away is told anew: each change is sent to the terminal, and who
    waits looks closely only at the end."""
    if seconds <= 10:
        return 1
    if seconds < MINUTE:
        return 5
    return 10 if seconds < 10 * MINUTE else MINUTE


def _stepped(seconds: int) -> str:
    return f"{seconds // MINUTE}m" if 10 * MINUTE <= seconds < HOUR else _whole(seconds)


def _whole(seconds: int) -> str:
    if seconds < MINUTE:
        return f"{seconds}s"
    if seconds < HOUR:
        return f"{seconds // MINUTE}m {seconds % MINUTE:02}s"
    if seconds < DAY:
        return f"{seconds // HOUR}h {seconds % HOUR // MINUTE:02}m"
    return f"{seconds // DAY}d {seconds % DAY // HOUR:02}h"


def clock_time(at: float, tz: tzinfo | None = None) -> str:
    """Time of day: ``14:05:09``."""
    return f"{_local(at, tz):%H:%M:%S}"


def hour_and_minute(at: float, tz: tzinfo | None = None) -> str:
    """Time of day without the seconds: ``14:05``."""
    return f"{_local(at, tz):%H:%M}"


def stamp(at: float, tz: tzinfo | None = None) -> str:
    """Date and time, whole: ``2026-11-24 14:05:09``."""
    moment = _local(at, tz)
    return f"{moment.year:04}-{moment:%m-%d %H:%M:%S}"


def past(at: float, now: float, tz: tzinfo | None = None) -> str:
    """When something was, in at most twelve cells: ``14:05:09`` today, ``23 Nov 14:05`` this year, ``23 Nov 2025``."""
    moment, today = _local(at, tz), _local(now, tz)
    if moment.date() == today.date():
        return f"{moment:%H:%M:%S}"
    if moment.year == today.year:
        return f"{moment.day:2} {_MONTHS[moment.month - 1]} {moment:%H:%M}"
    return f"{moment.day:2} {_MONTHS[moment.month - 1]} {moment.year}"


def dated(at: float, now: float, tz: tzinfo | None = None) -> str:
    """When something was, with date and time of day: ``23 Nov 14:05`` this year, else ``23 Nov 2025 14:05``."""
    moment, today = _local(at, tz), _local(now, tz)
    year = "" if moment.year == today.year else f"{moment.year} "
    return f"{moment.day:2} {_MONTHS[moment.month - 1]} {year}{moment:%H:%M}"


def is_today(at: float, now: float, tz: tzinfo | None = None) -> bool:
    """Whether that is on the same day as now."""
    return _local(at, tz).date() == _local(now, tz).date()


def future(at: float, now: float, tz: tzinfo | None = None) -> str:
    """When something will be: ``in 3m 20s`` within the hour, then ``14:05``, ``Wed 14:05``, ``24 Dec 14:05``."""
    left = at - now
    if left <= 0:
        return "now"
    return f"in {countdown(left)}" if left < HOUR else _later(at, now, tz, "%H:%M")


def _later(at: float, now: float, tz: tzinfo | None, clock: str) -> str:
    moment, today = _local(at, tz), _local(now, tz)
    if moment.date() == today.date():
        return f"{moment:{clock}}"
    if at - now < 6 * DAY:
        return f"{_DAYS[moment.weekday()]} {moment:{clock}}"
    if moment.year == today.year:
        return f"{moment.day} {_MONTHS[moment.month - 1]} {moment:{clock}}"
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def not_counted(at: float, now: float, tz: tzinfo | None = None) -> str:
    """When something will be, as a time also within the hour: ``14:05:09``, then as :func:`future`."""
    return clock_time(at, tz) if at - now < HOUR else future(at, now, tz)


def told_apart(times: Sequence[float], now: float, tz: tzinfo | None = None) -> list[str]:
    """When several things will be, as :func:`not_counted`, but with seconds where two would read the same."""
    told = [not_counted(at, now, tz) for at in times]
    return told if len(set(told)) == len(told) else [_later(at, now, tz, "%H:%M:%S") for at in times]


def next_start(start: NextStart, now: float, tz: tzinfo | None = None, *, counted: bool = True) -> str:
    """When a task starts next; unless ``counted``, as a time also within the hour. Raw: ``after`` and ``when`` carry
    text from outside."""
    if start.kind == "at" and start.at is not None:
        if start.text not in (IF_RESUMED, IF_KEPT):
            return (future if counted else not_counted)(start.at, now, tz)
        # Nothing counts down while the scheduler is on hold. That it is, and what for, is said once above all tasks.
        return f"({not_counted(start.at, now, tz)})" if start.at > now else start.text.replace("if", "when", 1)
    if start.kind in ("after", "when"):
        text = start.text.removeprefix(start.kind).strip()
        return f"{start.kind} {text}" if text else f"{start.kind} …"
    if start.kind == "now":
        return f"now ({start.text})" if start.text else "now"
    return "never"


def _local(at: float, tz: tzinfo | None) -> datetime:
    """The wall time of an instant; the nearest that a calendar can hold when it is out of range."""
    try:
        return datetime.fromtimestamp(at, tz)
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(microsecond=0) if at > 0 else datetime.min
