"""What can be told of a filter from the bytes of a CSV log, so that few records have to be read as such."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping

from redengine.control.messages import LogFilter
from redengine.log.entry import LEVELS, level_number

Record = tuple[int, bytes]


class Sieve:
    """Lets through whatever may fit, and little else; what is let through is then tested for real.

    Of each part of a filter it knows texts of which one must be in a record's bytes. A quote in a text is doubled in
    the file, so a text is looked for by its longest stretch without one.
    """

    def __init__(self, where: LogFilter, quotechar: str) -> None:
        task = max(where.task.split(quotechar), key=len)
        text = max(where.text.lower().split(quotechar), key=len)
        #: Texts as they are in the file; one of each group has to be there.
        exact = [(task,), where.actions]
        self._exact = [tuple(each.encode("utf-8", "replace") for each in group) for group in exact if any(group)]
        #: The same for texts of any case.
        self._folded = [group for group in ((text,), _words_of(where.level)) if any(group)]

    @property
    def passes_all(self) -> bool:
        """Whether it knows nothing to look for."""
        return not self._exact and not self._folded

    def block(self, data: bytes) -> bool:
        """Whether there may be a record that fits in these bytes."""
        for exact in self._exact:
            if not any(each in data for each in exact):
                return False
        if not self._folded:
            return True
        # The lower case of what is not ASCII cannot be told from bytes; for all else this costs the same.
        text = data.decode("utf-8", "replace").lower()
        return all(any(each in text for each in folded) for folded in self._folded)

    def records(self, records: list[Record]) -> list[Record]:
        """Those records that may fit, in the same order."""
        for exact in self._exact:
            first, *rest = exact
            if rest:
                records = [item for item in records if any(each in item[1] for each in exact)]
            else:
                records = [item for item in records if first in item[1]]
        if self._folded:
            records = [item for item in records if self.block(item[1])]
        return records


def _words_of(level: str) -> tuple[str, ...]:
    """What is in a record of at least this level: the name of such a level, or an action that stands for one."""
    least = level_number(level) if level else logging.NOTSET
    if least <= logging.INFO:
        # What has no level counts as INFO: there is nothing to look for.
        return ()
    names = {name.lower() for name, number in _level_names().items() if number >= least}
    return (*sorted(names), *(action for action, name in LEVELS.items() if level_number(name) >= least))


def _level_names() -> Mapping[str, int]:
    if sys.version_info >= (3, 11):
        return logging.getLevelNamesMapping()
    return logging._nameToLevel
