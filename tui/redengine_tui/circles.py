"""Tasks that wait for each other, so that none of them ever starts by itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from redengine.conditions import All, AlwaysFalse, DependFailure, DependFinish, DependSuccess, DependTerminate
from redengine.conditions import Any as AnyOf
from redengine.conditions.base import Wrapper
from redengine.conditions.task import task_topic

_DEPEND = (DependSuccess, DependFailure, DependFinish, DependTerminate)


def circles(session: Any) -> Iterator[list[str]]:
    """The tasks of each circle, in the order in which one waits for the next.

    Each task that is in a circle is in one of these, the shortest that it is in. A task that may also start for
    another reason, or that somebody has to start, waits for nobody.
    """
    stuck = _stuck(session)
    told: set[str] = set()
    for name in stuck:
        if name not in told and (circle := _shortest(name, stuck)):
            told.update(circle)
            yield circle


def _stuck(session: Any) -> dict[str, list[str]]:
    """Whom each task of a circle, or between two of them, waits for among these."""
    waiting = {task.name: task for task in session.tasks if not _starts_anyway(task)}
    waits = {name: list(dict.fromkeys(_awaited(task.start_cond))) for name, task in waiting.items()}
    awaited_by: dict[str, list[str]] = {}
    for name, others in waits.items():
        for other in others:
            awaited_by.setdefault(other, []).append(name)
    # What starts lets others start.
    look = deque(waiting)
    while look:
        name = look.popleft()
        if name in waiting and _can_hold(waiting[name].start_cond, waiting):
            del waiting[name]
            look.extend(awaited_by.get(name, ()))
    stuck = {name: [other for other in waits[name] if other in waiting] for name in waiting}
    # Whom nobody waits for is no part of a circle.
    number = dict.fromkeys(stuck, 0)
    for others in stuck.values():
        for other in others:
            number[other] += 1
    last = [name for name, waiters in number.items() if not waiters]
    while last:
        for other in stuck.pop(last.pop()):
            number[other] -= 1
            if not number[other]:
                last.append(other)
    return stuck


def _starts_anyway(task: Any) -> bool:
    return bool(task.on_startup or task.on_shutdown or task.batches or isinstance(task.start_cond, AlwaysFalse))


def _can_hold(condition: Any, waiting: Mapping[str, Any]) -> bool:
    """Whether a condition can come to hold while these tasks do not start."""
    if isinstance(condition, Wrapper):
        condition = condition.get_cond()
    if isinstance(condition, All):
        return all(_can_hold(part, waiting) for part in condition)
    if isinstance(condition, AnyOf):
        return any(_can_hold(part, waiting) for part in condition)
    return not isinstance(condition, _DEPEND) or task_topic(condition.depend_task, None)[1] not in waiting


def _awaited(condition: Any) -> Iterator[str]:
    if isinstance(condition, Wrapper):
        condition = condition.get_cond()
    if isinstance(condition, (All, AnyOf)):
        for part in condition:
            yield from _awaited(part)
    elif isinstance(condition, _DEPEND):
        yield str(task_topic(condition.depend_task, None)[1])


def _shortest(name: str, stuck: Mapping[str, list[str]]) -> list[str]:
    """The shortest way from a task back to itself; empty when there is none."""
    before: dict[str, str] = {}
    look = deque([name])
    while look:
        here = look.popleft()
        for other in stuck[here]:
            if other == name:
                way = [here]
                while way[-1] != name:
                    way.append(before[way[-1]])
                return way[::-1]
            if other not in before:
                before[other] = here
                look.append(other)
    return []
