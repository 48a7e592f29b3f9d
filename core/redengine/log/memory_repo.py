"""A log in memory that does not grow for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.v1 import PrivateAttr, validator

from redengine.log import bird
from redengine.log.log_record import built_plain
from redengine.log.repo_checks import check_records, refuse_unknown

#: Records that are kept unless something else is said.
MAX_RECORDS = 10_000


class BoundedMemoryRepo(bird.MemoryRepo):  # type: ignore[misc]
    """redbird's ``MemoryRepo`` that keeps the newest ``max_records`` records and drops older ones.

    Raises ``TypeError`` for options that there are not, and ``ValueError`` for those that cannot be.
    """

    max_records: int = MAX_RECORDS

    _dropped: int = PrivateAttr(default=0)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    def __init__(self, **data: Any) -> None:
        refuse_unknown(type(self), data)
        super().__init__(**data)
        check_records(self)

    def __getstate__(self) -> dict[Any, Any]:
        """A copy in another process has its own lock."""
        state: dict[Any, Any] = super().__getstate__()
        return {**state, "__private_attribute_values__": {"_dropped": self._dropped}}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        self._init_private_attributes()
        super().__setstate__(state)

    @validator("max_records")
    @classmethod
    def _check_max_records(cls, value: int) -> int:
        if value < 1:
            raise ValueError("max_records must be at least 1")
        return value

    def snapshot(self) -> tuple[list[Any], int]:
        """The records, oldest first, and how many were dropped before them."""
        with self._lock:
            return list(self.collection), self._dropped

    def add(self, item: Any, if_exists: str = "raise") -> None:
        """Add a record: an item, or its values in a dict. Raises as :meth:`insert`, ``ValidationError`` for values that
        are none of the model's."""
        if if_exists != "raise" or type(item) is not dict or not self.add_plain(item):
            super().add(item, if_exists)

    def add_plain(self, values: Mapping[str, Any]) -> bool:
        """Add a record of these values, if it can be known without its model what that makes of them. Whether it
        was."""
        plain = self.id_field is None and type(self) is BoundedMemoryRepo
        item = built_plain(self.model, values) if plain else None
        if item is None:
            return False
        with self._lock:
            self.collection.append(item)
            self._drop()
        return True

    def insert(self, item: Any) -> None:
        """Add a record. Raises ``KeyFoundError`` for a known ``id_field``."""
        with self._lock:
            super().insert(item)
            self._drop()

    def bound(self, max_records: int) -> None:
        """Keep so many records from now on."""
        with self._lock:
            self.max_records = max_records
            self._drop()

    def query_data(self, query: dict[str, Any]) -> Iterator[Any]:
        """The records that fit, of those that are there now: what is dropped meanwhile does not shift the others."""
        matcher = bird.QueryMatcher(query, value_getter=self.get_field_value)
        return (record for record in self.snapshot()[0] if record in matcher)

    def query_delete(self, query: dict[str, Any]) -> None:
        """Remove the records that fit."""
        with self._lock:
            super().query_delete(query)

    def _drop(self) -> None:
        surplus = len(self.collection) - self.max_records
        if surplus > 0:
            del self.collection[:surplus]
            self._dropped += surplus


def bound(repo: Any, max_records: int) -> None:
    """Drop the oldest records of a repository in memory, ours or redbird's, beyond so many. Others are left alone."""
    if isinstance(repo, BoundedMemoryRepo):
        if repo.max_records > max_records:
            repo.bound(max_records)
    elif isinstance(repo, bird.MemoryRepo):
        # In one step, since others may read.
        del repo.collection[: max(len(repo.collection) - max_records, 0)]
