"""What became of the runs that somebody asked for by a ticket: a name of their own making for one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from redengine.abc import Action
from redengine.args.parameters import Parameters
from redengine.control.messages import RunStatus

#: Tickets that are remembered, the newest.
KEPT = 1000
#: Characters of a traceback that are kept for a ticket, the last.
LONGEST_TRACEBACK = 20_000
#: What is said of a run that was asked for and is not to come.
TAKEN_BACK = "It was taken back before it started"
STOPPED = "The scheduler stopped before it started"

UNKNOWN = RunStatus("unknown")


class _Asked(NamedTuple):
    """A run that waits to be started: its ticket, and what it was asked for with, by which it is known again."""

    ticket: str
    task: Any
    batch: Parameters


class Tickets:
    """The state of each run by its ticket. Changed on the scheduler's thread alone.

    ``now`` gives the time in epoch seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._statuses: dict[str, RunStatus] = {}
        #: By the identity of what they were asked for with.
        self._waiting: dict[int, _Asked] = {}

    def __contains__(self, ticket: str) -> bool:
        return ticket in self._statuses

    def ask(self, ticket: str, task: Any, batch: Parameters) -> None:
        """Take in that a run was asked for: the one that will be started with just these parameters."""
        self._statuses[ticket] = RunStatus("waiting", str(task.name))
        self._waiting[id(batch)] = _Asked(ticket, task, batch)
        while len(self._statuses) > KEPT:
            oldest = next(iter(self._statuses))
            del self._statuses[oldest]
            self._waiting = {key: asked for key, asked in self._waiting.items() if asked.ticket != oldest}

    def take(self, batch: Parameters) -> str:
        """The ticket of a run that is about to start; empty when it has none."""
        asked = self._waiting.pop(id(batch), None) if self._waiting else None
        return "" if asked is None else asked.ticket

    def started(self, ticket: str, run_id: str, at: float) -> None:
        """Take in that a run has started."""
        self._change(ticket, state="running", run_id=run_id, started=at)

    def ended(self, ticket: str, action: Action, exc_text: str = "", **others: Any) -> None:
        """Take in how a run ended."""
        if len(exc_text) > LONGEST_TRACEBACK:
            exc_text = f"… {exc_text[-LONGEST_TRACEBACK:]}"
        self._change(ticket, state="ended", action=action, ended=self._now(), exc_text=exc_text, **others)

    def close(self) -> None:
        """The scheduler has stopped: what waits is not started any more."""
        for asked in self._waiting.values():
            self.ended(asked.ticket, "terminate", STOPPED)
        self._waiting.clear()

    def known(self, ticket: str) -> RunStatus:
        """What is known, on any thread."""
        return self._statuses.get(ticket, UNKNOWN)

    def status(self, ticket: str) -> RunStatus:
        """How the run of a ticket is."""
        for key, asked in self._waiting.items():
            if asked.ticket == ticket and not _is_queued(asked):
                del self._waiting[key]
                self.ended(ticket, "terminate", TAKEN_BACK)
                break
        return self.known(ticket)

    def _change(self, ticket: str, **values: Any) -> None:
        status = self._statuses.get(ticket)
        if status is not None:
            self._statuses[ticket] = msgspec.structs.replace(status, **values)


def _is_queued(asked: _Asked) -> bool:
    task = asked.task
    return task in task.session.tasks and any(batch is asked.batch for batch in list(task.batches))
