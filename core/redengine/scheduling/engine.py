"""The scheduler's mind: given the time and what happened, it says what to start, what to stop, and when to ask again.

It knows no clock, no threads and no I/O, so that tests drive it with a virtual clock and a forecast drives it faster
than time. Cost follows what happens: a task is looked at when its deadline comes or something it depends on changes.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

from redengine.abc import Finding, Topic
from redengine.conditions.context import Context
from redengine.scheduling.agenda import Agenda

#: Seconds that a task is held back after its worker died, doubled with each such death in a row.
CRASH_BACKOFF = 10.0
CRASH_BACKOFF_MOST = 600.0


@dataclass(frozen=True, slots=True)
class Start:
    """Start a run of the task."""

    task: Any
    #: Somebody asked for it; else its condition holds.
    forced: bool
    #: The beat of its rhythm (epoch seconds) that the run is for; ``None``: it has none.
    nominal: float | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Terminate a run of the task."""

    task: Any
    run_id: str
    reason: str


class Entry:
    """What the engine keeps of a task."""

    __slots__ = ("asked", "fresh", "key", "last_start", "problem", "queued", "task", "topics")

    def __init__(self, task: Any, order: int) -> None:
        self.task = task
        self.key = (-task.priority, order)
        self.topics: frozenset[Topic] = frozenset()
        #: Why the condition cannot be evaluated.
        self.problem: BaseException | None = None
        #: Whether it is due and waits for a process or for the end of a hold.
        self.queued = False
        #: Live runs that were already asked to stop.
        self.asked: set[str] = set()
        self.last_start = -inf
        #: Whether the condition has held ever since the last start.
        self.fresh = False


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
    """

    def __init__(
        self,
        session: Any,
        context: Callable[[Any, float], Context],
        on_problem: Callable[[Any, BaseException | None], None],
    ) -> None:
        self._session = session
        self._context = context
        self._on_problem = on_problem
        self._entries: dict[str, Entry] = {}
        self._order = 0
        self._agenda = Agenda()
        self._dependents: defaultdict[Topic, set[str]] = defaultdict(set)
        self._dirty: set[str] = set()
        self._pass: list[tuple[tuple[int, int], str]] = []
        self._passed: tuple[int, int] | None = None
        self._actions: deque[Start | Stop] = deque()
        #: Tasks that are due and wait for a process.
        self._waiting: set[str] = set()
        self._shut_until = -inf
        self._shut_topics: frozenset[Topic] = frozenset()
        #: Nothing is started by a condition.
        self.on_hold = False
        #: Nothing is started at all.
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
        elif kind in ("removed", "renamed"):
            self._remove(name)
        if kind in ("added", "removed", "renamed", "changed"):
            topic = ("task", name)
        if topic in self._shut_topics:
            self._shut_until = -inf
        for dependent in self._dependents.get(topic, ()):
            self._mark(dependent)
        if kind != "param":
            self._mark(name)

    def touch_all(self) -> None:
        """Look at every task again: the clock was stepped, a hold has ended, an option has changed."""
        self._shut_until = -inf
        for name in self._entries:
            self._mark(name)

    def _mark(self, name: Any) -> None:
        entry = self._entries.get(name)
        if entry is None:
            return
        if self._passed is not None and entry.key > self._passed:
            # It has not been looked at yet in the pass that is going on.
            heapq.heappush(self._pass, (entry.key, name))
        else:
            self._dirty.add(name)

    def _add(self, task: Any) -> None:
        entry = self._entries.get(task.name)
        if entry is None or entry.task is not task:
            self._remove(task.name)
            entry = self._entries[task.name] = Entry(task, self._order)
            self._order += 1
        entry.key = (-task.priority, entry.key[1])
        for topic in entry.topics:
            self._dependents[topic].discard(task.name)
        entry.topics = frozenset((*task.start_cond.topics(task.name), *task.end_cond.topics(task.name)))
        for topic in entry.topics:
            self._dependents[topic].add(task.name)
        self._dirty.add(task.name)

    def _remove(self, name: Any) -> None:
        entry = self._entries.pop(name, None)
        if entry is None:
            return
        for topic in entry.topics:
            self._dependents[topic].discard(name)
        self._agenda.drop(name)
        self._dirty.discard(name)

    # What to do

    @property
    def has_work(self) -> bool:
        """Whether something happened that was not looked at yet."""
        return bool(self._dirty)

    def wake_at(self) -> float:
        """When to ask again if nothing happens before (epoch seconds)."""
        return min(self._agenda.next(), self._shut_until)

    def begin(self, now: float) -> None:
        """Begin a pass over what is due. Go through it with :meth:`next`."""
        self._dirty.update(name for name in self._agenda.pop_due(now) if name in self._entries)
        self._pass = [(self._entries[name].key, name) for name in self._dirty]
        heapq.heapify(self._pass)
        self._dirty.clear()
        # The first key of all: everything that is marked from here on still gets its turn.
        self._passed = (-(2**62), -1)

    def next(self, now: float) -> Start | Stop | None:
        """The next thing to do in this pass; ``None`` ends it. Higher priority comes first. What is done in between
        counts for what comes after it."""
        while not self._actions:
            if not self._pass:
                self._passed = None
                return None
            key, name = heapq.heappop(self._pass)
            entry = self._entries.get(name)
            if entry is None or (key == self._passed):
                continue
            self._passed = key
            self._look(entry, now)
        return self._actions.popleft()

    def _look(self, entry: Entry, now: float) -> None:
        task = entry.task
        ctx = self._context(task, now)
        live = ctx.book[task.name].live
        entry.asked.intersection_update(live)
        deadline = min(self._look_at_end(entry, ctx, live), self._look_at_start(entry, ctx, live))
        self._agenda.set(task.name, deadline)

    def _look_at_end(self, entry: Entry, ctx: Context, live: dict[str, float]) -> float:
        task = entry.task
        if not live:
            # Nothing to stop: a wish to do so is fulfilled.
            task._force_termination = False
            return inf
        stops, until = self._ends(entry, ctx, live)
        for run_id, reason in stops.items():
            if run_id not in entry.asked:
                entry.asked.add(run_id)
                self._actions.append(Stop(task, run_id, reason))
        return until

    def _ends(self, entry: Entry, ctx: Context, live: dict[str, float]) -> tuple[dict[str, str], float]:
        """Runs to stop with the reason, and when to look again."""
        task = entry.task
        if task.force_termination:
            return dict.fromkeys(live, "forced termination"), inf
        finding = self._examine(entry, task.end_cond, ctx)
        if finding is None or finding.truth:
            if finding is not None:
                return dict.fromkeys(live, "end condition is true"), inf
            finding = Finding(False, ctx.poll_at)
        if task.permanent:
            return {}, finding.until
        timeout = (task.timeout or self._session.config.timeout).total_seconds()
        late = {run_id: "timeouted" for run_id, start in live.items() if ctx.now >= start + timeout}
        waiting = [start + timeout for run_id, start in live.items() if run_id not in late]
        return late, min([finding.until, *waiting])

    def _look_at_start(self, entry: Entry, ctx: Context, live: dict[str, float]) -> float:
        task = entry.task
        entry.queued = False
        if self.closing or task.on_startup or task.on_shutdown:
            return inf
        forced = bool(task.batches)
        allowed = task.multilaunch if task.multilaunch is not None else self._session.config.multilaunch
        if live and not allowed:
            return inf
        if not forced:
            if task.disabled:
                return inf
            finding = self._examine(entry, task.start_cond, ctx)
            if finding is None:
                return ctx.poll_at + 1.0
            if not finding.truth:
                entry.fresh = False
                return finding.until
            not_before = self._not_before(entry, ctx)
            if ctx.now < not_before:
                return not_before
            if self.on_hold:
                entry.queued = True
                return inf
        if not self.has_room(task):
            entry.queued = True
            self._waiting.add(task.name)
            return inf
        nominal = None if forced else nominal_start(task.start_cond, ctx)
        entry.last_start = ctx.now
        entry.fresh = True
        self._actions.append(Start(task, forced, nominal))
        return inf

    def _not_before(self, entry: Entry, ctx: Context) -> float:
        """When a task whose condition holds may start: a condition that simply stays true starts it over and over,
        but ``cycle_sleep`` apart; and after a death of its worker it waits, longer each time."""
        not_before = -inf
        if entry.fresh:
            not_before = entry.last_start + (self._session.config.cycle_sleep or 0.0)
        crash = ctx.book[entry.task.name].last.get("crash")
        if crash is not None and ctx.started_at is not None and crash.created >= ctx.started_at:
            in_row = 0
            for event in reversed(ctx.book[entry.task.name].events):
                if event.action == "crash":
                    in_row += 1
                elif event.action != "run":
                    break
            if in_row:
                backoff = min(CRASH_BACKOFF * 2.0 ** (in_row - 1), CRASH_BACKOFF_MOST)
                not_before = max(not_before, crash.created + backoff)
        return not_before

    def has_room(self, task: Any) -> bool:
        """Whether a run of the task may be started now, as far as ``max_process_count`` is concerned."""
        return task.get_execution() != "process" or self.processes < self._session.config.max_process_count

    def room_made(self) -> None:
        """A process has become free: look at those that wait for one."""
        for name in self._waiting:
            self._mark(name)
        self._waiting.clear()

    def _examine(self, entry: Entry, condition: Any, ctx: Context) -> Finding | None:
        """The condition's truth; ``None`` when it raises. That is reported once."""
        try:
            finding: Finding = condition.examine(ctx)
        except Exception as problem:
            if repr(entry.problem) != repr(problem):
                entry.problem = problem
                self._on_problem(entry.task, problem)
            return None
        if entry.problem is not None and condition is entry.task.start_cond:
            entry.problem = None
            self._on_problem(entry.task, None)
        if self._session.config.force_status_from_logs and finding.until > ctx.poll_at:
            # Others write to the log too, and nothing announces it.
            return Finding(finding.truth, ctx.poll_at)
        return finding

    # What is known

    def entry(self, name: str) -> Entry | None:
        """What the engine keeps of a task."""
        return self._entries.get(name)

    def dependents(self, topic: Topic) -> frozenset[str]:
        """Names of the tasks whose conditions depend on a topic."""
        return frozenset(self._dependents.get(topic, ()))

    def is_over(self, now: float) -> bool:
        """Whether the condition to shut down holds."""
        condition = self._session.config.shut_cond
        if condition is None:
            self._shut_until = inf
            self._shut_topics = frozenset()
            return False
        self._shut_topics = frozenset(condition.topics(None))
        finding: Finding = condition.examine(self._context(None, now))
        self._shut_until = finding.until
        return finding.truth


def nominal_start(condition: Any, ctx: Context) -> float | None:
    """The beat of a condition's rhythm (``every``) that is due; ``None`` when it has none, or may have several."""
    own = getattr(condition, "nominal_start", None)
    if own is not None:
        beat: float | None = own(ctx)
        return beat
    from redengine.conditions.logic import All

    if isinstance(condition, All):
        beats = [beat for part in condition.subconditions if (beat := nominal_start(part, ctx)) is not None]
        return beats[0] if len(beats) == 1 else None
    return None
