"""Which tasks a list shows, and in which order, kept up to date one change at a time.

Free of the screen, so that it can be tested against the plain way of filtering and sorting everything anew.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from redengine.control.messages import TaskView
from redengine_tui.states import task_look
from redengine_tui.widgets.columns import COLUMNS, Column


class Changed(NamedTuple):
    """Which lines of the list are not what they were: ``first`` to ``last``, both included, and perhaps its length."""

    lines: frozenset[int] = frozenset()
    #: From this line to :attr:`moved_to` tasks are in other places than before; -1: none are.
    moved_from: int = -1
    moved_to: int = -1
    resized: bool = False


class _Falling:
    """Turns the order of a value round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Falling) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Falling) and bool(self.value == other.value)

    __hash__ = None  # type: ignore[assignment]


#: Sorts by one column, then by the place in the project, then by name, so that no two are equal.
_Key = tuple[Any, ...]


class Roster:
    """The tasks of a list, filtered and sorted."""

    def __init__(self, columns: tuple[Column, ...] = COLUMNS) -> None:
        """``columns``: what the list has of them, and can be sorted by."""
        self.columns = columns
        #: Every task, shown or not.
        self.views: dict[str, TaskView] = {}
        #: Sort column; ``None``: the order of the project.
        self.column: Column | None = None
        self.falling = False
        #: What a task must have in its name, state or condition to be shown; matched without regard to case.
        self.filter = ""
        self._rows: list[_Key] = []
        self._keys: dict[str, _Key] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[TaskView]:
        return (self.views[key[-1]] for key in self._rows)

    def __getitem__(self, index: int) -> TaskView:
        return self.views[self._rows[index][-1]]

    def index(self, name: str) -> int | None:
        """The line of a task; ``None`` when it is not shown."""
        key = self._keys.get(name)
        return None if key is None else bisect_left(self._rows, key)

    @property
    def best(self) -> str | None:
        """The task that is most likely meant by the filter: the first that has it in its name, else the first."""
        named = (view.name for view in self if self.filter in view.name.casefold())
        return next(named, self._rows[0][-1] if self._rows else None)

    def arrange(self, *, column: str | None, falling: bool = False) -> None:
        """Sort by a column, or with ``None`` by the order of the project."""
        self.column = next(each for each in self.columns if each.id == column) if column else None
        self.falling = falling
        self._rebuild()

    def narrow(self, text: str) -> None:
        """Show only tasks that have this text."""
        self.filter = text.casefold()
        self._rebuild()

    def replace(self, views: Iterable[TaskView]) -> None:
        """Hold these tasks and no others."""
        self.views = {view.name: view for view in views}
        self._rebuild()

    def update(self, views: Iterable[TaskView], removed: Iterable[str] = ()) -> Changed:
        """Take in changed, new and removed tasks."""
        length = len(self._rows)
        lines: set[str] = set()
        first, last = len(self._rows) + 1, -1
        for name in removed:
            if self.views.pop(name, None) is not None and (key := self._keys.pop(name, None)) is not None:
                place = bisect_left(self._rows, key)
                del self._rows[place]
                first, last = min(first, place), max(last, length)
        for view in views:
            self.views[view.name] = view
            old = self._keys.get(view.name)
            new = self._key(view) if self._fits(view) else None
            if old == new:
                if new is not None:
                    lines.add(view.name)
                continue
            if old is not None:
                place = bisect_left(self._rows, old)
                del self._rows[place], self._keys[view.name]
                first, last = min(first, place), max(last, place)
            if new is not None:
                place = bisect_left(self._rows, new)
                self._rows.insert(place, new)
                self._keys[view.name] = new
                first, last = min(first, place), max(last, place)
            if (old is None) != (new is None):
                last = max(length, len(self._rows))
        places = frozenset(line for name in lines if (line := self.index(name)) is not None)
        if last < 0:
            return Changed(places)
        return Changed(places, first, last, resized=len(self._rows) != length)

    def _fits(self, view: TaskView) -> bool:
        if not self.filter:
            return True
        return any(self.filter in text.casefold() for text in (view.name, task_look(view.state).word, view.start_cond))

    def _key(self, view: TaskView) -> _Key:
        place = (view.order, view.name)
        if self.column is None:
            return (_Falling(view.order), view.name) if self.falling else place
        value = self.column.key(view)
        if value is None:
            return (True, 0, *place)
        return (False, _Falling(value) if self.falling else value, *place)

    def _rebuild(self) -> None:
        self._keys = {view.name: self._key(view) for view in self.views.values() if self._fits(view)}
        self._rows = sorted(self._keys.values())
