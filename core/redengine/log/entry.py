"""A record of any log as the entry that crosses to the screen, and whether it fits a filter."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from redengine.control.messages import LogEntry, LogFilter
from redengine.log.events import COMMAND, REFUSED
from redengine.log.times import to_epoch, to_seconds

#: The level of a task's record that has none of its own, by its action where that is not ``INFO``: as it logs it.
LEVELS = {"fail": "ERROR", "crash": "ERROR"}


def level_of(action: str, message: str) -> str:
    """The level of a record that has none of its own."""
    refused = action == COMMAND and message.startswith(REFUSED)
    return "WARNING" if refused else LEVELS.get(action, "INFO")


def entry_of(cursor: int, get: Callable[[str], Any]) -> LogEntry:
    """The entry of a record, read leniently: what cannot be understood is left empty, ``created`` is then 0."""
    action, message = _text(get("action")), _text(get("message") or get("msg"))
    return LogEntry(
        cursor=cursor,
        created=time_of(get),
        task=_text(get("task_name")),
        action=action,
        message=message,
        level=_text(get("levelname")) or level_of(action, message),
        exc_text=_text(get("exc_text")),
        run_id=_text(get("run_id")),
        start=_number(to_epoch, get("start")),
        end=_number(to_epoch, get("end")),
        runtime=_number(to_seconds, get("runtime")),
    )


def time_of(get: Callable[[str], Any]) -> float:
    """When a record was made (epoch seconds); 0 when that cannot be understood."""
    return _number(to_epoch, get("created")) or 0.0


def fits(entry: LogEntry, where: LogFilter) -> bool:
    """Whether an entry is one of those asked for."""
    if where.task and entry.task != where.task:
        return False
    if where.actions and entry.action not in where.actions:
        return False
    if where.since is not None and entry.created < where.since:
        return False
    if where.until is not None and entry.created >= where.until:
        return False
    if where.level and level_number(entry.level) < level_number(where.level):
        return False
    if not where.text:
        return True
    needle = where.text.lower()
    return any(
        needle in text.lower() for text in (entry.message, entry.task, entry.action, entry.exc_text, entry.run_id)
    )


def level_number(name: str) -> int:
    """The number of a level by its name; an unknown one counts as ``INFO``."""
    number = logging.getLevelName(name.upper())
    return number if isinstance(number, int) else logging.INFO


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _number(convert: Callable[[object], float | None], value: object) -> float | None:
    try:
        return convert(value)
    except (ValueError, OverflowError, OSError):
        return None
