"""What tasks returned, by task."""

from __future__ import annotations

from typing import Any

from redengine.args.parameters import Parameters


class Returns(Parameters):
    """The newest return value of each task; a task is given by name, object or function."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self._session = session

    def _key(self, item: Any) -> Any:  # type: ignore[override]
        return self._session._name_of(item)

    def __setitem__(self, key: Any, item: Any) -> None:
        super().__setitem__(self._key(key), item)
