"""Many schedulers as one: connects to all of them, and keeps one list of all their tasks.

What changes at one of them costs as much as that one change, however many tasks there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from redengine.abc import Controller, Listener
from redengine.control.board import Board
from redengine.control.messages import (
    Command,
    Delta,
    Link,
    Reply,
    SchedulerView,
    Snapshot,
    TaskView,
)
from redengine.control.wire.unanswered import unanswered
from redengine.exc import ControlError
from redengine_tui.staleness import PictureClock, is_stale

if TYPE_CHECKING:
    from redengine_tui.panes.condition import Draft

#: Seconds between two tries to connect to one for the first time: at first, and at most.
FIRST_RETRY, LONGEST_RETRY = 1.0, 30.0
#: Seconds that one try may take.
PATIENCE = 20.0
#: Connections that are made at a time: each is a process, and each may be logged in to.
AT_A_TIME = 16
#: Seconds between two states of one that is at the end of a slow link.
SPARING_PACE = 0.5
#: Between a scheduler's label, which has none, and the name of a task.
_BETWEEN = "\t"
#: Tasks that one scheduler may have before the order of declaration mixes them with those of the next.
_APART = 1_000_000

_FIELDS = TaskView.__struct_fields__


class FleetTask(TaskView, frozen=True):
    """A task of one of many schedulers. Its ``name`` is that of no other in the whole fleet."""

    #: The label of its scheduler, and its own name there. Raw.
    scheduler: str = ""
    task: str = ""


class Connected(NamedTuple):
    """A scheduler that is connected to."""

    controller: Controller
    #: The time there (epoch seconds).
    clock: Callable[[], float]
    close: Callable[[], Awaitable[object]]


class Candidate(NamedTuple):
    """A scheduler that is to be connected to."""

    #: What people call it; made unlike all others.
    label: str
    #: Where it is, in words: ``ssh build7``.
    where: str
    #: Connects, asking nobody anything, or raises :class:`~redengine.exc.ControlError`.
    connect: Callable[[], Awaitable[Connected]]


class Member:
    """One scheduler of the fleet, there or not."""

    def __init__(self, candidate: Candidate, label: str, place: int, clock: Callable[[], float]) -> None:
        self.candidate = candidate
        self.label = label
        self.place = place
        self.controller: Controller | None = None
        self.scheduler: SchedulerView | None = None
        #: The time there, and the time there that its picture is of (epoch seconds).
        self.now: Callable[[], float] = clock
        self.clock: Callable[[], float] = clock
        #: What was typed on its screen and not applied, by task.
        self.drafts: dict[str, Draft] = {}
        self.seq = 0
        #: Seconds between two of its states, at least.
        self.pace = 0.0
        self._problem = ""
        self._retry_at: float | None = None
        self._asked_at: float | None = None
        self._close: Callable[[], Awaitable[object]] | None = None

    @property
    def link(self) -> Link:
        """How it is connected; one beside this screen always is."""
        if self.controller is not None:
            return self.controller.link() or Link(self.candidate.where, "connected")
        now = asyncio.get_running_loop().time()
        silent = 0.0 if self._asked_at is None else now - self._asked_at
        retry_in = None if self._retry_at is None else max(self._retry_at - now, 0.0)
        return Link(self.candidate.where, "lost", silent, None, retry_in, self._problem)

    @property
    def is_stale(self) -> bool:
        """Whether what is known of it may not be so any more."""
        if self.controller is None and not self._problem:
            # It was only just begun to be asked.
            return False
        return is_stale(self.link)

    async def connect(self, turns: asyncio.Semaphore, changed: Callable[[], object]) -> Controller:
        """Try until there is a connection, less and less often."""
        loop = asyncio.get_running_loop()
        self._asked_at = loop.time()
        wait = FIRST_RETRY
        while True:
            self._retry_at = None
            try:
                async with turns:
                    changed()
                    connected = await asyncio.wait_for(self.candidate.connect(), PATIENCE)
            except (asyncio.TimeoutError, ControlError) as error:
                self._problem = str(error) or f"no answer in {PATIENCE:.0f} s"
                self._retry_at = loop.time() + wait
                changed()
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_RETRY)
            else:
                break
        self.controller, self._close = connected.controller, connected.close
        self.now = connected.clock
        self.clock = PictureClock(connected.clock, lambda: self.link)
        return self.controller

    async def close(self) -> None:
        """End the connection."""
        if self._close is not None:
            await self._close()

    def fleet_task(self, view: TaskView) -> FleetTask:
        """A task of this scheduler, as the fleet has it."""
        fields: dict[str, Any] = {field: getattr(view, field) for field in _FIELDS}
        fields.update(name=self.key(view.name), order=self.place * _APART + view.order)
        return FleetTask(**fields, scheduler=self.label, task=view.name)

    def key(self, task: str) -> str:
        """The name that a task of this scheduler has in the fleet."""
        return f"{self.label}{_BETWEEN}{task}"


class FleetController(Controller):
    """Watches and steers many schedulers from the running event loop.

    Commands and queries are of the task that they name, and go to its scheduler. For what is done to a scheduler itself
    see its :class:`Member`.
    """

    def __init__(self, candidates: Iterable[Candidate], clock: Callable[[], float]) -> None:
        """``clock`` gives the time here, in epoch seconds."""
        self.members: tuple[Member, ...] = tuple(
            Member(candidate, label, place, clock)
            for place, (candidate, label) in enumerate(_told_apart(tuple(candidates)))
        )
        self._by_label = {member.label: member for member in self.members}
        self.clock = clock
        self._board = Board(self._summary())
        self._news: dict[Member, None] = {}
        self._connecting: set[asyncio.Task[None]] = set()
        self._listeners: list[Listener] = []
        self._pending = False
        self._pace = 0.0

    def start(self) -> None:
        """Connect to all of them, at once and in the background."""
        turns = asyncio.Semaphore(AT_A_TIME)
        for member in self.members:
            task = asyncio.get_running_loop().create_task(self._connect(member, turns))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def close(self) -> None:
        """End all connections."""
        tasks = tuple(self._connecting)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(member.close() for member in self.members), return_exceptions=True)

    async def _connect(self, member: Member, turns: asyncio.Semaphore) -> None:
        controller = await member.connect(turns, lambda: self._heard(member))
        controller.subscribe(lambda: self._heard(member))
        self._heard(member)

    def _heard(self, member: Member) -> None:
        """There is something new of this one."""
        self._news[member] = None
        if not self._pending:
            self._pending = bool(self._listeners)
            for listener in list(self._listeners):
                listener()

    def member_of(self, task: str) -> Member | None:
        """The scheduler of a task of the fleet."""
        return self._by_label.get(task.partition(_BETWEEN)[0])

    # The picture

    def _take_news(self) -> None:
        news, self._news = self._news, {}
        for member in news:
            if (controller := member.controller) is None:
                continue
            self._keep_pace(member, controller)
            delta: Delta = controller.changes(member.seq)
            member.seq, member.scheduler = delta.seq, delta.scheduler
            self._board.change(
                self._board.scheduler, map(member.fleet_task, delta.tasks), map(member.key, delta.removed)
            )
        if news:
            self._board.change(self._summary())

    def _summary(self) -> SchedulerView:
        known = [member.scheduler for member in self.members if member.scheduler is not None]
        starts = [(view.next_at, view.next_task) for view in known if view.next_at is not None]
        next_at, next_task = min(starts, default=(None, ""))
        return SchedulerView(
            project="Fleet",
            path="",
            host="",
            pid=0,
            state="running",
            tasks=sum(view.tasks for view in known),
            running=sum(view.running for view in known),
            failing=sum(view.failing for view in known),
            next_at=next_at,
            next_task=next_task,
        )

    def snapshot(self) -> Snapshot:
        """See :class:`redengine.abc.Controller`."""
        self._take_news()
        return self._board.snapshot()

    def changes(self, since: int) -> Delta:
        """See :class:`redengine.abc.Controller`."""
        self._pending = False
        self._take_news()
        return self._board.changes(since)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """See :class:`redengine.abc.Controller`."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def set_pace(self, seconds: float) -> None:
        """See :class:`redengine.abc.Controller`: for all of them."""
        self._pace = seconds
        for member in self.members:
            if member.controller is not None:
                self._keep_pace(member, member.controller)

    def _keep_pace(self, member: Member, controller: Controller) -> None:
        """Spare the link to this one, if all are to be spared or it is slow."""
        pace = max(self._pace, SPARING_PACE if member.link.slow else 0.0)
        if pace != member.pace:
            member.pace = pace
            controller.set_pace(pace)

    # What is asked

    async def send(self, command: Any) -> Reply:
        """See :class:`redengine.abc.Controller`."""
        member, own = self._own(command)
        if member is None:
            return Reply(False, "There is no such scheduler in this fleet: nothing was done")
        return await self.send_to(member, own)

    async def send_to(self, member: Member, command: Command) -> Reply:
        """Have a command carried out by this scheduler; tasks in it have their names there."""
        if member.controller is None:
            why = f" ({problem})" if (problem := member.link.problem) else ""
            return Reply(False, f"{member.label} is not connected{why}: nothing was done")
        reply: Reply = await member.controller.send(command)
        return reply

    async def ask(self, query: Any) -> Any:
        """See :class:`redengine.abc.Controller`."""
        member, own = self._own(query)
        if member is None or member.controller is None:
            return unanswered(query, "its scheduler is not connected.")
        return await member.controller.ask(own)

    def _own(self, command: Any) -> tuple[Member | None, Any]:
        """The scheduler that a command or query is for, and the same with the name that its task has there."""
        label, _, task = getattr(command, "task", "").partition(_BETWEEN)
        member = self._by_label.get(label)
        return member, command if member is None else msgspec.structs.replace(command, task=task)


def _told_apart(candidates: tuple[Candidate, ...]) -> Iterable[tuple[Candidate, str]]:
    """Each with a label that no other has, and in which nothing separates it from a task's name."""
    taken: set[str] = set()
    for candidate in candidates:
        wanted = " ".join(candidate.label.split()) or candidate.where
        label, number = wanted, 1
        while label in taken:
            number += 1
            label = f"{wanted} ({number})"
        taken.add(label)
        yield candidate, label
