"""While a project file is imported by somebody who schedules it himself.

The file may then not start the scheduler, and its mistakes can be collected instead of ending the import at the first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


class RunWhileLoading(BaseException):
    """The project file starts its scheduler while it is imported."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a project file, found while it was imported."""

    line: int
    error: Exception


@dataclass(slots=True)
class Loading:
    """One import that is going on."""

    file: Path
    #: Collect mistakes instead of raising them.
    collect: bool = False
    mistakes: list[Mistake] = field(default_factory=list)


_current: Loading | None = None


@contextmanager
def loading(file: Path, *, collect: bool = False) -> Iterator[Loading]:
    """Import the file inside. Raises nothing of its own."""
    global _current
    _current = Loading(file, collect)
    try:
        yield _current
    finally:
        _current = None


def refuse_to_run() -> None:
    """Raise :class:`RunWhileLoading` when called by a project file that is being imported."""
    if _current is not None:
        raise RunWhileLoading


def collected(error: Exception) -> bool:
    """Keep a mistake for later, if mistakes are collected; else it is to be raised."""
    if _current is None or not _current.collect:
        return False
    _current.mistakes.append(Mistake(line_in(_current.file), error))
    return True


def line_in(file: Path) -> int:
    """The line of a file that is being executed; 0 when none is."""
    frame = sys._getframe(1)
    wanted = str(file)
    while frame is not None:
        if frame.f_code.co_filename == wanted:
            return frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return 0


def declared_at() -> tuple[str, int]:
    """File and line of the code outside this package that is being executed: where a task is declared."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


_PACKAGE = str(Path(__file__).parent)
