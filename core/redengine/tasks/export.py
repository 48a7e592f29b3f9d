"""A task as plain data, for whoever shows tasks elsewhere (a web page, a file)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any, ClassVar

from redengine.args.parameters import Parameters

_FIELDS = (
    "name", "description", "logger_name", "execution", "priority", "disabled", "force_run", "force_termination",
    "status", "timeout", "parameters", "start_cond", "end_cond", "multilaunch", "on_startup", "on_shutdown",
    "permanent", "daemon", "fmt_log_message", "func_run_id", "batches",
)  # fmt: skip


#: ``dict`` is a method below, so its type needs another name there.
Options = dict[str, Any]


class Exported:
    """What a task is set to, as a dict and as JSON."""

    _own_options: ClassVar[Options]

    def dict(self, *, include: Collection[str] | None = None, exclude: Collection[str] | None = None) -> Options:
        """The options of the task with their values as they are, those of its kind included.

        Parameters
        ----------
        include, exclude
            Names of the options wanted, or not wanted.
        """
        names = [*_FIELDS, *(name for name in self._own_options if name not in _FIELDS)]
        return {
            name: getattr(self, name)
            for name in names
            if (include is None or name in include) and (exclude is None or name not in exclude)
        }

    def json(
        self,
        *,
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
        **options: Any,
    ) -> str:
        """The options of the task as JSON: conditions and parameters in words (secrets masked), lengths of time in
        seconds. ``options`` are those of ``json.dumps``."""
        return json.dumps(self.dict(include=include, exclude=exclude), default=_plain, **options)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """The options with their values as in :meth:`json`, for ``dict(task)``: what web frameworks make answers of."""
        return iter(json.loads(self.json()).items())


def _plain(value: Any) -> Any:
    if isinstance(value, Parameters):
        return {str(name): repr(held) for name, held in value.items()}
    if isinstance(value, timedelta):
        return value.total_seconds()
    return getattr(value, "__qualname__", None) or str(value)
