"""A log in memory that does not grow for ever."""

from __future__ import annotations

import threading
from typing import Any

from pydantic.v1 import PrivateAttr, validator

from redengine.log import bird


class BoundedMemoryRepo(bird.MemoryRepo):  # type: ignore[misc]
    """redbird's ``MemoryRepo`` that keeps the newest ``max_records`` records and drops older ones."""

    max_records: int = 10_000

    _dropped: int = PrivateAttr(default=0)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

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

    def insert(self, item: Any) -> None:
        """Add a record. Raises ``KeyFoundError`` for a known ``id_field``."""
        with self._lock:
            super().insert(item)
            surplus = len(self.collection) - self.max_records
            if surplus > 0:
                del self.collection[:surplus]
                self._dropped += surplus
