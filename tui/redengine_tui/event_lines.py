"""What happens in a scheduler as lines: for a person, or one JSON object a line for programs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import msgspec

from redengine.tasks.recording import MESSAGE
from redengine_tui.format import duration
from redengine_tui.text import safe_line

Format = Literal["text", "json"]

#: Characters of one text line, without its time.
LINE_LIMIT = 500
#: Characters of a traceback, from its end, that go into a JSON line.
TRACEBACK_LIMIT = 16_000
#: How much it matters how a run ended.
_LEVELS = {"fail": logging.ERROR, "crash": logging.ERROR, "terminate": logging.WARNING}
#: Priorities of syslog, as journald reads them in front of a line.
_PRIORITIES = ((logging.CRITICAL, "<2>"), (logging.ERROR, "<3>"), (logging.WARNING, "<4>"), (logging.INFO, "<6>"))

_encode = msgspec.json.Encoder(enc_hook=str).encode


class Event(NamedTuple):
    """Something that happened. Times are epoch seconds, ``runtime`` is in seconds."""

    time: float
    level: int
    message: str
    task: str | None = None
    action: str | None = None
    run_id: str | None = None
    runtime: float | None = None
    exc_text: str | None = None


def level_of(action: str) -> int:
    """How much it matters that a task did this."""
    return _LEVELS.get(action, logging.INFO)


def task_event(values: Mapping[str, Any]) -> Event:
    """The event of a record of a task, as :meth:`redengine.Session.listen_to_records` hands it on."""
    action = str(values["action"])
    return Event(
        values["created"],
        level_of(action),
        str(values.get("message") or ""),
        str(values["task_name"]),
        action,
        values.get("run_id"),
        values.get("runtime"),
        values.get("exc_text") or None,
    )


def log_event(record: logging.LogRecord) -> Event:
    """The event of what the scheduler, or another part of the framework, said."""
    exc_text = record.exc_text
    if not exc_text and record.exc_info:
        exc_text = logging.Formatter().formatException(record.exc_info)
    action = getattr(record, "action", None)
    return Event(record.created, record.levelno, record.getMessage(), action=action, exc_text=exc_text)


def formatter(form: Format, *, journal: bool = False) -> Callable[[Event, tzinfo | None], str]:
    """What makes a line of an event, with its end. ``journal``: with the priority in front, as journald takes it."""
    line = json_line if form == "json" else text_line
    if not journal:
        return lambda event, zone: line(event, zone) + "\n"
    return lambda event, zone: _priority(event.level) + line(event, zone) + "\n"


def text_line(event: Event, zone: tzinfo | None) -> str:
    """``2026-11-25 03:00:00 INFO fetch_prices: success in 1.2s``, safe to show."""
    words = _words(event)
    # By far the usual case, and cheaper to see than to do.
    if len(words) > LINE_LIMIT or not words.isprintable():
        words = safe_line(words, LINE_LIMIT)
    return f"{_second(int(event.time // 1), zone)} {logging.getLevelName(event.level)} {words}"


def json_line(event: Event, zone: tzinfo | None) -> str:
    """One JSON object, in ASCII: always of the same keys, ``null`` for what there is not."""
    exc_text = event.exc_text
    if exc_text is not None and len(exc_text) > TRACEBACK_LIMIT:
        exc_text = "… " + exc_text[-TRACEBACK_LIMIT:]
    second = int(event.time // 1)
    before, after = _iso(second, zone)
    values = {
        "time": event.time,
        "iso": f"{before}.{int((event.time - second) * 1e6):06}{after}",
        "level": logging.getLevelName(event.level),
        "task": event.task,
        "action": event.action,
        "run_id": event.run_id,
        "runtime": event.runtime,
        "message": event.message,
        "exc_text": exc_text,
    }  # fmt: skip
    try:
        return _encode(values).decode("ascii")
    except UnicodeError:
        return json.dumps(values, default=str, separators=(",", ":"))


def _words(event: Event) -> str:
    if event.task is None or event.action == "command":
        return _with_reason(_in_one_line(event.message), event.exc_text)
    if event.action == "run":
        return f"{event.task}: started"
    if event.action == "success":
        return f"{event.task}: success in {duration(event.runtime or 0.0)}"
    words = f"{event.task}: {event.action}"
    if event.runtime is not None:
        words += f" after {duration(event.runtime)}"
    # What a message says beyond what every message says: why a run was terminated.
    standard = MESSAGE.format(task=event.task, action=event.action)
    if event.message != standard and event.message.startswith(standard):
        return words + event.message[len(standard) :]
    return _with_reason(words, event.exc_text)


def _with_reason(words: str, exc_text: str | None) -> str:
    """With the last line of the traceback, which says what it was."""
    reason = _last_line(exc_text) if exc_text else ""
    return f"{words}: {reason}" if reason else words


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2].strip()


def _in_one_line(text: str) -> str:
    """The first line, and of a traceback below it the last."""
    first, _, rest = text.partition("\n")
    return f"{first.rstrip()} {_last_line(rest)}" if rest.strip() else first


@lru_cache(maxsize=4)
def _second(second: int, zone: tzinfo | None) -> str:
    return f"{datetime.fromtimestamp(second, zone):%Y-%m-%d %H:%M:%S}"


@lru_cache(maxsize=4)
def _iso(second: int, zone: tzinfo | None) -> tuple[str, str]:
    """What stands before the fraction of a second, and the offset after it."""
    moment = datetime.fromtimestamp(second, zone).astimezone(zone).isoformat()
    return moment[:19], moment[19:]


def _priority(level: int) -> str:
    return next((mark for least, mark in _PRIORITIES if level >= least), "<7>")
