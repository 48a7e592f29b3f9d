"""Pages of the log for whoever shows it, without reading the whole log at each look.

A source answers :class:`~redengine.control.messages.ReadLog`. A cursor is a place in the log that grows with time and
is never reused; ``before`` and ``after`` exclude the record they name.

One call does a bounded amount of work. With a filter that fits little, a page may therefore hold few records or none
and yet have more before it: ``at_start`` is false then, and ``before=page.first`` goes on where this page stopped.
Likewise ``after=page.last`` goes on behind everything that was looked at, whether it fitted or not, until ``at_end``.
``searched`` says how far that has come. After ``at`` with nothing to give, both are the end of the log.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from redengine.control.messages import LogPage, ReadLog

#: Longest page that is given, whatever is asked for.
LONGEST_PAGE = 5_000


class LogSource(ABC):
    """Somewhere to read the log from. Methods may be called from any thread."""

    @abstractmethod
    def read(self, query: ReadLog) -> LogPage:
        """The page that is asked for, oldest record first.

        A log that cannot be read gives an empty page that says why it ``failed``; nothing is raised for it.
        """

    @abstractmethod
    def close(self) -> None:
        """Release what is held."""


def failed_page(reason: str) -> LogPage:
    """The page of a log that cannot be read."""
    return LogPage(at_start=True, at_end=True, searched=1.0, notice=reason, failed=reason)


def page_length(query: ReadLog) -> int:
    """How many records to give."""
    return max(1, min(query.limit, LONGEST_PAGE))
