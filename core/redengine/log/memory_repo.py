"""A log in memory that does not grow for ever."""

from __future__ import annotations

from typing import Any

from pydantic.v1 import PrivateAttr, validator

from redengine.log import bird


class BoundedMemoryRepo(bird.MemoryRepo):  # type: ignore[misc]
    """redbird's ``MemoryRepo`` that keeps the newest ``max_records`` records and drops older ones."""

    max_records: int = 10_000

    _dropped: int = PrivateAttr(default=0)

    @validator("max_records")
    @classmethod
    def _check_max_records(cls, value: int) -> int:
        if value < 1:
            raise ValueError("max_records must be at least 1")
        return value

    @property
    def dropped(self) -> int:
        """How many records were dropped since the repository was made."""
        return self._dropped

    def insert(self, item: Any) -> None:
        """Add a record. Raises ``KeyFoundError`` for a known ``id_field``."""
        super().insert(item)
        surplus = len(self.collection) - self.max_records
        if surplus > 0:
            del self.collection[:surplus]
            self._dropped += surplus
