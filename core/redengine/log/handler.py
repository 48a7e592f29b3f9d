"""The logging handler that writes to a repository."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import nullcontext
from functools import lru_cache
from typing import Any

from redengine.log import bird
from redengine.log.bird_additions import field_names
from redengine.log.csv.repo import CSVFileRepo
from redengine.log.memory_repo import BoundedMemoryRepo

_PLAIN = logging.Formatter()
#: What the record of a task has that is not logging's.
_TASK_FIELDS = frozenset({"task_name", "action", "created", "run_id", "start", "end", "runtime", "message", "exc_text"})


@lru_cache
def _names(model: Any) -> tuple[str, ...] | None:
    names = field_names(model)
    return None if names is None else tuple(names)


class RepoHandler(bird.RepoHandler):  # type: ignore[misc]
    """redbird's ``RepoHandler`` that builds no more than the record model keeps.

    A formatter is asked only if the model has ``formatted_message`` (or is ``dict``). A record without an action
    (somebody uses the task's logger for a message) is not kept when the model asks for one. Errors of the repository
    are raised to whoever logs for a task; others (the scheduler, say) are not to fail for their log.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record to the repository. Raises what the repository raises, for a record of a task."""
        try:
            self._keep(record)
        except Exception:
            if hasattr(record, "task_name"):
                raise
            self.handleError(record)

    def _keep(self, record: logging.LogRecord) -> None:
        # What only looks like a repository may have no model: then all is kept, as with a dict.
        names = _names(getattr(self.repo, "model", None))
        if names is None or "formatted_message" in names:
            super().emit(record)
            return
        values = vars(record)
        if "action" in names and "action" not in values:
            return
        kept = {name: values[name] for name in names if name in values}
        if "message" in names:
            kept["message"] = record.getMessage()
        if "exc_text" in names and not record.exc_text and record.exc_info:
            kept["exc_text"] = (self.formatter or _PLAIN).formatException(record.exc_info)
        if "asctime" in names:
            kept["asctime"] = (self.formatter or _PLAIN).formatTime(record)
        self.write(kept)

    def keep(self, values: Mapping[str, Any]) -> None:
        """Write a record of a task that was never a record of logging; see :func:`sole_handler`. Raises as
        :meth:`emit` does."""
        repo = self.repo
        with self.lock or nullcontext():
            if isinstance(repo, (CSVFileRepo, BoundedMemoryRepo)) and repo.add_plain(values):
                return
            names = _names(repo.model) or ()
            repo.add({name: values[name] for name in names if name in values})

    def filter_by(self, **query: Any) -> Any:
        """Filter the repository of this handler: ``handler.filter_by(action="fail").all()``."""
        return self.repo.filter_by(**query)


def sole_handler(logger: logging.Logger, level: int) -> RepoHandler | None:
    """The handler of a task's record of this level, if it is ours and the only one to get it.

    Then nobody can tell whether there ever was a :class:`logging.LogRecord`, which takes as long to make and to hand
    on as the log takes to write it. ``None``: the record has to be made. Somebody else may want it (a handler, a
    filter, a factory of records), or the model keeps more than a task says.
    """
    if type(logger) is not logging.Logger or logger.disabled or logging.getLogRecordFactory() is not logging.LogRecord:
        return None
    found: logging.Handler | None = None
    reached: logging.Logger | None = logger
    if logger.filters:
        return None
    while reached is not None:
        for handler in reached.handlers:
            if level >= handler.level:
                if found is not None:
                    return None
                found = handler
        reached = reached.parent if reached.propagate else None
    if type(found) is not RepoHandler or found.filters or not _is_of_tasks(getattr(found.repo, "model", None)):
        return None
    return found


@lru_cache
def _is_of_tasks(model: Any) -> bool:
    names = _names(model)
    return names is not None and _TASK_FIELDS.issuperset(names)
