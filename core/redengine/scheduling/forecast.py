"""What will start when: the session's schedule run ahead of time, from its present state, on a virtual clock.

Each run is assumed to take the task's usual time (the median of its history) and to succeed. Conditions that can tell
nothing of the future are not asked: their tasks are named as what was left open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from math import inf
from typing import Any

import msgspec

from redengine.conditions.logic import AlwaysTrue, foreseen
from redengine.log.history import END_ACTIONS, TaskHistory
from redengine.scheduling.simulation import Simulation, usual_durations

#: Starts after which a forecast ends before its time: a schedule of seconds over weeks is nobody's reading.
MOST_STARTS = 200_000
#: Ended runs that are looked at to tell whether a task fails all the time.
RECENT = 5
_FAILED = ("fail", "crash")


class Coming(msgspec.Struct, frozen=True):
    """One start that is foreseen."""

    task: str
    #: Epoch seconds.
    at: float
    #: How long the run will usually take (seconds); 0 when that is not known.
    usual: float = 0.0
    #: Somebody asked for it.
    forced: bool = False


class Forecast(msgspec.Struct, frozen=True):
    """What will start from one instant to another (epoch seconds), earliest first."""

    since: float
    until: float
    starts: tuple[Coming, ...] = ()
    #: What was taken for granted, a sentence each.
    assumptions: tuple[str, ...] = ()
    #: Whether it goes as far as was asked for; else there were too many starts.
    complete: bool = True


def forecast(
    session: Any, length: timedelta, *, most: int | None = None, pause: Callable[[], object] | None = None
) -> Forecast:
    """Everything that will start within a length of time from now. Nothing of the session is changed.

    It ends early at ``most`` starts (by default :data:`MOST_STARTS`). ``pause`` is called again and again meanwhile.
    """
    most = MOST_STARTS if most is None else most
    now = session.get_time()
    always = [task.name for task in session.tasks if _never_rests(task)]
    rings: set[Any] = set()
    durations = usual_durations(session.book)
    while True:
        only = [task.name for task in session.tasks if task.name not in always and task.name not in rings]
        with Simulation(session, now, durations=durations, detached=True, only=only, pause=pause) as simulation:
            try:
                starts = simulation.run(length, most=most)
            except RuntimeError:
                # Tasks that wait for one another and take no time that is known: told of, and the others foretold.
                found = _over_and_over(simulation)
                if not found:
                    raise
                rings |= found
                continue
            known = {name: session.book[name].usual_runtime for name in only}
            coming = tuple(Coming(str(s.task), s.at, known[s.task], s.forced) for s in starts)
            cut = len(starts) >= most
            until = starts[-1].at if cut else now + length.total_seconds()
            assumptions = tuple(_assumptions(session, simulation, [*always, *sorted(rings, key=str)], set(known)))
            break
    return Forecast(now, until, coming, assumptions, not cut)


def _never_rests(task: Any) -> bool:
    """Whether a task starts again whenever it has ended: there is no telling its starts apart."""
    return isinstance(task.start_cond, AlwaysTrue) and not task.disabled


def _over_and_over(simulation: Simulation) -> set[Any]:
    """The tasks that start again and again at the instant that the simulation does not get past."""
    counts = Counter(start.task for start in simulation.starts if start.at >= simulation.clock.time())
    return {name for name, times in counts.items() if times > 1}


def _assumptions(session: Any, simulation: Simulation, always: list[Any], foretold: set[Any]) -> Iterable[str]:
    yield "Every run succeeds and takes its usual time (the median of its newest runs)."
    if failing := [name for name in foretold if _fails(session.book[name])]:
        yield f"That holds even though all their newest runs have failed: {_listed(sorted(failing, key=str))}."
    if session.scheduler.draining:
        yield "The scheduler, which was asked to stop, is kept running."
    if session.on_hold:
        yield "The scheduler, which is on hold now, is resumed at once."
    if always:
        yield f"Left out, since they run all the time: {_listed(always)}."
    for name in simulation.unforeseen:
        yield f"Left out, since its condition cannot be foreseen: {name} ({_opaque(session[name].start_cond)})."
    for name in sorted({str(task.name) for _, task, problem in simulation.problems if task is not None and problem}):
        yield f"Left out, since its condition cannot be evaluated: {name}."


def _fails(history: TaskHistory) -> bool:
    """Whether the newest runs that have ended all failed."""
    newest = history.newest(*END_ACTIONS)
    if newest is None or newest.action not in _FAILED:
        return False
    ends = list(history.between(END_ACTIONS, -inf, inf))[-RECENT:]
    return all(end.action in _FAILED for end in ends)


def _opaque(condition: Any) -> str:
    parts = getattr(condition, "subconditions", None)
    if parts is None:
        return str(condition)
    return ", ".join(dict.fromkeys(_opaque(part) for part in parts if not foreseen(part)))


def _listed(names: list[Any]) -> str:
    shown = ", ".join(map(str, names[:5]))
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def next_starts(task: Any, condition: Any, *, most: int = 5, horizon: timedelta = timedelta(days=400)) -> list[float]:
    """When a task will start next, under a condition that it may not have yet (epoch seconds, earliest first).

    The tasks that it waits for are run ahead with it. A few hundred looks at most are taken, so the list may be short.
    """
    session = task.session
    involved = _involved(task, condition)
    found: list[float] = []
    simulation = Simulation(
        session,
        durations=usual_durations(session.book),
        detached=True,
        only=involved,
        conditions={task.name: condition},
    )
    with simulation:
        end = simulation.clock.time() + horizon.total_seconds()
        while len(found) < most and simulation.looks < LOOKS and not simulation.over:
            started = simulation.run(datetime.fromtimestamp(end, session.zone), most=1, looks=LOOKS)
            if not started:
                break
            found += [s.at for s in started if s.task == task.name and (not found or s.at > found[-1])]
    return found


#: Looks that are taken for the next starts of one task: some ten milliseconds.
LOOKS = 600


def _involved(task: Any, condition: Any) -> set[Any]:
    """The task and all it waits for, near and far."""
    session = task.session
    names = {task.name}
    waiting = [(task.name, condition)]
    while waiting:
        name, held = waiting.pop()
        for topic in held.topics(name):
            if topic[0] == "task" and topic[1] not in names and session.tasks.has(topic[1]):
                names.add(topic[1])
                waiting.append((topic[1], session.tasks.named(topic[1]).start_cond))
    return names
