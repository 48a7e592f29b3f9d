"""Every interface of the scheduler on one page.

Implementations live in the package named after the interface: periods in ``time``, conditions in
``conditions``, arguments in ``args``, executors in ``execution``, controllers in ``control``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from redengine.conditions.context import Context
    from redengine.time.span import Interval

#: What a run can be logged as. ``run`` is its start; every other action is an end.
Action = Literal["run", "success", "fail", "inaction", "terminate", "crash"]

#: Something a condition's truth can depend on: ``("task", name)``, ``("param", key)``, ``("scheduler",)`` ...
Topic = tuple[Hashable, ...]


class Clock(Protocol):
    """Where all time comes from."""

    def time(self) -> float:
        """Wall clock: seconds since the Unix epoch. May be stepped by the operator or NTP."""

    def monotonic(self) -> float:
        """Seconds since some fixed point; never goes back and is not affected by clock steps."""


class TimePeriod(ABC):
    """A set of instants, made of intervals that are closed on the left and open on the right.

    Datetimes may be naive (wall time as it is) or aware (wall time of their zone, the result is in the same
    zone; a wall time skipped by DST is the first instant after it, a repeated one counts once, the first time).
    """

    @abstractmethod
    def __contains__(self, dt: object) -> bool:
        """Whether the instant is inside the period."""

    @abstractmethod
    def occurrence(self, dt: datetime) -> Interval | None:
        """The occurrence around ``dt`` (``left <= dt < right``), or ``None`` when ``dt`` is outside."""

    @abstractmethod
    def following(self, dt: datetime) -> Interval | None:
        """The first occurrence that starts strictly after ``dt``, or ``None`` when there is none any more."""

    @abstractmethod
    def preceding(self, dt: datetime) -> Interval | None:
        """The last occurrence that ended at or before ``dt``, or ``None`` when there is none."""

    @abstractmethod
    def rollback(self, dt: datetime) -> Interval:
        """The newest stretch of the period up to ``dt``: what of the current occurrence has passed, else the
        previous occurrence whole."""

    @abstractmethod
    def rollforward(self, dt: datetime) -> Interval:
        """The nearest stretch of the period from ``dt`` on: what is left of the current occurrence, else the
        next occurrence whole."""


class Finding(Struct, frozen=True):
    """What a condition is at one instant, and for how long that holds."""

    truth: bool
    #: Epoch seconds at which the truth may change by the passing of time alone; ``inf`` when only an event can.
    until: float


class Condition(ABC):
    """Something that is true or false at an instant, for a task."""

    @abstractmethod
    def examine(self, ctx: Context) -> Finding:
        """The truth at ``ctx.now`` and when to look again. Pure: reads nothing but the context."""

    @abstractmethod
    def topics(self, task_name: str | None) -> Iterable[Topic]:
        """The events that can change the truth, for the task that holds this condition."""

    @abstractmethod
    def observe(self, **kwargs: Any) -> bool:
        """The truth now, in the words of Rocketry: ``cond.observe(task=..., session=...)``."""


class Argument(ABC):
    """A value that is worked out when a task runs."""

    @abstractmethod
    def get_value(self, **kwargs: Any) -> Any:
        """The value for a run; given ``task``, ``session`` and, for threads, ``terminate_event``.

        Raises ``KeyError`` (or a ``ValueError`` with a reason) when there is no value.
        """

    @abstractmethod
    def stage(self, **kwargs: Any) -> Any:
        """What is handed to another thread or process in place of this argument: itself, or its value."""


class Job(Struct, frozen=True):
    """One run, ready to be executed."""

    run_id: str
    task_name: str
    #: Takes no argument; returns the task's return value (an awaitable of it when ``is_async``).
    work: Callable[[], Any]
    is_async: bool = False
    #: File that receives what the run prints; ``None`` lets it through.
    output: Path | None = None
    #: Set to ask a thread to stop.
    terminate_event: Any = None
    #: Whether a process ends with the scheduler.
    daemon: bool = True


class Outcome(Struct, frozen=True):
    """How one run ended."""

    run_id: str
    action: Literal["success", "fail", "inaction", "terminate", "crash"]
    return_value: Any = None
    #: The formatted traceback, or the reason of a crash.
    exc_text: str | None = None
    #: The exception itself where it could be carried over.
    exception: BaseException | None = None


class Executor(ABC):
    """Runs jobs in one way. Every method is called on the driver's event loop, and so is ``report``."""

    name: ClassVar[str]

    @abstractmethod
    async def launch(self, job: Job, report: Callable[[Outcome], None]) -> None:
        """Start the job. ``report`` is called exactly once when it has ended, however it ends.

        Returns as soon as the job is under way (``main`` returns when it is done). Raises only when the job
        could not be handed over at all; then ``report`` is not called.
        """

    @abstractmethod
    def terminate(self, run_id: str, reason: str) -> None:
        """Ask a run to stop, by force where that is possible. Unknown and ended runs are ignored."""

    @abstractmethod
    async def close(self, *, force: bool = False) -> None:
        """Release threads and processes. Running jobs are waited for, or with ``force`` ended."""


Listener = Callable[[], None]


class Controller(ABC):
    """What a screen (or a script) sees of one scheduler and can ask of it, near or far.

    All methods are called on the screen's own event loop. See :mod:`redengine.control.messages`.
    """

    @abstractmethod
    def snapshot(self) -> Any:
        """The newest :class:`~redengine.control.messages.Snapshot`, whole."""

    @abstractmethod
    def changes(self, since: int) -> Any:
        """A :class:`~redengine.control.messages.Delta` of all that changed after sequence number ``since``."""

    @abstractmethod
    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` on this event loop when there is something new. Wake-ups are coalesced: one is
        pending at a time, until :meth:`changes` is called. Returns a function that unsubscribes."""

    @abstractmethod
    def send(self, command: Any) -> Awaitable[Any]:
        """Have a command carried out; the :class:`~redengine.control.messages.Reply` says whether it was, or
        why not. Never raises for a refused command."""

    @abstractmethod
    def ask(self, query: Any) -> Awaitable[Any]:
        """Answer a query of :mod:`redengine.control.messages` (condition check, explanation, parameters, log)."""

    def link(self) -> Any:
        """How a far scheduler is connected: a :class:`~redengine.control.messages.Link`; ``None`` of one in this
        process. Listeners are called when it changes, but not for the passing of time."""
        return None

    def set_pace(self, seconds: float) -> None:  # noqa: B027
        """Have changes come no more often than every so many seconds; 0: as they happen. Of one in this process
        nothing has to be spared."""
