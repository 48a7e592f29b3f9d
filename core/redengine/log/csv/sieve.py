"""What can be told of a filter from the bytes of a CSV log, so that few records have to be read as such."""

from __future__ import annotations

import logging
import sys
from bisect import bisect_right
from collections.abc import Mapping

from redengine.control.messages import LogFilter
from redengine.log.entry import LEVELS, level_number
from redengine.log.events import REFUSED

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

    def sift(self, block: bytes, start: int, records: list[Record]) -> list[Record]:
        """Those of a block's records that may fit, in the same order; ``start``: the place of its first byte."""
        chosen: set[int] | None = None
        places = [position - start for position, _ in records]
        folded = block.lower() if self._folded and block.isascii() else None
        for exact in self._exact:
            found = _holders(block, places, exact)
            chosen = found if chosen is None else chosen & found
        if folded is not None:
            for words in self._folded:
                found = _holders(folded, places, tuple(word.encode() for word in words if word.isascii()))
                chosen = found if chosen is None else chosen & found
        kept = records if chosen is None else [records[index] for index in sorted(chosen)]
        # In other scripts lower case can be of another length, and says nothing of places.
        return [item for item in kept if self.block(item[1])] if self._folded and folded is None else kept


def _holders(block: bytes, places: list[int], texts: tuple[bytes, ...]) -> set[int]:
    """Which of the records that begin at these places hold one of the texts. Few do, so they are found by the texts."""
    found: set[int] = set()
    for text in texts:
        at = block.find(text)
        while at >= 0:
            index = bisect_right(places, at) - 1
            if index >= 0:
                found.add(index)
            if index + 1 >= len(places):
                break
            at = block.find(text, max(places[index + 1], at + 1))
    return found


def _words_of(level: str) -> tuple[str, ...]:
    """What is in a record of at least this level: the name of such a level, or an action that stands for one."""
    least = level_number(level) if level else logging.NOTSET
    if least <= logging.INFO:
        # What has no level counts as INFO: there is nothing to look for.
        return ()
    names = {name.lower() for name, number in _level_names().items() if number >= least}
    actions = (action for action, name in LEVELS.items() if level_number(name) >= least)
    # A command that was refused is a warning.
    return (*sorted(names), *actions, *([REFUSED] if least <= logging.WARNING else ()))


def _level_names() -> Mapping[str, int]:
    if sys.version_info >= (3, 11):
        return logging.getLevelNamesMapping()
    return logging._nameToLevel
