"""The logging handler that writes to a repository."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

from redengine.log import bird
from redengine.log.bird_additions import field_names

_PLAIN = logging.Formatter()


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
        names = _names(self.repo.model)
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

    def filter_by(self, **query: Any) -> Any:
        """Filter the repository of this handler: ``handler.filter_by(action="fail").all()``."""
        return self.repo.filter_by(**query)
