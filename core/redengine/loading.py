"""While a project file is imported by somebody who schedules it himself.

Where the file starts the scheduler, the project ends: what follows is not executed. Its mistakes can be collected
instead of ending the import at the first.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydantic

from redengine.web_servers import held_back


class RunWhileLoading(SystemExit):
    """The project file starts its scheduler while it is imported.

    A ``SystemExit``, since asyncio lets only that leave a loop at once, whichever of its tasks raises it.
    """

    def __init__(self, started: Any = None) -> None:
        super().__init__()
        #: The app that is started, where one is.
        self.started = started


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a project file, found while it was imported."""

    line: int
    error: Exception
    #: Whose it is; empty: of no task.
    task: str = ""


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something in a project that is ignored, since nobody knows what it means."""

    file: str
    line: int
    message: str
    #: The nearest that would mean something.
    suggestion: str = ""
    task: str = ""

    def __str__(self) -> str:
        return f"{Path(self.file).name}, line {self.line}: {_in_words(self.message, self.suggestion, self.task)}"


@dataclass(slots=True)
class Loading:
    """One import that is going on."""

    file: Path
    #: Collect mistakes instead of raising them.
    collect: bool = False
    mistakes: list[Mistake] = field(default_factory=list)
    oddities: list[Oddity] = field(default_factory=list)
    #: The task that is being declared.
    task: str = ""
    #: Of the import.
    thread: int = field(default_factory=threading.get_ident)


_current: Loading | None = None


@contextmanager
def loading(file: Path, *, collect: bool = False) -> Iterator[Loading]:
    """Import the file inside. Raises nothing of its own."""
    global _current
    _current = Loading(file, collect)
    try:
        with held_back(refuse_to_run):
            yield _current
    finally:
        _current = None


def refuse_to_run(started: Any = None) -> None:
    """Raise :class:`RunWhileLoading` when called by a project file that is being imported."""
    if _current is None:
        return
    if threading.get_ident() != _current.thread:
        # It is this thread that ends; Python says nothing of the exact class.
        raise SystemExit
    try:
        task = asyncio.current_task()
    except RuntimeError:  # there is no loop
        task = None
    if task is not None:
        # asyncio tells of an exception that nobody has asked for.
        task.add_done_callback(lambda done: None if done.cancelled() else done.exception())
    raise RunWhileLoading(started)


def collected(error: Exception) -> bool:
    """Keep a mistake for later, if mistakes are collected; else it is to be raised."""
    if _current is None or not _current.collect:
        return False
    _current.mistakes.append(Mistake(line_in(_current.file), error, _current.task))
    return True


def collecting() -> bool:
    """Whether mistakes are collected, by somebody who looks for them himself."""
    return _current is not None and _current.collect


@contextmanager
def about(task: str) -> Iterator[None]:
    """What is wrong inside is wrong with this task."""
    going = _current
    if going is None:
        yield
        return
    outer, going.task = going.task, str(task)
    try:
        yield
    finally:
        going.task = outer


def ignored(message: str, suggestion: str = "", task: str = "") -> None:
    """Warn of something that is ignored, at the line outside this package that is being executed. While a project is
    loaded it is kept for whoever loads it."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_WITHIN):
        level, frame = level + 1, frame.f_back
    if _current is None:
        warnings.warn(_in_words(message, suggestion, task), UserWarning, stacklevel=level + 1)
    else:
        _current.oddities.append(Oddity(frame.f_code.co_filename, frame.f_lineno, message, suggestion, task))


def _in_words(message: str, suggestion: str, task: str) -> str:
    whose = f"task {task!r}: " if task else ""
    return f"{whose}{message}; did you mean {suggestion!r}?" if suggestion else f"{whose}{message}"


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
#: Where options pass on their way here.
_WITHIN = (_PACKAGE, str(Path(pydantic.__file__).parent))
