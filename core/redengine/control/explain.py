"""Why a task is or is not started: its condition, part by part, in words."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from math import inf, isfinite
from typing import Any

import msgspec

from redengine.conditions.base import Wrapper
from redengine.conditions.context import Context
from redengine.conditions.logic import AlwaysFalse, foreseen
from redengine.conditions.task import moment
from redengine.control.messages import ConditionNode, ConditionReport, Problem
from redengine.control.outlook import after_rest, next_start, next_true
from redengine.exc import ConditionSyntaxError
from redengine.scheduling.engine import FAILURES
from redengine.scheduling.forecast import next_starts
from redengine.scheduling.rest import rest
from redengine.syntax import describe, diagnose, parse_condition

#: Characters of a condition that whoever asks may send: to look through them takes less than half a second.
LONGEST = 20_000
#: Of a scheduler that was asked to stop and waits for what runs.
STOPS_SOON = "the scheduler is about to stop and starts nothing more."


def problems_of(text: str, session: Any) -> tuple[Problem, ...]:
    """Everything wrong in a condition string; pure, quick, and no code of the project is called. One that is longer
    than :data:`LONGEST` is not looked through."""
    if len(text) > LONGEST:
        long = f"a condition of {len(text):,} characters is too long to be looked through; {LONGEST:,} are the most"
        return (Problem(long, LONGEST, len(text), 1, 1),)
    found: tuple[Problem, ...] = diagnose(
        text, custom=session.get_cond_parsers(), task_names=[str(name) for name in session.tasks.names()]
    )
    return found


def report(text: str, task: Any, ctx: Context) -> ConditionReport:
    """What a condition string means for a task now. A wrong one gives its problems; nothing is raised."""
    session = task.session
    problems = problems_of(text, session)
    if any(problem.severity == "error" for problem in problems):
        return ConditionReport(False, problems)
    try:
        condition = parse_condition(text, session=session)
    except ConditionSyntaxError as error:
        whole = Problem(str(error), 0, len(text), 1, 1)
        return ConditionReport(False, (*problems, whole))
    except FAILURES as error:  # the project's own code makes custom conditions
        whole = Problem(f"{type(error).__name__}: {error}", 0, len(text), 1, 1)
        return ConditionReport(False, (*problems, whole))
    return _report(condition, task, ctx, problems)


def no_task(session: Any, name: str) -> Problem:
    """That there is no such task, and which one was meant perhaps."""
    near = get_close_matches(name, map(str, session.tasks.names()), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return Problem(f"There is no task {name!r}{hint}", 0, 0, 1, 1, suggestion=near[0] if near else "")


def report_now(task: Any, ctx: Context) -> ConditionReport:
    """Why a task is or is not started, by all that is known: also what was asked for, a hold, and the like."""
    found = report_of(task, ctx)
    try:
        coming = next_start(task, ctx)
    except FAILURES:
        # The verdict says so.
        return found
    return msgspec.structs.replace(found, next=coming, next_starts=() if coming.kind == "never" else found.next_starts)


def report_of(task: Any, ctx: Context) -> ConditionReport:
    """What the task's own condition means now."""
    return _report(task.start_cond, task, ctx, ())


def _report(condition: Any, task: Any, ctx: Context, problems: tuple[Problem, ...]) -> ConditionReport:
    description = describe(condition, session=task.session)
    tree = explain(condition, ctx)
    try:
        coming = after_rest(next_true(condition, ctx), task.name, ctx)
        starts = tuple(next_starts(task, condition))
    except FAILURES as error:
        return ConditionReport(
            True, problems, description, tree, f"It cannot be evaluated: {type(error).__name__}: {error}"
        )
    return ConditionReport(True, problems, description, tree, verdict(task, condition, tree, ctx), starts, coming)


def explain(condition: Any, ctx: Context) -> ConditionNode:
    """A condition as a tree of parts, each with its truth and the reason. A part that raises says so."""
    inner = condition.get_cond() if isinstance(condition, Wrapper) else condition
    children = tuple(explain(part, ctx) for part in getattr(inner, "subconditions", ()))
    text = " ".join(str(condition).split())
    try:
        finding = condition.examine(ctx)
        reason = condition.reason(ctx, finding)
    except FAILURES as error:
        message = error.args[0] if isinstance(error, KeyError) and error.args else error
        return ConditionNode(text, None, f"{type(error).__name__}: {message}", None, children)
    events = () if children else tuple(_events(inner, ctx))
    until = finding.until
    changes = until if isfinite(until) and until > ctx.now and until != ctx.poll_at else None
    return ConditionNode(text, finding.truth, reason, None if until == inf else changes, children, events)


def _events(condition: Any, ctx: Context) -> Iterator[str]:
    """What may happen that changes a condition, in words."""
    if not foreseen(condition):
        yield "it is asked again"
        return
    name = None if ctx.task is None else ctx.task.name
    for kind, *about in dict.fromkeys(condition.topics(name)):
        if kind == "task":
            yield f"a run of '{about[0]}'"
        elif kind == "param":
            yield f"parameter '{about[0]}'"


def verdict(task: Any, condition: Any, tree: ConditionNode, ctx: Context) -> str:
    """Why the task is or is not started now under this condition, in a sentence or two."""
    history = ctx.book[task.name]
    if history.live:
        more = f" It was asked to run again: {len(task.batches)}×." if task.batches else ""
        return f"It has been running since {moment(min(history.live.values()), ctx)}.{more}"
    unlogged = f"{history.unlogged}. " if history.unlogged else ""
    return unlogged + _verdict_at_rest(task, condition, tree, ctx)


def _verdict_at_rest(task: Any, condition: Any, tree: ConditionNode, ctx: Context) -> str:
    draining = task.session.scheduler.draining
    if task.batches:
        if draining:
            return f"Somebody asked for it, but {STOPS_SOON}"
        return "It starts now: somebody asked for it."
    if task.disabled:
        return "It is disabled: its condition does not start it."
    if isinstance(condition, AlwaysFalse) and not (task.on_startup or task.on_shutdown):
        return "It has no condition: it runs only when somebody starts it."
    if tree.truth is None:
        return "Its condition cannot be evaluated."
    if not tree.truth:
        # Of a condition that is one part, the reason is told with that part.
        if not tree.children:
            return "Its condition does not hold."
        reasons = [f"{node.text}: {node.reason}" if node.reason else node.text for node in _blocking(tree)]
        return f"Its condition does not hold: {'; '.join(reasons)}." if reasons else "Its condition does not hold."
    if draining:
        return f"Its condition holds, but {STOPS_SOON}"
    resting = rest(task.name, ctx)
    if resting is not None:
        crashes = "a crash" if resting.crashes == 1 else f"{resting.crashes} crashes in a row"
        until = type(ctx.wall).fromtimestamp(resting.until, ctx.zone)
        return f"Its condition holds; it rests after {crashes}, until {until:%H:%M:%S}."
    if task.session.on_hold:
        return "Its condition holds, but the scheduler is on hold."
    engine = task.session.scheduler.engine
    if engine is not None and not engine.has_room(task):
        return "Its condition holds; it waits for a free process."
    return "Its condition holds."


def _blocking(node: ConditionNode) -> list[ConditionNode]:
    """The smallest parts that make a false condition false."""
    if not node.children:
        return [node]
    false = [child for child in node.children if child.truth is False]
    if not false:
        # A negation: what it denies is true.
        return [node]
    return [leaf for child in false for leaf in _blocking(child)]
