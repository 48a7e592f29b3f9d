"""Asking the running scheduler of a project, for the commands that read file and log where there is none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from redengine_tui.cli.ending import UNUSABLE, say, stop

if TYPE_CHECKING:
    from redengine.control.wire.client import RemoteController
    from redengine_tui.live import Answer, Differences

T = TypeVar("T")


class UnansweredError(Exception):
    """A scheduler gave no answer; the message says why."""


def asked(
    spec: str,
    data_dir: str | None,
    question: Callable[[RemoteController], Awaitable[T]],
    *,
    watches: bool = True,
) -> Answer[T] | None:
    """What the scheduler of a target says; ``None`` when there is none on this machine to ask.

    ``question`` may raise :class:`UnansweredError`. ``watches``: the tasks are needed. Raises
    :class:`~redengine.exc.ProjectError` for a target that means nothing; ends the program when a scheduler elsewhere
    cannot be asked.
    """
    from redengine_tui.reaching import reach

    way = reach(spec, data_dir, patience=0.0)
    data = way.data
    if data is not None and not (data.is_scheduled() and data.owner().get("socket")):
        return None
    way.start()
    from redengine.exc import ControlError
    from redengine_tui.live import ask

    try:
        return ask(way, question, watches=watches)
    except (ControlError, UnansweredError) as problem:
        if data is None:
            stop(str(problem), UNUSABLE)
        say(f"Its scheduler cannot be asked: {problem}\nWhat follows is from the file and the log.")
    return None


def compared(spec: str, answer: Answer[Any]) -> tuple[Differences, str]:
    """In what the scheduler differs from the file as it is now, and why that cannot be loaded, if so.

    Nothing is known of a file on another machine.
    """
    from redengine.exc import ProjectError
    from redengine_tui.cli.loading import loaded
    from redengine_tui.live import Differences, differences
    from redengine_tui.target import Far, parse

    if isinstance(parse(spec), Far):
        return Differences(known=False), ""
    try:
        project = loaded(spec)
    except ProjectError as problem:
        return Differences(known=False), f"The file cannot be loaded as it is now: {problem.summary}"
    return differences(project, answer.tasks), ""


def notes(*lines: str) -> str:
    """What is said below an answer, a line each; empty ones are left out."""
    from redengine_tui.text import safe_line

    return "\n".join(["", "", *(safe_line(line) for line in lines if line)])


def with_facts(value: Any, **facts: Any) -> str:
    """An object for other programs, with fields added."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode({**msgspec.to_builtins(value), **facts}), indent=2).decode()
