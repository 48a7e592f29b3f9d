"""A session's schedule on a virtual clock: what tests move by hand and what a forecast runs ahead of time.

What decides is the engine that also runs in earnest. What is simulated is the rest: time, and the runs of tasks, which
take as long and end as they are told to. No task's code is run, nothing is logged, nobody sleeps.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from math import inf
from typing import Any

from redengine.abc import Topic
from redengine.conditions import AlwaysFalse
from redengine.conditions.context import Context
from redengine.conditions.logic import foreseen
from redengine.log.history import END_ACTIONS, HistoryBook
from redengine.scheduling.engine import Engine, Start
from redengine.tasks.registry import TaskSet

#: Passes at one instant after which a simulation gives up: time no longer moves.
MOST_PASSES = 10_000

Seconds = float | timedelta


class VirtualClock:
    """A clock that stands still until it is moved. Fits wherever a :class:`~redengine.abc.Clock` does.

    ``start`` is a datetime (aware, or naive in the machine's time zone) or epoch seconds.
    """

    def __init__(self, start: datetime | float = 0.0) -> None:
        self._wall = _epoch(start)
        self._steady = 0.0

    def time(self) -> float:
        """Epoch seconds."""
        return self._wall

    def monotonic(self) -> float:
        """Seconds that were let pass with :meth:`advance` so far."""
        return self._steady

    def advance(self, seconds: Seconds) -> None:
        """Let time pass. Raises ``ValueError`` for a negative length: time does not go back, a clock is set back."""
        length = _length(seconds)
        if length < 0:
            raise ValueError(f"Time does not go back ({length} s): use set() to put the clock back")
        self._wall += length
        self._steady += length

    def set(self, when: datetime | float) -> None:
        """Set the clock, as an operator does: no time passes by that."""
        self._wall = _epoch(when)

    def _arrive(self, when: float) -> None:
        """Let time pass until exactly ``when``, which adding up lengths would miss by rounding."""
        self._steady += when - self._wall
        self._wall = when


@dataclass(frozen=True, slots=True)
class Started:
    """A run that was started in a simulation."""

    task: Any
    #: When: epoch seconds, and in the session's time zone.
    at: float
    when: datetime
    #: Somebody asked for it; else its condition held.
    forced: bool
    run_id: str
    #: The beat of its rhythm that the run is for (epoch seconds); ``None``: it has none.
    nominal: float | None = None
    #: 1 for the first run of the task in the simulation.
    number: int = 1


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that ended in a simulation."""

    task: Any
    #: When: epoch seconds, and in the session's time zone.
    at: float
    when: datetime
    #: ``success fail inaction terminate crash``
    action: str
    run_id: str
    #: When it was started, in epoch seconds.
    start: float
    #: Why it was terminated.
    reason: str | None = None


class Simulation:
    """A session's schedule on a virtual clock.

    Parameters
    ----------
    session
        Whose tasks, conditions and configuration. While simulated its ``time_func`` is the virtual clock, and its
        tasks' pasts are those of the simulation, until :meth:`close`.
    start
        When it begins: a datetime (naive: wall time of the session's zone) or epoch seconds; now by default.
    durations
        How long runs take (seconds or timedelta; ``inf``: until stopped): one for all, a mapping by task name (others
        take no time), or a function of the :class:`Started`.
    outcomes
        How runs end: an action for all, a mapping from task name to an action or a sequence of actions (one a run,
        the last for all that follow), or a function of the :class:`Started`.
    lateness
        Seconds by which the scheduler wakes up later than it wanted to, each time; may be a function.
    poll
        Seconds between looks at conditions that cannot foresee their change; as configured by default.
    detached
        Leave the session as it is and simulate what would follow from its present state: pasts are copied, asked runs
        are not used up. Conditions that cannot be foreseen are not asked, since they may have effects: see
        :attr:`unforeseen`. Times before now make no sense here.
    only
        Names of the tasks to simulate, when detached; all by default.
    conditions
        Start conditions to assume instead of the tasks' own, by name, when detached.
    pause
        Called before each look at a task.
    """

    def __init__(
        self,
        session: Any,
        start: datetime | float | None = None,
        *,
        durations: Seconds | Mapping[Any, Seconds] | Callable[[Started], Seconds] = 0.0,
        outcomes: str | Mapping[Any, str | Sequence[str]] | Callable[[Started], str] = "success",
        lateness: float | Callable[[], float] = 0.0,
        poll: float | None = None,
        detached: bool = False,
        only: Collection[Any] | None = None,
        conditions: Mapping[Any, Any] | None = None,
        pause: Callable[[], object] | None = None,
    ) -> None:
        self.session = session
        #: All starts and ends so far, in order.
        self.starts: list[Started] = []
        self.ends: list[Ended] = []
        #: What conditions raised: epoch seconds, task, exception (``None``: works again).
        self.problems: list[tuple[float, Any, BaseException | None]] = []
        #: How often a task was looked at.
        self.looks = 0
        #: Whether the condition to shut down has become true; nothing starts after that.
        self.over = False
        #: Names of tasks left out because their condition cannot be foreseen (when detached).
        self.unforeseen: list[Any] = []
        self.clock = VirtualClock(session.get_time() if start is None else self._epoch(start))
        self._durations, self._outcomes, self._lateness, self._poll = durations, outcomes, lateness, poll
        self._detached = detached
        self._pause = pause
        self._events: list[tuple[float, int, int, Callable[[], Any]]] = []
        self._order = count()
        self._runs: dict[str, tuple[Any, float, bool]] = {}
        self._numbers: defaultdict[Any, int] = defaultdict(int)
        self._heard: deque[Topic] = deque()
        #: The pasts of the tasks.
        self.book: HistoryBook = HistoryBook() if detached else session.book
        self._started_at: float | None = self.clock.time()
        self._begun = False
        self._close: list[Callable[[], None]] = []
        view = self._detach(only, conditions or {}) if detached else self._attach()
        self._tasks: TaskSet = view.tasks
        self.engine = Engine(view, self._context, self._problem)
        self.engine.on_hold = session.on_hold and not detached
        if detached:
            self._take_over_runs()

    def _attach(self) -> Any:
        session, config = self.session, self.session.config
        before, timer = config.time_func, session.pace.timer
        config.time_func = self.clock.time
        session.pace.timer = self.clock.monotonic
        self._close = [
            session.listen(self._heard.append),
            lambda: setattr(config, "time_func", before),
            lambda: setattr(session.pace, "timer", timer),
        ]
        return session

    def _detach(self, only: Collection[Any] | None, conditions: Mapping[Any, Any]) -> _View:
        tasks = [
            _Shadow(task, conditions.get(task.name, task.start_cond))
            for task in self.session.tasks
            if only is None or task.name in only
        ]
        self.unforeseen = [task.name for task in tasks if not task.is_foreseen]
        for task in tasks:
            self.book.put(task.name, self.session.book[task.name].copy())
        if self.session.scheduler.started_at is not None:
            self._started_at = self.session.scheduler.started_at
        self._begun = True
        config = self.session.config
        if config.shut_cond is not None and not foreseen(config.shut_cond):
            config = config.model_copy(update={"shut_cond": None})
        return _View(TaskSet(tasks), config)

    def close(self) -> None:
        """Give the session its own clock back."""
        for undo in self._close:
            undo()
        self._close = []

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What is asked of it

    def at(self, when: datetime | float, callback: Callable[[], Any]) -> None:
        """Call something at an instant (naive datetimes: wall time of the session's zone): force or disable a task,
        set a parameter, hold the scheduler, :meth:`step_clock`."""
        self._push(self._epoch(when), 1, callback)

    def step_clock(self, by: Seconds) -> None:
        """Put the clock forwards, or with a negative length backwards, without time passing. Runs go on as if nothing
        had happened."""
        seconds = _length(by)
        self.clock.set(self.clock.time() + seconds)
        self._events = [
            (when + seconds if kind == 0 else when, kind, order, action) for when, kind, order, action in self._events
        ]
        heapq.heapify(self._events)
        self.engine.clock_stepped(self.clock.time(), seconds)

    def run(
        self, until: datetime | float | timedelta, most: int | None = None, looks: int | None = None
    ) -> list[Started]:
        """Simulate up to, but not including, an instant (a timedelta: from now on) and return what was started.

        ``most`` ends it at the instant that has seen so many starts, ``looks`` when conditions have been looked at so
        often since the simulation began. Raises ``RuntimeError`` when the schedule never
        gets past an instant.
        """
        end = self.clock.time() + until.total_seconds() if isinstance(until, timedelta) else self._epoch(until)
        known = len(self.starts)
        if not self._begun:
            self._begun = True
            self._start_up()
        passes = 0
        while not self.over and (most is None or len(self.starts) - known < most):
            self._take_in()
            now = self.clock.time()
            if not self.engine.has_work:
                coming = self._coming()
                if coming >= end:
                    break
                if coming > now:
                    self.clock._arrive(coming)
                    passes = 0
            passes += 1
            if looks is not None and self.looks >= looks:
                return self.starts[known:]
            if passes > MOST_PASSES:
                raise RuntimeError(f"The schedule does not get past {self._when(now)}: something starts over and over")
            self._pass()
        if self.clock.time() < end < inf and (most is None or len(self.starts) - known < most):
            self.clock._arrive(end)
        return self.starts[known:]

    # How it goes on

    def _coming(self) -> float:
        """When something happens next."""
        due = self.engine.wake_at()
        if due > self.clock.time():
            due += self._lateness() if callable(self._lateness) else self._lateness
        return min(due, self._events[0][0] if self._events else inf)

    def _pass(self) -> None:
        now = self.clock.time()
        while self._events and self._events[0][0] <= self.clock.time():
            heapq.heappop(self._events)[3]()
        self._take_in()
        self.engine.begin(now)
        while (action := self.engine.next(self.clock.time())) is not None:
            if isinstance(action, Start):
                self._start(action)
            else:
                self._end(action.run_id, "terminate", action.reason)
            self._take_in()
        if not self._detached:
            self.session.scheduler.n_cycles += 1
        self.over = self.engine.is_over(self.clock.time())

    def _start_up(self) -> None:
        """Start what is started with the scheduler, as that does."""
        for task in sorted(self.session.tasks, key=lambda task: -task.priority):
            if not task.on_startup:
                continue
            forced = bool(task.batches) or (isinstance(task.start_cond, AlwaysFalse) and not task.disabled)
            context = self._context(task, self.clock.time())
            if forced or (not task.disabled and task.start_cond.examine(context).truth):
                self._start(Start(task, forced))

    def _start(self, start: Start) -> None:
        task, now = start.task, self.clock.time()
        if task.batches:
            task.batches.pop(0)
        run_id = f"simulated-{next(self._order)}"
        history = self.book[task.name]
        history.note("run", now)
        if start.nominal is not None:
            history.nominal_start = start.nominal
        history.live[run_id] = now
        self._numbers[task.name] += 1
        number = self._numbers[task.name]
        started = Started(task.name, now, self._when(now), start.forced, run_id, start.nominal, number)
        self.starts.append(started)
        self._follow(task, started, now)
        self._tell(("task", task.name))

    def _follow(self, task: Any, started: Started, not_before: float) -> None:
        """Have the run end in due time."""
        in_process = task.get_execution() == "process"
        self._runs[started.run_id] = (task, started.at, in_process)
        self.engine.processes += in_process
        ends = started.at + _length(_of(self._durations, started, 0.0))
        if ends < inf:
            action = self._outcome(started)
            self._push(max(ends, not_before), 0, lambda: self._end(started.run_id, action, None))

    def _outcome(self, started: Started) -> str:
        outcome: str | Sequence[str] = _of(self._outcomes, started, "success")
        if not isinstance(outcome, str):
            outcome = outcome[min(started.number, len(outcome)) - 1]
        if outcome not in END_ACTIONS:
            raise ValueError(f"A run ends with one of {', '.join(sorted(END_ACTIONS))}, not with {outcome!r}")
        return outcome

    def _end(self, run_id: str, action: str, reason: str | None) -> None:
        if run_id not in self._runs:
            return
        task, start, in_process = self._runs.pop(run_id)
        now = self.clock.time()
        history = self.book[task.name]
        history.live.pop(run_id, None)
        if not history.live:
            task._force_termination = False
        history.note(action, now, runtime=max(now - start, 0.0))
        self.ends.append(Ended(task.name, now, self._when(now), action, run_id, start, reason))
        if in_process:
            self.engine.processes -= 1
        self._tell(("task", task.name))

    def _take_over_runs(self) -> None:
        """Have the session's live runs end in their due time."""
        for task in self._tasks:
            for run_id, start in list(self.book[task.name].live.items()):
                self._follow(task, Started(task.name, start, self._when(start), False, run_id), self.clock.time())

    # What connects it

    def _push(self, when: float, kind: int, action: Callable[[], Any]) -> None:
        # Runs that end (0) come before what is asked for at the same instant (1).
        heapq.heappush(self._events, (when, kind, next(self._order), action))

    def _tell(self, topic: Topic) -> None:
        if self._detached:
            self._heard.append(topic)
        else:
            self.session.emit(topic)

    def _take_in(self) -> None:
        while self._heard:
            topic = self._heard.popleft()
            if topic[0] == "hold":
                self.engine.on_hold = self.session.on_hold
                self.engine.draining = self.session.scheduler.draining
                self.engine.touch_all()
            else:
                self.engine.touch(topic)

    def _context(self, task: Any, now: float) -> Context:
        self.looks += 1
        if self._pause is not None:
            self._pause()
        poll = max(self.session.config.cycle_sleep or 0.0, 0.01) if self._poll is None else self._poll
        return Context(
            now,
            self.session,
            self.book,
            self.session.zone,
            task=task,
            poll_at=now + poll,
            started_at=self._started_at,
        )

    def _problem(self, task: Any, problem: BaseException | None) -> None:
        self.problems.append((self.clock.time(), task, problem))

    def _epoch(self, when: datetime | float) -> float:
        if isinstance(when, datetime) and when.tzinfo is None:
            when = when.replace(tzinfo=self.session.zone)
        return _epoch(when)

    def _when(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, self.session.zone)


@dataclass(frozen=True, slots=True)
class _View:
    """A session as the engine of a detached simulation sees it."""

    tasks: TaskSet
    config: Any


class _Shadow:
    """Stands for a task whose state is not to be touched: what a run changes is kept here."""

    def __init__(self, task: Any, start_cond: Any) -> None:
        self._task = task
        self.name = task.name
        self.is_foreseen = foreseen(start_cond)
        self.start_cond = start_cond if self.is_foreseen else AlwaysFalse()
        self.end_cond = task.end_cond if foreseen(task.end_cond) else AlwaysFalse()
        self.batches = list(task.batches)
        self._force_termination = bool(task.force_termination)
        # What the engine asks for at each look, and what does not change meanwhile.
        self.priority, self.disabled, self.multilaunch = task.priority, task.disabled, task.multilaunch
        self.on_startup, self.on_shutdown = task.on_startup, task.on_shutdown
        self.permanent, self.timeout = task.permanent, task.timeout
        self._execution: str = task.get_execution()

    def get_execution(self) -> str:
        """How the task runs."""
        return self._execution

    @property
    def force_termination(self) -> bool:
        """Whether the live runs were asked to stop."""
        return self._force_termination

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)


def usual_durations(book: HistoryBook) -> Callable[[Started], float]:
    """Durations for a simulation: the median of what each task's newest runs took; no time where none is known."""
    known: dict[Any, float] = {}

    def duration(started: Started) -> float:
        if started.task not in known:
            known[started.task] = book[started.task].usual_runtime
        return known[started.task]

    return duration


def _of(given: Any, started: Started, default: Any) -> Any:
    """What is given for a run: to all alike, by task, or worked out."""
    if isinstance(given, Mapping):
        return given.get(started.task, default)
    return given(started) if callable(given) else given


def _epoch(when: datetime | float) -> float:
    return when.timestamp() if isinstance(when, datetime) else float(when)


def _length(seconds: Seconds) -> float:
    return seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
