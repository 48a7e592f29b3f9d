"""What tasks returned, by task."""

from __future__ import annotations

from typing import Any

from redengine.args.parameters import Parameters


class Returns(Parameters):
    """The newest return value of each task; a task is given by name, object or function. It goes with a task that is
    renamed."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self._session = session

    def _key(self, item: Any) -> Any:  # type: ignore[override]
        # A task is its own key; it may be renamed.
        if item in self._session.tasks:
            return item
        from redengine.tasks.base import Task

        return item if isinstance(item, Task) else self._session[item]

    def __contains__(self, item: object) -> bool:
        try:
            return super().__contains__(item)
        except KeyError:  # there is no such task
            return False

    def __setitem__(self, key: Any, item: Any) -> None:
        super().__setitem__(self._key(key), item)

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(self._key(key))

    def put(self, task: Any, value: Any) -> None:
        """Set what a task of the session returned."""
        super().__setitem__(task, value)

    def forget(self, task: Any) -> None:
        """Drop what a task returned that is no longer in the session."""
        self._params.pop(task, None)

    def to_dict(self) -> dict[Any, Any]:
        """The values by the tasks' names."""
        return {task.name: value for task, value in self._params.items()}
