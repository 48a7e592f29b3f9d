"""How often a project's own conditions are asked: everything waits for one that is slow, so it is asked less often."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from types import TracebackType
from typing import Any, NamedTuple

from redengine.abc import Finding

#: Seconds that a condition may take and still be asked as often as it is wanted.
QUICK = 0.1
#: A slow one is asked again after this many times what it took: it has a twentieth of the time at most.
REST = 20.0


class Answer(NamedTuple):
    """What a slow condition said when it was asked last."""

    #: Kept, so that no other condition is taken for it.
    condition: Any
    truth: bool
    problem: BaseException | None
    traceback: TracebackType | None
    #: Seconds that it took.
    took: float
    #: From when to when it counts (epoch seconds).
    since: float
    until: float

    def finding(self) -> Finding:
        """The truth, until it is asked again. Raises what the condition raised."""
        if self.problem is not None:
            raise self.problem.with_traceback(self.traceback)
        return Finding(self.truth, self.until)


class Pace:
    """Asks the conditions of a project that can tell nothing of the future, those that are slow less often.

    Parameters
    ----------
    warn
        Told once of each condition that is slow.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        #: What asking is timed by, in seconds. A simulation has its own.
        self.timer: Callable[[], float] = time.monotonic
        self._warn = warn
        self._slow: dict[Hashable, Answer] = {}
        self._told: set[Hashable] = set()

    def ask(self, condition: Any, ctx: Any) -> Finding:
        """The truth now and when to ask again; of a slow condition what it said last. Raises what the condition
        raises."""
        known = self.answer(condition, ctx)
        if known is not None:
            return known.finding()
        began, truth, problem = self.timer(), False, None
        try:
            truth = bool(condition.observe(task=ctx.task, session=ctx.session))
        except (Exception, SystemExit) as error:
            problem = error
        took = self.timer() - began
        if took <= QUICK:
            if self._slow:
                self._slow.pop(self._question(condition, ctx), None)
            if problem is not None:
                raise problem
            return Finding(truth, ctx.poll_at)
        traceback = None if problem is None else problem.__traceback__
        until = ctx.now + took * (1 + REST)
        answer = Answer(condition, truth, problem, traceback, took, ctx.now, until)
        question = self._question(condition, ctx)
        self._slow[question] = answer
        if question not in self._told:
            self._told.add(question)
            text = " ".join(str(condition).split())
            self._warn(
                f"Condition '{text}' took {took:.1f} s; everything else waits meanwhile, so it is asked less often"
            )
        return answer.finding()

    def answer(self, condition: Any, ctx: Any) -> Answer | None:
        """What a slow condition said last, as long as that counts."""
        known = self._slow.get(self._question(condition, ctx)) if self._slow else None
        # It was not asked yet at a time before: the clock was put back.
        return known if known is not None and known.since <= ctx.now < known.until else None

    @staticmethod
    def _question(condition: Any, ctx: Any) -> Hashable:
        """What is the same when the answer is: of a function that knows nothing of the task, one answer is for all."""
        question: Hashable = condition.question()
        return question if question is not None else (id(condition), None if ctx.task is None else ctx.task.name)
