"""Conditions about what tasks did: started, succeeded, failed ... in a period."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from math import inf, nextafter
from typing import Any, ClassVar

from redengine.abc import Finding, Topic
from redengine.conditions.base import FOREVER, BaseComparable, BaseCondition, name_of
from redengine.conditions.context import Context
from redengine.conditions.jitter import Beats, delay_of, length_of, windows
from redengine.conditions.spans import past_delta, span, timestamp
from redengine.log.history import Event


def task_topic(task: Any, holder: str | None) -> Topic:
    """The topic of a task given by name, object or decorated function; of the holder when ``None``."""
    if task is None:
        return ("task", holder)
    return ("task", name_of(task))


_STARTS = frozenset({"run"})
#: The comparison that says "not at all".
_NONE = {"__eq__": 0}


class _TaskStatus(BaseComparable):
    """How often something happened to a task, in a period.

    ``jitter`` is the longest time by which ``every`` puts off each of its starts.
    """

    #: The actions that count.
    _actions: ClassVar[frozenset[str]]
    jitter: timedelta | None = None

    def __init__(self, period: Any = None, task: Any = None, jitter: Any = None, **comparisons: Any) -> None:
        self.task = task
        self.period = period
        if longest := length_of(jitter):
            self.jitter = longest
        super().__init__(**comparisons)

    def topics(self, task_name: str | None) -> Iterable[Topic]:
        """The task it is about."""
        return (task_topic(self.task, task_name),)

    def examine(self, ctx: Context) -> Finding:
        """Compare the number of events; until one leaves the period, or the period is another."""
        past = past_delta(self.period)
        if past is not None:
            return self._examine_past(ctx, past.total_seconds())
        start, end, renews = span(self.period, ctx)
        return Finding(self._compare(self._count(ctx, start, end)), renews)

    def _examine_past(self, ctx: Context, seconds: float) -> Finding:
        history = ctx.history(self.task)
        start = ctx.now - seconds
        if self.is_every:
            # The rhythm goes by when the run was due, not by when it got to start: no drift.
            known = self._anchor(ctx, seconds)
            anchor = -inf if known is None else known
            if ctx.now < anchor - seconds:
                # The clock was put back since: do not wait until it has caught up.
                return Finding(True, anchor - seconds)
            due = anchor + seconds
            if known is not None and (beats := self._beats(ctx, seconds)) is not None:
                due += beats.delay(due)
            return Finding(ctx.now >= due, FOREVER if ctx.now >= due else due)
        newest = history.newest(*self._actions)
        if newest is None or newest.created + seconds <= ctx.now:
            # Nothing in the stretch, and nothing comes into it but by an event.
            return Finding(self._compare(0), FOREVER)
        # Compared as the time of leaving is worked out, so that rounding cannot keep an event in beyond that.
        kept = history.between(self._actions, start - 1.0, inf)
        inside = [event.created for event in kept if event.created + seconds > ctx.now]
        count = max(len(inside), 1) if history.reaches(start) else self._count(ctx, start, inf)
        return Finding(self._compare(count), min(inside, default=newest.created) + seconds)

    @property
    def is_every(self) -> bool:
        """Whether this is ``every X``: the task has not started in the past X."""
        return self.task is None and self._actions == _STARTS and self._comps == _NONE

    def nominal_start(self, ctx: Context) -> float | None:
        """For ``every``: the beat of its rhythm that is due now."""
        past = past_delta(self.period)
        if past is None or not self.is_every:
            return None
        seconds = past.total_seconds()
        anchor = self._anchor(ctx, seconds)
        if anchor is None or seconds <= 0:
            return None
        if ctx.now < anchor - seconds:
            return ctx.now
        beat = anchor + max((ctx.now - anchor) // seconds, 1) * seconds
        # A beat that rounding has left out is due now, not right after.
        return beat + seconds if beat + seconds <= ctx.now else beat

    def _beats(self, ctx: Context, seconds: float) -> Beats | None:
        return None if self.jitter is None else Beats(ctx.name_of(self.task), seconds, self.jitter)

    def _anchor(self, ctx: Context, seconds: float) -> float | None:
        """The beat that the newest run was for; the rhythm goes on from it. ``None`` before there is a run."""
        history = ctx.history(self.task)
        nominal = history.nominal_start
        beats = None if nominal is None else self._beats(ctx, seconds)
        if nominal is None or beats is None:
            return nominal
        newest = history.last.get("run")
        # Where nothing but its start is known, the run was as late as it was made to be.
        return beats.beat_of(nominal) if newest is not None and newest.created == nominal else nominal

    def _count(self, ctx: Context, start: float, end: float) -> int:
        history = ctx.history(self.task)
        newest = history.newest(*self._actions)
        if newest is None or newest.created < start:
            return 0
        if newest.created <= end and self._most_needed <= 1:
            return 1
        if not history.reaches(start) and ctx.count_logged is not None:
            return ctx.count_logged(ctx.name_of(self.task), self._actions, start, end)
        count = sum(1 for _ in history.between(self._actions, start, end))
        # A time that was set by hand (``task.last_run = ...``) is no event, but it counts.
        return max(count, 1) if start <= newest.created <= end else count

    def reason(self, ctx: Context, finding: Finding) -> str:
        """When it last happened, and how often where that counts."""
        newest = ctx.history(self.task).newest(*self._actions)
        verb = {
            "run": "started", "success": "succeeded", "fail": "failed",
            "terminate": "terminated", "inaction": "found nothing to do", "crash": "crashed",
        }  # fmt: skip
        if newest is None:
            words = sorted(verb[action] for action in self._actions)
            return f"never {' or '.join(words)}"
        last = f"last {verb[newest.action]} {moment(newest.created, ctx)}"
        if self.jitter is not None and self.is_every and not finding.truth:
            return f"{last}, then put off by its jitter until {moment(finding.until, ctx)}"
        if self._most_needed <= 1:
            return last
        start, end, _ = span(self.period, ctx)
        number = self._count(ctx, start, end)
        return f"{number} {'time' if number == 1 else 'times'}, {last}"


def moment(created: float, ctx: Context) -> str:
    """An instant in words, as short as is clear: ``10:02:05 today``."""
    when = type(ctx.wall).fromtimestamp(created, ctx.zone)
    days = (ctx.wall.date() - when.date()).days
    clock = when.strftime("%H:%M:%S")
    if days == 0:
        return f"{clock} today"
    if days == 1:
        return f"{clock} yesterday"
    return f"{when:%Y-%m-%d} {clock}"


class TaskStarted(_TaskStatus):
    """The task has started (in the period)."""

    _actions = frozenset({"run"})


class TaskSucceeded(_TaskStatus):
    """The task has succeeded (in the period)."""

    _actions = frozenset({"success"})


class TaskFailed(_TaskStatus):
    """The task has failed (in the period)."""

    _actions = frozenset({"fail"})


class TaskTerminated(_TaskStatus):
    """The task was terminated (in the period)."""

    _actions = frozenset({"terminate"})


class TaskInacted(_TaskStatus):
    """The task found nothing to do (in the period)."""

    _actions = frozenset({"inaction"})


class TaskCrashed(_TaskStatus):
    """The task's process died under it (in the period)."""

    _actions = frozenset({"crash"})


class TaskFinished(_TaskStatus):
    """The task has succeeded, failed or was terminated (in the period)."""

    _actions = frozenset({"success", "fail", "terminate"})


class TaskRunning(BaseComparable):
    """The task has live runs; with a period (``TimeSpanDelta``): runs that have taken that long."""

    def __init__(self, task: Any = None, period: Any = None, **comparisons: Any) -> None:
        self.task = task
        self.period = period
        super().__init__(**comparisons)

    def topics(self, task_name: str | None) -> Iterable[Topic]:
        """The task it is about."""
        return (task_topic(self.task, task_name),)

    def examine(self, ctx: Context) -> Finding:
        """Compare the number of live runs; until one gets into or out of the span of durations."""
        starts = list(ctx.history(self.task).live.values())
        near, far = _seconds(self.period, "near"), _seconds(self.period, "far")
        if self.period is not None and near is None and far is None:
            far = past.total_seconds() if (past := past_delta(self.period)) is not None else None
        low, high = near or 0.0, inf if far is None else far
        # A live run runs, though the clock was put back to before its start.
        count = sum(1 for start in starts if (not low or start + low <= ctx.now) and ctx.now < start + high)
        edges = [start + edge for start in starts for edge in (low, high) if start + edge > ctx.now]
        return Finding(self._compare(count), min(edges, default=FOREVER))

    def reason(self, ctx: Context, finding: Finding) -> str:
        """Since when it runs."""
        starts = list(ctx.history(self.task).live.values())
        number = f"{len(starts)} " if self._comps else ""
        return f"{number}running since {moment(min(starts), ctx)}" if starts else "not running"


def _seconds(period: Any, name: str) -> float | None:
    delta = getattr(period, name, None)
    return None if delta is None else float(delta.total_seconds())


class _OncePer(BaseCondition):
    """In the period, and nothing of the ``_ends`` since it began."""

    #: Actions after which the task is done for this occurrence of the period.
    _ends: ClassVar[tuple[str, ...]]
    #: The longest time by which a start is put off.
    jitter: timedelta | None = None

    def __init__(self, task: Any = None, period: Any = None, jitter: Any = None) -> None:
        self.period = period
        self.task = task
        if longest := length_of(jitter):
            self.jitter = longest

    def topics(self, task_name: str | None) -> Iterable[Topic]:
        """The task it is about."""
        return (task_topic(self.task, task_name),)

    def _newest_end(self, ctx: Context) -> Event | None:
        return ctx.history(self.task).newest(*self._ends)

    def _done(self, ctx: Context, start: float) -> bool:
        newest = self._newest_end(ctx)
        return newest is not None and newest.created >= start

    def examine(self, ctx: Context) -> Finding:
        """Due, until the period is over; done or outside, until the next one begins."""
        past = past_delta(self.period)
        if past is not None:
            newest, seconds = self._newest_end(ctx), past.total_seconds()
            if newest is not None and self.jitter is not None:
                seconds += delay_of(ctx.name_of(self.task), newest.created, self.jitter, seconds)
            # Exactly so long ago is over.
            done = self._done(ctx, nextafter(ctx.now - seconds, inf))
            return Finding(not done, newest.created + seconds if done and newest else FOREVER)
        if self.period is None:
            return Finding(not self._done(ctx, -inf), FOREVER)
        if self.jitter is not None:
            window, upcoming = windows(self.period, self.jitter, ctx.name_of(self.task), ctx)
            due = window is not None and not self._done(ctx, window.start)
            return Finding(due, window.end if due and window is not None else upcoming)
        current = ctx.instant.occurrence(self.period)
        if current is None or self._done(ctx, timestamp(current.left)):
            following = ctx.instant.following(self.period)
            return Finding(False, FOREVER if following is None else timestamp(following.left))
        return Finding(True, timestamp(current.right))

    def reason(self, ctx: Context, finding: Finding) -> str:
        """Whether it is time, or was done."""
        if (
            self.jitter is not None
            and not finding.truth
            and past_delta(self.period) is None
            and self.period is not None
        ):
            window, upcoming = windows(self.period, self.jitter, ctx.name_of(self.task), ctx)
            if window is None and ctx.instant.occurrence(self.period) is not None:
                return f"put off by its jitter until {moment(upcoming, ctx)}"
        if past_delta(self.period) is None and self.period is not None and ctx.instant.occurrence(self.period) is None:
            return "it is not that time" if ctx.instant.following(self.period) else "that time has passed"
        newest = self._newest_end(ctx)
        if finding.truth:
            return "it is that time and not done yet"
        return "done" if newest is None else f"done: {newest.action} at {moment(newest.created, ctx)}"


class TaskExecutable(_OncePer):
    """In the period, and not finished since it began: ``daily`` and its kin.

    Finished is a success, an inaction, a termination, or more failures than there are ``retries``. A crash in this
    life of the scheduler is a failure; one from an earlier life is not, since what died then was not the task's fault.
    """

    _ends = ("success", "inaction", "terminate")

    def __init__(self, retries: int | None = None, task: Any = None, period: Any = None, jitter: Any = None) -> None:
        super().__init__(task=task, period=period, jitter=jitter)
        self.retries = retries

    def _newest_end(self, ctx: Context) -> Event | None:
        return ctx.history(self.task).newest(*self._ends, *self._failures(ctx))

    def _failures(self, ctx: Context) -> tuple[str, ...]:
        """The actions that are failures now."""
        crash = ctx.history(self.task).last.get("crash")
        counts = crash is not None and ctx.started_at is not None and crash.created >= ctx.started_at
        return ("fail", "crash") if counts else ("fail",)

    def _done(self, ctx: Context, start: float) -> bool:
        history = ctx.history(self.task)
        ended = history.newest(*self._ends)
        if ended is not None and ended.created >= start:
            return True
        failed = history.newest(*self._failures(ctx))
        if failed is None or failed.created < start:
            return False
        retries = self.retries or 0
        return retries == 0 or self._count_failures(ctx, start) > retries

    def _count_failures(self, ctx: Context, start: float) -> int:
        since = -inf if ctx.started_at is None else ctx.started_at
        events = ctx.history(self.task).between(("fail", "crash"), start, inf)
        return sum(event.action == "fail" or event.created >= since for event in events)


class TaskRunnable(_OncePer):
    """In the period, and not started since it began: ``cron``."""

    _ends = ("run",)


class Retry(BaseCondition):
    """The task's newest run failed, and no more than ``n`` in a row did (``None`` or -1: however many).

    Raises ``ValueError`` for a number below -1.
    """

    def __init__(self, n: int | None = 1) -> None:
        self.n = -1 if n is None else int(n)
        if self.n < -1:
            raise ValueError(f"a number of retries is 0 or more, or -1 for however many it takes, not {n}")

    def topics(self, task_name: str | None) -> Iterable[Topic]:
        """The task that has it."""
        return (("task", task_name),)

    def examine(self, ctx: Context) -> Finding:
        """Count the failures since anything else; until something happens."""
        return Finding(self._holds(ctx), FOREVER)

    def _holds(self, ctx: Context) -> bool:
        history = ctx.history(None)
        if self.n == 0 or history.status != "fail":
            return False
        return self.n == -1 or self._failed_in_row(ctx) <= self.n

    def _failed_in_row(self, ctx: Context) -> int:
        failed = 0
        for event in reversed(ctx.history(None).events):
            if event.action == "fail":
                failed += 1
            elif event.action != "run":
                break
        return failed

    def reason(self, ctx: Context, finding: Finding) -> str:
        """How many failed in a row."""
        failed = self._failed_in_row(ctx)
        return f"{failed} failed in a row" if failed else "the newest run did not fail"


def __getattr__(name: str) -> Any:
    """Alias: the conditions that chain tasks (:mod:`redengine.conditions.depend`), which Red Engine had here."""
    if not name.startswith("Depend"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Here since that module needs this one.
    from redengine.conditions import depend

    return getattr(depend, name)
