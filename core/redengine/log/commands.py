"""Records of commands: who asked for what, in the log beside the runs, and no part of any task's past."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from redengine.log import bird
from redengine.log.bird_additions import field_names
from redengine.log.events import COMMAND, REFUSED
from redengine.log.handler import RepoHandler

#: What an operation may be combined with: these repositories understand operations that are not redbird's.
_OPEN_MINDED = (bird.CSVFileRepo, bird.MemoryRepo, bird.JSONDirectoryRepo, bird.SQLRepo)


#: Refusals that are noted in so many seconds, of all readers together.
NOTED, SPAN = 60, 60.0


class Allowance:
    """How many refusals of readers are noted: who may change nothing is not to fill the log either."""

    def __init__(self) -> None:
        self._since = 0.0
        self._noted = 0
        self._left_out = 0

    def take(self, now: float) -> int | None:
        """Whether one more is to be noted at this time (epoch seconds): how many were left out before it; ``None``: it
        is left out."""
        if not 0 <= now - self._since < SPAN:
            self._since, self._noted = now, 0
        if self._noted >= NOTED:
            self._left_out += 1
            return None
        self._noted += 1
        left_out, self._left_out = self._left_out, 0
        return left_out


class ButNoCommand(bird.Operation):  # type: ignore[misc]
    """Of the actions that fit another operation, all but that of commands."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)

    def evaluate(self, value: Any) -> bool:
        """Whether an action fits."""
        return bool(value != COMMAND and self.value.evaluate(value))


def write_command(repo: Any, text: str, *, task_name: str, created: float, refused: bool) -> None:
    """Write a record of a command. ``task_name`` is empty for one that is of no task.

    It is written past the loggers: whoever handles their records counts runs. Raises what the repository raises, and
    ``TypeError`` for what only looks like one of Red Bird's: nobody knows what that takes a record for.
    """
    if not isinstance(repo, bird.BaseRepo):
        raise TypeError(f"{type(repo).__name__} is no repository of Red Bird's")
    level = logging.WARNING if refused else logging.INFO
    message = f"{REFUSED}{text}" if refused else text
    record = logging.LogRecord("redengine.task", level, __file__, 0, message, (), None, "write_command")
    record.created, record.msecs = created, (created - int(created)) * 1000
    # An id of no run is text as well: a database that has texts only is read in half the time.
    record.__dict__.update(task_name=task_name, action=COMMAND, run_id="")
    RepoHandler(repo).emit(record)


def without_commands(repo: Any, query: Mapping[str, Any]) -> Mapping[str, Any]:
    """A query that finds no commands, unless it names their action."""
    names = field_names(getattr(repo, "model", None))
    if not isinstance(repo, bird.BaseRepo) or (names is not None and "action" not in names):
        return query
    wanted = query.get("action", bird.skip)
    if wanted is bird.skip:
        return {**query, "action": bird.NotEqual(COMMAND)}
    named = not isinstance(wanted, bird.Operation) or isinstance(wanted, (bird.In, bird.Equal))
    return query if named or not isinstance(repo, _OPEN_MINDED) else {**query, "action": ButNoCommand(wanted)}
