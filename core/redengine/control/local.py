"""The controller of a scheduler in this process, on another thread."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from redengine.abc import Controller, Listener
from redengine.control import messages as m
from redengine.control.callers import refused, this_user
from redengine.control.commands import carry_out
from redengine.control.explain import LONGEST, no_task, problems_of, report, report_now, report_of
from redengine.control.foretelling import foretell
from redengine.control.log_reading import LogReading
from redengine.control.parameters import evaluate, list_parameters
from redengine.control.publisher import Publisher
from redengine.syntax import complete

Answered = TypeVar("Answered")

#: Seconds to wait for the scheduler's thread; a ``main`` task may keep it busy.
PATIENCE = 3.0

BUSY = "The scheduler is busy with a task that runs on its own thread (execution='main'), or with a slow condition"

#: What is said of a condition that a reader wrote, which could call the project's own code with what they wrote.
NOT_ASKED = "You may look, but not change anything: whether a condition holds is told of the one the task has."

#: What is said of a condition whose truth is asked for meanwhile.
UNREAD = "The log is still being read: whether this holds is known when it is."


class LocalController(Controller):
    """Watches and steers a session's scheduler from the event loop of a screen.

    Parameters
    ----------
    session
        Whose scheduler.
    publisher
        Publishes the session's state.
    caller
        Who asks, and what they may do; by default whoever runs this process.
    log
        Reads the log; shared by the controllers of one scheduler, each of which would else open it for itself.
    """

    def __init__(
        self, session: Any, publisher: Publisher, caller: m.Caller | None = None, log: LogReading | None = None
    ) -> None:
        self._session = session
        self._publisher = publisher
        self._caller = caller or this_user()
        self._log = log or LogReading(session)
        #: Listeners for which a wake-up waits.
        self._pending: set[object] = set()

    def snapshot(self) -> m.Snapshot:
        """See :class:`redengine.abc.Controller`."""
        return self._publisher.snapshot()

    def changes(self, since: int) -> m.Delta:
        """See :class:`redengine.abc.Controller`."""
        self._pending.clear()
        return self._publisher.changes(since)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """See :class:`redengine.abc.Controller`."""
        loop, mark = asyncio.get_running_loop(), object()

        def wake() -> None:
            # On the scheduler's thread: one wake-up waits at a time, however long the screen stalls.
            if mark in self._pending or loop.is_closed():
                return
            self._pending.add(mark)
            with contextlib.suppress(RuntimeError):  # closed just now: the screen is gone
                loop.call_soon_threadsafe(listener)

        return self._publisher.watch(wake)

    async def send(self, command: Any) -> m.Reply:
        """See :class:`redengine.abc.Controller`."""
        answer = self._publisher.call(lambda: carry_out(self._session, command, self._caller))
        if reason := refused(self._caller, command):
            # Known without the scheduler, which only notes that it was asked for.
            return m.Reply(False, reason)
        if answer is None:
            return m.Reply(False, "The scheduler is not running")
        try:
            reply: m.Reply = await asyncio.wait_for(asyncio.shield(answer), PATIENCE)
        except asyncio.TimeoutError:
            return m.Reply(True, f"{BUSY}: this is done once that ends")
        return reply

    async def ask(self, query: Any) -> Any:
        """See :class:`redengine.abc.Controller`."""
        if reason := refused(self._caller, query):
            return m.Reply(False, reason)
        if isinstance(query, m.CheckCondition):
            return await self._check(query)
        if isinstance(query, m.Explain):
            return await self._explain(query)
        if isinstance(query, m.Foretell):
            return await foretell(self._session, self._publisher, query.hours)
        if isinstance(query, m.FollowRun):
            return await self._follow(query.ticket)
        if isinstance(query, m.Complete) and len(query.condition) > LONGEST:
            return m.Completions()
        if isinstance(query, m.Complete):
            items = complete(
                query.condition,
                query.position,
                custom=self._session.get_cond_parsers(),
                task_names=[str(name) for name in self._session.tasks.names()],
            )
            return m.Completions(items)
        if isinstance(query, m.ListParameters):
            return list_parameters(self._session, self._find(query.task))
        if isinstance(query, m.EvaluateParameter):
            # It may take its time, and nobody else may be kept waiting.
            return await asyncio.to_thread(evaluate, self._session, self._find(query.task), query.name, query.scope)
        if isinstance(query, m.ReadLog):
            return await asyncio.to_thread(self._log.read, query)
        if isinstance(query, m.ReadOutput):
            return await asyncio.to_thread(self._log.read_output, query)
        raise TypeError(f"{type(query).__name__} is not a query")

    def _find(self, name: str) -> Any:
        return self._session[name] if name and name in self._session else None

    async def _check(self, query: m.CheckCondition) -> m.ConditionReport:
        problems = problems_of(query.condition, self._session)
        task = self._find(query.task)
        if task is None:
            gone = m.Problem(f"There is no task {query.task!r} any more", 0, 0, 1, 1)
            return m.ConditionReport(False, (*problems, gone))
        if any(problem.severity == "error" for problem in problems):
            return m.ConditionReport(False, problems)

        reads_only = self._caller.role == "read"
        if reads_only and query.condition.strip() != str(task.start_cond).strip():
            return m.ConditionReport(True, problems, verdict=NOT_ASKED)
        if not self._session.past_known:
            return m.ConditionReport(True, problems, verdict=UNREAD)

        def work() -> m.ConditionReport:
            ctx = self._session.context(task)
            # What a reader wrote is not so much as parsed: the project's own code makes custom conditions.
            return report_of(task, ctx) if reads_only else report(query.condition, task, ctx)

        busy = m.ConditionReport(True, problems, verdict=f"{BUSY}: its truth is not known now.")
        return await self._on_scheduler(work, busy)

    async def _explain(self, query: m.Explain) -> m.ConditionReport:
        task = self._find(query.task)
        if task is None:
            return m.ConditionReport(False, (no_task(self._session, query.task),))
        if not self._session.past_known:
            return m.ConditionReport(True, verdict=UNREAD)
        busy = m.ConditionReport(True, verdict=f"{BUSY}: why it is or is not started is not known now.")
        return await self._on_scheduler(lambda: report_now(task, self._session.context(task)), busy)

    async def _follow(self, ticket: str) -> m.RunStatus:
        tickets = self._session.tickets
        known: m.RunStatus = tickets.known(ticket)
        if known.state != "waiting":
            return known
        # Whether it was taken back is seen where it is started.
        return await self._on_scheduler(lambda: tickets.status(ticket), known)

    async def _on_scheduler(self, work: Callable[[], Answered], busy: Answered) -> Answered:
        """What a function gives on the scheduler's thread; ``busy`` when that has no time for it."""
        answer = self._publisher.call(work)
        if answer is None:
            # The project's own code takes part, and may take its time.
            return await asyncio.to_thread(work)
        try:
            found: Answered = await asyncio.wait_for(asyncio.shield(answer), PATIENCE)
        except asyncio.TimeoutError:
            return busy
        return found
