"""Conditions made of conditions, and the two that never change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any as Anything

from redengine.abc import Finding, Topic
from redengine.conditions.base import FOREVER, BaseCondition
from redengine.conditions.context import Context


class _Container(BaseCondition):
    """A condition that is worked out from others."""

    subconditions: Anything

    def __getitem__(self, index: Anything) -> Anything:
        return self.subconditions[index]

    def __iter__(self) -> Iterator[BaseCondition]:
        return iter(self.subconditions)

    def __len__(self) -> int:
        return len(self.subconditions)

    def topics(self, task_name: str | None) -> Iterable[Topic]:
        """Those of all parts."""
        return [topic for condition in self.subconditions for topic in condition.topics(task_name)]

    def _values(self) -> dict[str, Anything]:
        return {"subconditions": list(self.subconditions)}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.subconditions))})"


def _flatten(kind: type, conditions: Iterable[Anything]) -> list[BaseCondition]:
    flat: list[BaseCondition] = []
    for given in conditions:
        condition: Anything = given
        if isinstance(given, str):
            from redengine.syntax import parse_condition

            condition = parse_condition(given)
        same = isinstance(condition, _Container) and type(condition) is kind
        flat.extend(condition.subconditions if same else [condition])
    return flat


class _Row(_Container):
    """Several conditions side by side."""

    def __init__(self, *conditions: Anything) -> None:
        self.subconditions = _flatten(type(self), conditions)
        self._by_cost = sorted(self.subconditions, key=lambda condition: not foreseen(condition))
        self._foreseeing_parts = sum(map(foreseen, self._by_cost))
        #: The place (in that order) of the part that decided last.
        self._decider = 0

    def _plain(self) -> BaseCondition:
        """Of one part alone: that one."""
        parts = _flatten(type(self), [part._plain() for part in self.subconditions])
        return parts[0] if len(parts) == 1 else type(self)(*parts)

    def _settle(self, ctx: Context, decisive: bool) -> Finding:
        """The truth of a row of conditions in which one that is ``decisive`` settles all.

        Decided: it holds until the last of the deciding parts may change. Undecided: until the first of all parts may.
        Parts that can tell nothing of the future come last and are not asked once the row is decided, since they may be
        costly: ``is foo & daily`` asks whether it is foo on the days' due time only. The others are asked from the one
        on that decided last, and none after one that decides for ever: of a hundred tasks that are waited for, one is
        looked at.
        """
        decided = False
        until = FOREVER
        parts, foreseeing, first = self._by_cost, self._foreseeing_parts, self._decider
        for step in range(len(parts)):
            if step < foreseeing:
                place = (first + step) % foreseeing
            elif decided:
                break
            else:
                place = step
            finding = parts[place].examine(ctx)
            if finding.truth is decisive:
                until = max(until, finding.until) if decided else finding.until
                decided = True
                if until == FOREVER:
                    self._decider = place
                    break
            elif not decided:
                until = min(until, finding.until)
        return Finding(decisive if decided else not decisive, until)


def foreseen(condition: BaseCondition) -> bool:
    """Whether a condition and all its parts know when they may change."""
    if isinstance(condition, _Container):
        return all(foreseen(part) for part in condition.subconditions)
    return type(condition)._foreseen


class All(_Row):
    """True when every part is."""

    def examine(self, ctx: Context) -> Finding:
        """False when any part is false."""
        return self._settle(ctx, decisive=False)


class Any(_Row):
    """True when at least one part is."""

    def examine(self, ctx: Context) -> Finding:
        """True when any part is true."""
        return self._settle(ctx, decisive=True)


class Not(_Container):
    """True when the one part is false."""

    def __init__(self, condition: Anything) -> None:
        self.condition = condition

    @property
    def subconditions(self) -> tuple[BaseCondition, ...]:
        """The one part."""
        return (self.condition,)

    def examine(self, ctx: Context) -> Finding:
        """The opposite, for as long."""
        finding = self.condition.examine(ctx)
        return Finding(not finding.truth, finding.until)

    def __invert__(self) -> BaseCondition:
        condition: BaseCondition = self.condition
        return condition

    def _plain(self) -> BaseCondition:
        """Neither a negation of a negation, nor one of what never changes."""
        inner = self.condition._plain()
        if isinstance(inner, Not):
            return ~inner
        if isinstance(inner, (AlwaysTrue, AlwaysFalse)):
            return AlwaysFalse() if isinstance(inner, AlwaysTrue) else AlwaysTrue()
        return Not(inner)

    def __repr__(self) -> str:
        return f"Not({self.condition!r})"


class AlwaysTrue(BaseCondition):
    """Always true: a task that has it starts again as soon as it has finished, ``cycle_sleep`` seconds apart."""

    def examine(self, ctx: Context) -> Finding:
        """True for ever."""
        return Finding(True, FOREVER)

    def __str__(self) -> str:
        return getattr(self, "_str", "true")

    def __repr__(self) -> str:
        return "true"


class AlwaysFalse(BaseCondition):
    """Never true."""

    def examine(self, ctx: Context) -> Finding:
        """False for ever."""
        return Finding(False, FOREVER)

    def __str__(self) -> str:
        return getattr(self, "_str", "false")

    def __repr__(self) -> str:
        return "false"
