"""Writes records of the log to a file, as CSV or as JSON lines: there whole, or not at all."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, tzinfo
from pathlib import Path

import msgspec

from redengine.control.messages import LogEntry
from redengine.log.csv.format import CsvFormat
from redengine.log.csv.rotation import belongs

#: The columns of a log, by the field of an entry that they come from. Files of both kinds have these names.
COLUMNS = {
    "task_name": "task",
    "action": "action",
    "created": "created",
    "start": "start",
    "end": "end",
    "runtime": "runtime",
    "message": "message",
    "exc_text": "exc_text",
    "run_id": "run_id",
    "levelname": "level",
}
_TIMES = frozenset({"created", "start", "end"})
_CSV = CsvFormat()


def csv_record(entry: LogEntry) -> bytes:
    """A record as the log itself has it: times in epoch seconds, a duration in seconds."""
    return _CSV.encode(getattr(entry, field) for field in COLUMNS.values())


def json_line(entry: LogEntry, zone: tzinfo | None) -> bytes:
    """A record as one line of JSON: times in ISO 8601 with their offset, a duration in seconds."""
    values = {name: getattr(entry, field) for name, field in COLUMNS.items()}
    for name in _TIMES:
        values[name] = _iso(values[name], zone)
    try:
        return msgspec.json.encode(values) + b"\n"
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8, but an escape.
        return json.dumps(values).encode() + b"\n"


def _iso(at: float | None, zone: tzinfo | None) -> str | float | None:
    if at is None:
        return None
    try:
        moment = datetime.fromtimestamp(at, zone)
    except (OverflowError, ValueError, OSError):
        # No calendar has it.
        return at
    return (moment if zone is not None else moment.astimezone()).isoformat(timespec="microseconds")


def default_name(project: str, now: float, zone: tzinfo | None) -> str:
    """A name for a file that is not there yet: of the project and the time."""
    stem = re.sub(r"[^\w.-]+", "-", project).strip("-.") or "redengine"
    return f"{stem}-log-{datetime.fromtimestamp(now, zone):%Y%m%d-%H%M%S}.csv"


def resolve(text: str, log: str = "") -> Path:
    """The new file that is meant; ``log``: where the log itself is. Raises ``ValueError`` for one that cannot be
    written, or is there, with what to do."""
    if not text.strip():
        raise ValueError("write the name of a file that ends in .csv or .jsonl")
    try:
        path = Path(text.strip()).expanduser().resolve()
        if path.suffix.lower() not in _FORMATS:
            raise ValueError(f"{path.suffix or path.name!r} is not a kind of file: use .csv, or .jsonl for JSON lines")
        if path.exists():
            raise ValueError(f"{path} is there already: give another name")
        if log and belongs(path, Path(log).resolve()):
            raise ValueError(f"{path} would be a part of the log: give another name")
        if not path.parent.is_dir():
            raise ValueError(f"there is no folder {path.parent}")
    except (OSError, RuntimeError) as error:
        raise ValueError(f"{text.strip()} cannot be written: {getattr(error, 'strerror', None) or error}") from None
    return path


_FORMATS: dict[str, str] = {".csv": "CSV", ".jsonl": "JSON lines", ".ndjson": "JSON lines"}


def format_of(path: Path) -> str:
    """The kind of file, by its suffix, in words."""
    return _FORMATS[path.suffix.lower()]


class ExportFile:
    """A file that is being written, under another name beside it until it is whole.

    Raises ``OSError`` from every method. Readable by its owner only, as the log is.
    """

    def __init__(self, path: Path, zone: tzinfo | None) -> None:
        self.path = path
        self.count = 0
        handle, self._temporary = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".tmp", dir=path.parent)
        self._file = os.fdopen(handle, "wb")
        self._encode: Callable[[LogEntry], bytes] = csv_record
        if format_of(path) == "CSV":
            self._file.write(_CSV.encode(COLUMNS))
        else:
            self._encode = lambda entry: json_line(entry, zone)

    def write(self, entries: Iterable[LogEntry]) -> None:
        """Add records."""
        for entry in entries:
            self._file.write(self._encode(entry))
            self.count += 1

    def finish(self) -> None:
        """Give the file its name, whole and on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        # Taken first, so that what somebody else has put there meanwhile is not replaced.
        self.path.touch(exist_ok=False)
        try:
            os.replace(self._temporary, self.path)
        except OSError:
            self.path.unlink()
            raise

    def discard(self) -> None:
        """Leave nothing behind. Raises nothing."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            os.unlink(self._temporary)
