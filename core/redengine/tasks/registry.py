"""The tasks of a session, found by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSet
from typing import Any


class TaskSet(MutableSet[Any]):
    """A set of tasks in order of declaration, with an index by name."""

    def __init__(self, tasks: Iterable[Any] = ()) -> None:
        self._by_name: dict[Any, Any] = {}
        for task in tasks:
            self.add(task)

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> set[Any]:
        # Set algebra gives plain sets: only a session has a registry.
        return set(it)

    def named(self, name: Any) -> Any:
        """The task of that name; ``KeyError`` when there is none."""
        return self._by_name[name]

    def has(self, name: Any) -> bool:
        """Whether there is a task of that name."""
        return name in self._by_name

    def names(self) -> list[Any]:
        """All names, in order of declaration."""
        return list(self._by_name)

    def rename(self, old: Any, new: Any) -> None:
        """Keep a task at its place under another name."""
        self._by_name = {new if name == old else name: task for name, task in self._by_name.items()}

    def add(self, value: Any) -> None:
        """Put a task in; one of the same name is replaced."""
        self._by_name[value.name] = value

    def discard(self, value: Any) -> None:
        """Take a task out, if it is in."""
        name = value.name
        if self._by_name.get(name) is value:
            del self._by_name[name]

    def __contains__(self, value: object) -> bool:
        return self._by_name.get(getattr(value, "name", None)) is value

    def __iter__(self) -> Iterator[Any]:
        # A copy, since tasks come and go while somebody iterates.
        return iter(list(self._by_name.values()))

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self))}}}"
