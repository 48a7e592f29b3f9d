"""When a task will start next, as far as its condition tells."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any

from redengine.conditions.base import BaseCondition, Wrapper
from redengine.conditions.context import Context
from redengine.conditions.depend import DependFailure, DependTerminate
from redengine.conditions.logic import foreseen
from redengine.control.messages import NextStart
from redengine.scheduling.engine import FAILURES
from redengine.scheduling.rest import rest

#: The text of a start whose time is known, but at which nothing starts while the scheduler is on hold.
IF_RESUMED = "if resumed"
#: The same while it waits to stop, and what has to happen then.
IF_KEPT, UNTIL_KEPT = "if kept running", "kept running"
#: Changes of a condition that are looked ahead at most, for one start.
LOOKAHEAD = 400


def first_true(condition: Any, ctx: Context) -> float | None:
    """The first instant from now on at which the condition holds by the passing of time alone (epoch seconds).

    ``None`` when something else has to happen first, or never.
    """
    if not foreseen(condition):
        return None
    for _ in range(LOOKAHEAD):
        finding = condition.examine(ctx)
        if finding.truth:
            return ctx.now
        if finding.until == inf or finding.until <= ctx.now:
            return None
        ctx = ctx.at(finding.until)
    return None


def next_start(task: Any, ctx: Context) -> NextStart:
    """When the task will start next. Raises what its condition raises."""
    if asked := len(task.batches):
        if task.session.scheduler.draining:
            return _put_off(NextStart("now"), UNTIL_KEPT, IF_KEPT)
        waits = asked > 1 or ctx.book[task.name].live
        return NextStart("now", ctx.now, (f"asked for, {asked}×" if asked > 1 else "asked for") if waits else "")
    if task.on_startup:
        return NextStart("when", text="the scheduler starts")
    if task.on_shutdown:
        return NextStart("when", text="the scheduler shuts down")
    if task.disabled:
        return NextStart("never", text="disabled")
    coming = after_rest(next_true(task.start_cond, ctx), task.name, ctx)
    if task.session.scheduler.draining:
        return _put_off(coming, UNTIL_KEPT, IF_KEPT)
    if task.session.on_hold:
        return _put_off(coming, "resumed", IF_RESUMED)
    return coming


def _put_off(coming: NextStart, until: str, provided: str) -> NextStart:
    """A start that does not come about before something happens."""
    if coming.kind == "now":
        return NextStart("when", text=until)
    return NextStart("at", coming.at, provided) if coming.kind == "at" else coming


def after_rest(coming: NextStart, task_name: str, ctx: Context) -> NextStart:
    """The same, but not before a task that is held back after crashes may start."""
    resting = rest(task_name, ctx)
    if resting is None or coming.at is None or coming.at >= resting.until:
        return coming
    return NextStart("at", resting.until, coming.text)


def next_true(condition: Any, ctx: Context) -> NextStart:
    """When a condition will hold next, and if that cannot be known, what has to happen first.

    Of parts that can tell nothing of the future it is assumed that they stay as they are.
    """
    opaque = [part for part in _leaves(condition) if not foreseen(part)]
    try:
        truths = {id(part): part.examine(ctx).truth for part in opaque}
    except FAILURES:
        if condition.examine(ctx).truth:
            # The part that fails does not matter now, and is not asked.
            return NextStart("now", ctx.now)
        raise
    at = first_true(_assuming(condition, truths), ctx)
    if at is not None:
        if at <= ctx.now:
            return NextStart("now", at)
        return NextStart("at", at, f"if still so: {_listed(opaque)}" if opaque else "")
    return _by_events(condition, ctx) or NextStart("never")


def _by_events(condition: Any, ctx: Context) -> NextStart | None:
    """What has to happen first; ``None`` when nothing could. Where it is only time that is missing now, that is asked
    of later instants: a task that has run today waits for another one of tomorrow."""
    settled = foreseen(condition)
    for _ in range(LOOKAHEAD):
        tasks, others = _wanted(condition, ctx)
        if others:
            return NextStart("when", text=" and ".join(others))
        if tasks:
            return NextStart("after", text=", ".join(tasks))
        until = condition.examine(ctx).until if settled else inf
        if until == inf or until <= ctx.now:
            return None
        ctx = ctx.at(until)
    return None


def _wanted(condition: Any, ctx: Context) -> tuple[list[str], list[str]]:
    """What of the condition does not hold and can change by an event: of tasks, and others."""
    tasks: list[str] = []
    others: list[str] = []
    for part in _missing(condition, ctx):
        # What depends on the task itself alone comes by time.
        topics = [topic for topic in part.topics(None) if topic != ("task", None)]
        names = [_ended(part, str(topic[1])) for topic in topics if topic[0] == "task"]
        if names:
            tasks.extend(name for name in names if name not in tasks)
        elif topics or not foreseen(part):
            others.append(str(part))
    return tasks, others


def _ended(part: BaseCondition, task: str) -> str:
    """What is waited for of a task: an end, unless the condition wants a certain one that is not the usual."""
    if isinstance(part, DependFailure):
        return f"{task} fails"
    return f"{task} is terminated" if isinstance(part, DependTerminate) else task


def _listed(parts: list[BaseCondition]) -> str:
    return " and ".join(dict.fromkeys(map(str, parts)))


def _leaves(condition: Any) -> Iterator[BaseCondition]:
    if isinstance(condition, Wrapper):
        condition = condition.get_cond()
    parts = getattr(condition, "subconditions", None)
    if parts is None:
        yield condition
        return
    for part in parts:
        yield from _leaves(part)


def _assuming(condition: Any, truths: dict[int, bool]) -> Any:
    """The condition with some of its parts settled."""
    from redengine.conditions.logic import All, AlwaysFalse, AlwaysTrue, Any, Not

    if id(condition) in truths:
        return AlwaysTrue() if truths[id(condition)] else AlwaysFalse()
    if not truths:
        return condition
    if isinstance(condition, Not):
        return Not(_assuming(condition.condition, truths))
    if isinstance(condition, (All, Any)):
        return type(condition)(*(_assuming(part, truths) for part in condition.subconditions))
    return condition


def _missing(condition: Any, ctx: Context) -> Iterator[BaseCondition]:
    """The parts that are false now and would have to become true."""
    from redengine.conditions.logic import All, AlwaysFalse, Any, Not

    if isinstance(condition, Wrapper):
        condition = condition.get_cond()
    if isinstance(condition, (All, Any)):
        for part in condition.subconditions:
            yield from _missing(part, ctx)
    elif isinstance(condition, AlwaysFalse):
        return
    elif not condition.examine(ctx).truth:
        yield condition.condition if isinstance(condition, Not) else condition
