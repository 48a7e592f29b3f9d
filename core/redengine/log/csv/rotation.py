"""When a log begins a new file, how the older ones are named, and how long they are kept.

The files of ``log.csv`` are ``log-000001.csv``, ``log-000002.csv`` ... and ``log.csv``, oldest first.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from redengine.time.duration import parse_delta


@dataclass(frozen=True, slots=True)
class Rotation:
    """A new file is begun before one has more than ``bytes``, or holds more than ``age`` seconds; ``None``: never.

    Of the older files ``keep_files`` are kept, and those whose last record is not older than ``keep_age`` seconds,
    counted back from the newest record (or from now, if that lies in the future); ``None``: all.
    """

    bytes: int | None = None
    age: float | None = None
    keep_files: int | None = None
    keep_age: float | None = None

    @classmethod
    def of(cls, rotate_bytes: object, rotate_age: object, keep_files: object, keep_age: object) -> Rotation:
        """From what people write: sizes such as ``"64 MB"``, lengths of time such as ``"1 day"``.

        Raises ``ValueError`` for what is none, and for a log that would be deleted though it is never rotated.
        """
        if keep_files is not None and (type(keep_files) is not int or keep_files < 0):
            raise ValueError(f"keep_files is a number of files such as 10, not {keep_files!r}")
        rotation = cls(
            _size("rotate_bytes", rotate_bytes),
            _seconds("rotate_age", rotate_age),
            keep_files,
            _seconds("keep_age", keep_age),
        )
        if rotation.deletes and not rotation.rotates:
            raise ValueError("keep_files and keep_age need rotate_bytes or rotate_age: only older files are deleted")
        return rotation

    @property
    def rotates(self) -> bool:
        """Whether a new file is ever begun."""
        return self.bytes is not None or self.age is not None

    @property
    def deletes(self) -> bool:
        """Whether a file is ever deleted."""
        return self.keep_files is not None or self.keep_age is not None


_UNITS = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", re.IGNORECASE)


def _size(name: str, value: object) -> int | None:
    if value is None:
        return None
    size = value if type(value) is int else 0
    if isinstance(value, str) and (found := _SIZE.fullmatch(value)):
        try:
            size = int(float(found[1]) * _UNITS[found[2].upper()])
        except (KeyError, OverflowError):  # no such unit, or more digits than a number has: none was meant
            size = 0
    if size <= 0:
        given = repr(value)
        shown = given if len(given) <= 60 else f"{given[:60]}..."
        raise ValueError(f'{name} is a number of bytes or a size such as "64 MB", not {shown}')
    return size


def _seconds(name: str, value: object) -> float | None:
    if value is None:
        return None
    try:
        length = parse_delta(value) if isinstance(value, str) else value
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name}: {error}") from None
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= sys.float_info.max:
        raise ValueError(f'{name} is a length of time such as "7 days", or seconds, not {value!r}')
    return float(seconds)


def older_files(path: Path) -> list[Path]:
    """The files that may be the older ones of a log by their names, oldest first. Raises ``OSError`` when the folder
    cannot be read."""
    pattern = _older_name(path)
    try:
        names = os.listdir(path.parent)
    except (FileNotFoundError, NotADirectoryError):
        return []
    numbered = sorted((int(found[1]), name) for name in names if (found := pattern.fullmatch(name)))
    return [path.with_name(name) for _, name in numbered]


def belongs(other: Path, path: Path) -> bool:
    """Whether a file is the log's own, or would be taken for an older one by its name."""
    return other == path or (other.parent == path.parent and _older_name(path).fullmatch(other.name) is not None)


def _older_name(path: Path) -> re.Pattern[str]:
    # Not eight digits: that is a day.
    return re.compile(rf"{re.escape(path.stem)}-(\d{{6,7}}){re.escape(path.suffix)}")


def set_aside(path: Path) -> Path:
    """Give the log's file the next name of an older one. Raises ``OSError``, and the file is as it was."""
    older = older_files(path)
    number = int(older[-1].stem.rpartition("-")[2]) if older else 0
    while True:
        number += 1
        aside = path.with_name(f"{path.stem}-{number:06d}{path.suffix}")
        try:
            # Taken first, so that nothing is ever replaced.
            os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            continue
        try:
            os.replace(path, aside)
        except OSError:
            aside.unlink()
            raise
        return aside
