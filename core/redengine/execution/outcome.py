"""How the end of a piece of work is told: the one place where exceptions become outcomes.

=========================================================== ===========
raised                                                      logged as
=========================================================== ===========
nothing; ``SchedulerRestart``, ``SchedulerExit``            success
``TaskInactionException``                                   inaction
``TaskTerminationException``, ``CancelledError``, Ctrl-C    terminate
anything else, ``SystemExit`` included                      fail
=========================================================== ===========
"""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from msgspec.structs import replace

from redengine.abc import Outcome
from redengine.exc import (
    CommandError,
    SchedulerExit,
    SchedulerRestart,
    TaskInactionException,
    TaskTerminationException,
)

#: Frames from these folders are left out of the top of a traceback: they say how the task was called, which is
#: the same for every task, and push the line that matters off the screen.
_MACHINERY = (str(Path(__file__).resolve().parents[1]), str(Path(asyncio.__file__).resolve().parent))

_TERMINATING = (TaskTerminationException, asyncio.CancelledError, KeyboardInterrupt)
#: How the failure of a command would begin.
_COMMAND_ERROR = f"{CommandError.__module__}.{CommandError.__qualname__}: "
_STEERING = (SchedulerRestart, SchedulerExit)


def succeeded(run_id: str, value: Any) -> Outcome:
    """The end of work that returned ``value``."""
    return Outcome(run_id, "success", return_value=value)


def terminated(run_id: str, reason: str | None) -> Outcome:
    """The end of work that was stopped, for a reason in words."""
    return Outcome(run_id, "terminate", exc_text=reason)


def crashed(run_id: str, reason: str) -> Outcome:
    """The end of work whose process died under it."""
    return Outcome(run_id, "crash", exc_text=reason)


def raised(run_id: str, exc: BaseException) -> Outcome:
    """The end of work that raised ``exc``."""
    if isinstance(exc, _STEERING):
        return Outcome(run_id, "success", exception=exc)
    if isinstance(exc, TaskInactionException):
        return Outcome(run_id, "inaction", exc_text=_words(exc), exception=exc)
    if isinstance(exc, _TERMINATING):
        return Outcome(run_id, "terminate", exc_text=_words(exc), exception=exc)
    return Outcome(run_id, "fail", exc_text=format_traceback(exc), exception=exc)


def _words(exc: BaseException) -> str | None:
    try:
        return str(exc) or None
    except Exception as failure:  # an exception class of the project's own
        return f"{type(exc).__name__} (its text cannot be had: {type(failure).__name__})"


def because(outcome: Outcome, reason: str | None) -> Outcome:
    """The outcome with the reason for which it was asked to stop, if it did stop."""
    if reason is None or outcome.action != "terminate":
        return outcome
    return replace(outcome, exc_text=reason)


def run_blocking(
    run_id: str,
    work: Callable[[], Any],
    drive: Callable[[Awaitable[Any]], Any] | None = None,
) -> Outcome:
    """Do the work in this thread and tell its end; never raises.

    An awaitable result is driven by ``drive``, or by an event loop of its own.
    """
    try:
        value = work()
        if value is not None and inspect.isawaitable(value):
            value = asyncio.run(as_coroutine(value)) if drive is None else drive(value)
    except BaseException as exc:  # whatever a task raises is its end, not ours
        return raised(run_id, exc)
    return succeeded(run_id, value)


async def as_coroutine(awaitable: Awaitable[Any]) -> Any:
    """``asyncio.run`` and ``create_task`` take coroutines only; tasks may return any awaitable."""
    return await awaitable


def format_traceback(exc: BaseException) -> str:
    """The traceback as Python prints it, with its chain of causes, from the first line of the user's own code on."""
    # What a command said of its failure is all there is: no code of the user's led to it.
    frames = None if isinstance(exc, CommandError) else _skip_machinery(exc.__traceback__)
    text = "".join(traceback.format_exception(type(exc), exc, frames)).rstrip("\n")
    # By the name that people know, who read it in their logs.
    return text.replace(_COMMAND_ERROR, "OSError: ", 1) if text.startswith(_COMMAND_ERROR) else text


def _skip_machinery(frames: TracebackType | None) -> TracebackType | None:
    found = frames
    while found is not None and found.tb_frame.f_code.co_filename.startswith(_MACHINERY):
        found = found.tb_next
    # An error that never left our own code (a refused argument, say) keeps all its frames.
    return found if found is not None else frames
