"""The scheduler's mind: given the time and what happened, it says what to start, what to stop, and when to ask again.

It knows no clock, no threads and no I/O, so that tests drive it with a virtual clock and a forecast drives it faster
than time. Cost follows what happens: a task is looked at when its deadline comes or something it depends on changes.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from math import inf
from typing import Any

from msgspec import Struct

from redengine.abc import Finding, Topic
from redengine.conditions.context import Context
from redengine.conditions.logic import foreseen
from redengine.scheduling.agenda import Agenda
from redengine.scheduling.entry import Entry, gist
from redengine.scheduling.rest import rest
from redengine.scheduling.rhythm import has_rhythm, nominal_start
from redengine.time.duration import format_delta

#: What a condition may fail with. ``sys.exit()`` in a person's function is its failure, not the scheduler's end.
FAILURES = (Exception, SystemExit)
#: Seconds until a condition that raised is tried again.
PROBLEM_REST = 1.0


def execution_of(task: Any) -> str:
    """How a run of the task will be executed; empty when that cannot be told: its run will fail, and say why."""
    try:
        return str(task.get_execution())
    except FAILURES:  # a parameter of the task may be broken
        return ""


class Start(Struct, frozen=True):
    """Start a run of the task."""

    task: Any
    #: Somebody asked for it; else its condition holds.
    forced: bool
    #: The beat of its rhythm (epoch seconds) that the run is for; ``None``: it has none.
    nominal: float | None = None
    #: Whether its rhythm (``every``) begins with this run.
    first: bool = False


class Stop(Struct, frozen=True):
    """Terminate a run of the task."""

    task: Any
    run_id: str
    reason: str


def timed_out(limit: Any) -> str:
    """The reason of a stop at the end of the time that a run may take (a timedelta)."""
    return f"timed out after {format_delta(limit)}"


class Engine:
    """Decides for the tasks of a session.

    Parameters
    ----------
    session
        Tasks and configuration.
    context
        Makes what conditions are examined with, given a task (or ``None``) and the time.
    on_problem
        Told of an exception of a condition, once until it changes: the task, and the exception (``None``: gone).
    on_queued
        Told of a task that has become due but has to wait: for a process, or for the end of a hold.
    """

    def __init__(
        self,
        session: Any,
        context: Callable[[Any, float], Context],
        on_problem: Callable[[Any, BaseException | None], None],
        on_queued: Callable[[Any], None] = lambda task: None,
    ) -> None:
        self._session = session
        self._context = context
        self._on_problem = on_problem
        self._on_queued = on_queued
        self._entries: dict[str, Entry] = {}
        self._order = 0
        self._agenda = Agenda()
        self._dependents: dict[Topic, set[str]] = {}
        self._dirty: set[str] = set()
        self._pass: list[tuple[tuple[int, int], str]] = []
        self._passed: tuple[int, int] | None = None
        self._actions: deque[Start | Stop] = deque()
        #: Tasks that are due and wait for a process, and in which order they get one.
        self._waiting: set[str] = set()
        self._queue: list[tuple[tuple[int, int], str]] = []
        self._shut_until = -inf
        self._shut_topics: frozenset[Topic] = frozenset()
        self._shut_problem: BaseException | None = None
        #: Nothing is started by a condition.
        self.on_hold = False
        #: Nothing is started, not what was asked for either, which stays queued.
        self.draining = False
        #: The same, for good.
        self.closing = False
        #: Runs in processes of their own now; kept by whoever runs them.
        self.processes = 0
        for task in session.tasks:
            self._add(task)

    # What happened

    def touch(self, topic: Topic) -> None:
        """Take in that something happened. See :data:`redengine.abc.Topic`; beside those that conditions depend on:
        ``changed``, ``added``, ``removed``, ``renamed`` with a task's name, ``config`` with an option's."""
        kind, name = topic[0], topic[1] if len(topic) > 1 else None
        if kind == "config":
            self.touch_all()
            return
        if kind in ("added", "changed") and self._session.tasks.has(name):
            self._add(self._session.tasks.named(name))
        elif kind == "renamed":
            self._rename(name)
        elif kind == "removed":
            self._retire(name)
        if kind in ("added", "removed", "renamed", "changed"):
            topic = ("task", name)
        if topic in self._shut_topics:
            self._shut_until = -inf
        dependents = tuple(self._dependents.get(topic, ()))
        for dependent in dependents:
            self._mark(dependent)
        if kind == "renamed":
            # Conditions that hold the task itself, not its name, depend on another topic now.
            for dependent in dependents:
                self._index(self._entries[dependent])
        if kind != "param":
            self._mark(name)

    def clock_stepped(self, now: float, by: float) -> None:
        """The clock was put forwards by so many seconds (negative: backwards) while no time passed, or while all was
        suspended. Everything is looked at again; the timeouts of live runs are about time that passed."""
        for entry in self._entries.values():
            for run_id in self._context(entry.task, now).book[entry.task.name].live:
                entry.shifts[run_id] = entry.shifts.get(run_id, 0.0) + by
        self.touch_all()

    def touch_all(self) -> None:
        """Look at every task again: a hold has ended, an option has changed."""
        self._shut_until = -inf
        for name in self._entries:
            self._mark(name)

    def _mark(self, name: Any) -> None:
        entry = self._entries.get(name)
        if entry is None:
            return
        if self._passed is not None and entry.order() > self._passed:
            # It has not been looked at yet in the pass that is going on.
            heapq.heappush(self._pass, (entry.key, name))
        else:
            self._dirty.add(name)

    def _add(self, task: Any) -> None:
        entry = self._entries.get(task.name)
        if entry is None or entry.task is not task:
            order = self._order if entry is None else entry.key[1]
            self._order += entry is None
            self._remove(task.name)
            entry = self._entries[task.name] = Entry(task, order)
        entry.gone = False
        entry.forget_problems()
        self._index(entry)
        self._dirty.add(task.name)

    def _index(self, entry: Entry) -> None:
        """Find the task by what its conditions depend on now."""
        name, task = entry.name, entry.task
        self._unindex(entry)
        topics = {
            *self._topics(entry, "start", task.start_cond, name),
            *self._topics(entry, "end", task.end_cond, name),
        }
        entry.topics = frozenset(topics)
        entry.foreseen = foreseen(task.start_cond)
        entry.rhythmic = has_rhythm(task.start_cond)
        for topic in topics:
            self._dependents.setdefault(topic, set()).add(name)

    def _topics(self, entry: Entry, kind: str, condition: Any, name: Any) -> Iterable[Topic]:
        try:
            return tuple(condition.topics(name))
        except FAILURES as problem:
            self._report(entry, kind, condition, problem)
            return ()

    def _unindex(self, entry: Entry) -> None:
        for topic in entry.topics:
            names = self._dependents.get(topic)
            if names is not None:
                names.discard(entry.name)
                if not names:
                    del self._dependents[topic]
        entry.topics = frozenset()

    def _rename(self, old: Any) -> None:
        """Keep what is known of a task that has another name by now."""
        entry = self._entries.get(old)
        if entry is None:
            return
        self._remove(old)
        new = entry.task.name
        if new not in self._entries and self._session.tasks.has(new):
            entry.name = new
            self._entries[new] = entry
            self._index(entry)
            self._dirty.add(new)

    def _retire(self, name: Any) -> None:
        """Start nothing more of a task; it is forgotten when its last run has ended."""
        entry = self._entries.get(name)
        if entry is not None:
            entry.gone = True
            entry.queued = False

    def _remove(self, name: Any) -> None:
        entry = self._entries.pop(name, None)
        if entry is None:
            return
        self._unindex(entry)
        self._agenda.drop(name)
        self._dirty.discard(name)

    # What to do

    @property
    def has_work(self) -> bool:
        """Whether something happened that was not looked at yet, or a task waits for a process that is free."""
        return bool(self._dirty) or (bool(self._waiting) and self._has_process())

    def wake_at(self) -> float:
        """When to ask again if nothing happens before (epoch seconds)."""
        return min(self._agenda.next(), self._shut_until)

    def begin(self, now: float) -> None:
        """Begin a pass over what is due. Go through it with :meth:`next`."""
        # What a pass that was broken off left is looked at as well.
        due = self._dirty.union(self._agenda.pop_due(now), (name for _, name in self._pass))
        self._pass = [(self._entries[name].order(), name) for name in due if name in self._entries]
        heapq.heapify(self._pass)
        self._dirty.clear()
        # The first key of all: everything that is marked from here on still gets its turn.
        self._passed = (-(2**62), -1)

    def next(self, now: float) -> Start | Stop | None:
        """The next thing to do in this pass; ``None`` ends it. Higher priority comes first. What is done in between
        counts for what comes after it."""
        while not self._actions:
            if not self._pass:
                entry = self._longest_waiting()
                if entry is None:
                    self._passed = None
                    return None
                self._look(entry, now)
                continue
            key, name = heapq.heappop(self._pass)
            entry = self._entries.get(name)
            if entry is None or (key == self._passed):
                continue
            self._passed = key
            self._look(entry, now)
        return self._actions.popleft()

    def settle(self, task: Any, now: float) -> None:
        """Look at a task that has run within this pass, unless it is to start again, which is for the next one.

        Tasks that are due at the same time all the time are so as far apart as they can be started; else what is left
        of each for after the pass would have them start later and later.
        """
        entry = self._entries.get(task.name)
        if entry is None or entry.name not in self._dirty or not entry.foreseen:
            return
        if entry.gone or self._starts_nothing or task.batches or task.disabled or task.on_startup or task.on_shutdown:
            return
        ctx = self._context(task, now)
        if ctx.book[entry.name].live:
            return
        finding = self._examine(entry, "start", task.start_cond, ctx)
        if finding is None or finding.truth:
            return
        entry.fresh = False
        self._look_at_end(entry, ctx, {})
        self._dirty.discard(entry.name)
        self._agenda.set(entry.name, finding.until)

    def _longest_waiting(self) -> Entry | None:
        """The task whose turn it is to get a free process. One is looked at for each that is free, however many
        wait."""
        while self._queue and self._has_process():
            _, name = heapq.heappop(self._queue)
            if name in self._waiting:
                self._waiting.discard(name)
                return self._entries.get(name)
        return None

    def _wait(self, entry: Entry) -> None:
        """Have a task wait for a process."""
        entry.queued = True
        if len(self._queue) > 64 + 2 * len(self._waiting):
            # Many have stopped waiting since.
            self._queue = [item for item in self._queue if item[1] in self._waiting]
            heapq.heapify(self._queue)
        self._waiting.add(entry.name)
        heapq.heappush(self._queue, (entry.order(), entry.name))

    def _look(self, entry: Entry, now: float) -> None:
        self._waiting.discard(entry.name)
        task = entry.task
        ctx = self._context(task, now)
        live = ctx.book[task.name].live
        if entry.asked:
            entry.asked &= live.keys()
        if entry.gone and not live:
            self._remove(entry.name)
            return
        waited = entry.queued
        deadline = min(self._look_at_end(entry, ctx, live), self._look_at_start(entry, ctx, live))
        self._agenda.set(entry.name, deadline)
        if entry.queued and not waited:
            self._on_queued(task)

    def _look_at_end(self, entry: Entry, ctx: Context, live: dict[str, float]) -> float:
        task = entry.task
        if not live:
            # Nothing to stop: a wish to do so is fulfilled.
            if task.force_termination:
                task._force_termination = False
            entry.shifts.clear()
            return inf
        stops, until = self._ends(entry, ctx, live)
        for run_id, reason in stops.items():
            if run_id not in entry.asked:
                entry.asked |= {run_id}
                self._actions.append(Stop(task, run_id, reason))
        return until

    def _ends(self, entry: Entry, ctx: Context, live: dict[str, float]) -> tuple[dict[str, str], float]:
        """Runs to stop with the reason, and when to look again."""
        task = entry.task
        if task.force_termination:
            return dict.fromkeys(live, "forced termination"), inf
        finding = self._examine(entry, "end", task.end_cond, ctx)
        if finding is None:
            # A run is not stopped by a condition that fails, but it still has its timeout.
            finding = Finding(False, ctx.poll_at + PROBLEM_REST)
        if finding.truth:
            return dict.fromkeys(live, "end condition is true"), inf
        if task.permanent:
            return {}, finding.until
        own = task.timeout
        limit = self._session.config.timeout if own is None else own
        timeout = limit.total_seconds()
        ends = {run_id: start + entry.shifts.get(run_id, 0.0) + timeout for run_id, start in live.items()}
        late = [run_id for run_id, end in ends.items() if ctx.now >= end]
        stops = dict.fromkeys(late, timed_out(limit)) if late else {}
        return stops, min([finding.until, *(end for end in ends.values() if ctx.now < end)])

    def _look_at_start(self, entry: Entry, ctx: Context, live: dict[str, float]) -> float:
        task = entry.task
        entry.queued = False
        forced = bool(task.batches)
        marked = task.on_startup or task.on_shutdown
        if self._starts_nothing or entry.gone or (marked and not forced):
            return inf
        allowed = task.multilaunch if task.multilaunch is not None else self._session.config.multilaunch
        if live and not allowed:
            return inf
        until = inf
        if not forced:
            if task.disabled:
                return inf
            finding = self._examine(entry, "start", task.start_cond, ctx)
            if finding is None:
                return ctx.poll_at + PROBLEM_REST
            until = finding.until
            if not finding.truth:
                entry.fresh = False
                return until
            not_before = self._not_before(entry, ctx)
            if ctx.now < not_before:
                # The condition may well be false again by then.
                return min(not_before, until)
            if self.on_hold:
                entry.queued = True
                return until
        if not self.has_room(task):
            self._wait(entry)
            return until
        nominal = None if forced else nominal_start(task.start_cond, ctx)
        first = nominal is None and entry.rhythmic and ctx.book[task.name].nominal_start is None
        entry.last_start = ctx.now
        entry.fresh = True
        self._actions.append(Start(task, forced, nominal, first))
        # The record of the run brings it up before. Should the run not come about, it is still due then.
        return ctx.poll_at

    @property
    def _starts_nothing(self) -> bool:
        return self.draining or self.closing

    def _not_before(self, entry: Entry, ctx: Context) -> float:
        """When a task whose condition holds may start: a condition that simply stays true starts it over and over,
        but ``cycle_sleep`` apart; and after a death of its worker it waits, longer each time."""
        not_before = -inf
        # What lies in the future was noted before the clock was put back, and is no reason to wait for it.
        if entry.fresh and entry.last_start <= ctx.now:
            not_before = entry.last_start + (self._session.config.cycle_sleep or 0.0)
        resting = rest(entry.task.name, ctx)
        return not_before if resting is None else max(not_before, resting.until)

    def has_room(self, task: Any) -> bool:
        """Whether a run of the task may be started now, as far as ``max_process_count`` is concerned."""
        return self._has_process() or execution_of(task) != "process"

    def _has_process(self) -> bool:
        return self.processes < int(self._session.config.max_process_count)

    def _examine(self, entry: Entry, kind: str, condition: Any, ctx: Context) -> Finding | None:
        """The condition's truth, and when to look again, which is later than now; ``None`` when it raises. That is
        reported once."""
        try:
            finding: Finding = condition.examine(ctx)
            truth, until = finding.truth, finding.until
        except FAILURES as problem:
            self._report(entry, kind, condition, problem)
            return None
        if entry.worked(kind):
            self._on_problem(entry.task, None)
        # A condition that says "now" is polled; where others write to the log too, nothing announces it.
        if not until > ctx.now or (self._session.config.force_status_from_logs and until > ctx.poll_at):
            return Finding(truth, ctx.poll_at)
        return finding

    def _report(self, entry: Entry, kind: str, condition: Any, problem: BaseException) -> None:
        if entry.failed(kind, condition, problem):
            self._on_problem(entry.task, problem)

    # What is known

    def entry(self, name: str) -> Entry | None:
        """What the engine keeps of a task; ``None`` when there is no such task, or no longer."""
        entry = self._entries.get(name)
        return None if entry is None or entry.gone else entry

    def dependents(self, topic: Topic) -> frozenset[str]:
        """Names of the tasks whose conditions depend on a topic."""
        return frozenset(self._dependents.get(topic, ()))

    def is_over(self, now: float) -> bool:
        """Whether the condition to shut down holds. One that raises is told of once and looked at again later."""
        condition = self._session.config.shut_cond
        if condition is None:
            self._shut_until = inf
            self._shut_topics = frozenset()
            return False
        ctx = self._context(None, now)
        try:
            self._shut_topics = frozenset(condition.topics(None))
            finding: Finding = condition.examine(ctx)
        except FAILURES as problem:
            self._shut_until = ctx.poll_at + PROBLEM_REST
            if gist(problem) != gist(self._shut_problem):
                self._shut_problem = problem
                self._on_problem(None, problem)
            return False
        if self._shut_problem is not None:
            self._shut_problem = None
            self._on_problem(None, None)
        self._shut_until = finding.until if finding.until > now else ctx.poll_at
        return finding.truth
