"""What all conditions share."""

from __future__ import annotations

import operator
from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterable
from contextvars import ContextVar
from copy import copy
from math import inf
from typing import Any, ClassVar

from redengine.abc import Condition, Finding, Topic
from redengine.args.parameters import Parameters
from redengine.base import RedBase
from redengine.conditions.context import Context

#: What a person overrides to write a condition of their own.
_USER_METHODS = frozenset({"__bool__", "get_state", "observe", "get_measurement"})

#: ``task=`` and ``session=`` of the ``observe`` that is going on, for a ``__bool__`` that cannot be given them.
_about: ContextVar[dict[str, Any]] = ContextVar("_about", default={})  # noqa: B039 - never changed


def name_of(task: Any) -> Any:
    """The name of a task given by name, object or decorated function."""
    name = getattr(task, "name", None)
    return getattr(task, "__redengine__", {}).get("name", task) if name is None else name


class BaseCondition(RedBase, Condition):
    """Base class of conditions.

    To write one, override ``get_state`` (its arguments may have arguments such as ``Task()`` as defaults) or just
    ``__bool__``. Such a condition can tell nothing of the future: tasks that have it are looked at once every
    ``cycle_sleep`` seconds. The built-in ones override ``examine`` and ``topics`` instead and cost nothing until
    something they depend on happens.
    """

    #: The text the condition was parsed from.
    _str: str

    #: Whether ``examine`` knows when the truth may change.
    _foreseen: ClassVar[bool] = False
    #: What the nearest class that foresees says; for a person's class below it that calls ``super()``.
    _foreseeing: ClassVar[Callable[..., Finding] | None] = None
    #: Whether ``get_state`` or ``get_measurement`` has the say, being nearer than that class.
    _measures: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # Whoever overrides what a condition is *now* says nothing of when it changes, also below a built-in class.
        own = cls.__dict__
        if "examine" in own:
            cls._foreseen, cls._measures, cls._foreseeing = True, False, own["examine"]
        elif _USER_METHODS & own.keys():
            cls._foreseen = False
            cls.examine = BaseCondition.examine  # type: ignore[method-assign]
        if own.keys() & {"get_state", "get_measurement"}:
            cls._measures = True

    # Evaluation

    def examine(self, ctx: Context) -> Finding:
        """The truth now; to be looked at again at ``ctx.poll_at``, or later if it takes long to find out."""
        finding: Finding = ctx.session.pace.ask(self, ctx)
        return finding

    def question(self) -> Hashable:
        """What is equal for two conditions of which one can answer for the other, whatever task they are of; ``None``:
        there is no such thing."""
        return None

    def topics(self, task_name: str | None) -> Iterable[Topic]:
        """Nothing is known to announce a change."""
        return ()

    def observe(self, **kwargs: Any) -> bool:
        """The truth now, for ``task=`` in ``session=``."""
        if type(self).__bool__ is BaseCondition.__bool__:
            return self._evaluate(**kwargs)
        # ``__bool__`` takes no arguments: whom it is about is kept for its ``super().__bool__()``.
        token = _about.set(kwargs)
        try:
            return bool(self)
        finally:
            _about.reset(token)

    def _evaluate(self, **kwargs: Any) -> bool:
        cls = type(self)
        if cls._foreseeing is not None and not cls._measures:
            return cls._foreseeing(self, self._context(**kwargs)).truth
        if kwargs.get("session") is None:
            kwargs["session"] = getattr(kwargs.get("task"), "session", None) or self.session
        return self._measure(**kwargs)

    def _measure(self, **kwargs: Any) -> bool:
        """The truth of a condition that a person wrote."""
        return bool(self.get_state(**self._arguments(self.get_state, **kwargs)))

    @staticmethod
    def _arguments(func: Callable[..., Any], **kwargs: Any) -> dict[str, Any]:
        return Parameters._from_signature(func).materialize(**kwargs)

    def _context(self, task: Any = None, session: Any = None, scheduler: Any = None, **_: Any) -> Context:
        if session is None:
            owner = task if task is not None else scheduler
            session = owner.session if owner is not None else self.session
        if session.config.force_status_from_logs:
            session.refresh_past()
        context: Context = session.context(task=task)
        return context

    def get_state(self) -> Any:
        """Override: whether the condition holds."""
        raise TypeError(f"{type(self).__name__} does not say when it holds: override get_state or __bool__")

    def __bool__(self) -> bool:
        return self.observe() if type(self).__bool__ is BaseCondition.__bool__ else self._evaluate(**_about.get())

    # Words

    def reason(self, ctx: Context, finding: Finding) -> str:
        """Why the truth is what it is, in a few words; may be empty."""
        slow = None if type(self)._foreseen else ctx.session.pace.answer(self, ctx)
        return "" if slow is None else f"took {slow.took:.1f} s, while everything else waited, so is asked less often"

    # Combination

    def __and__(self, other: Any) -> BaseCondition:
        from redengine.conditions.logic import All

        return All(self, other)

    def __or__(self, other: Any) -> BaseCondition:
        from redengine.conditions.logic import Any as AnyCondition

        return AnyCondition(self, other)

    def __invert__(self) -> BaseCondition:
        from redengine.conditions.logic import Not

        return Not(self)

    # As a value

    def _values(self) -> dict[str, Any]:
        """What makes two conditions of a class equal: everything but the text they came from. A task is the same by
        whichever way it is given."""
        return {
            key: name_of(value) if key in ("task", "depend_task") else value
            for key, value in self.__dict__.items()
            if key not in ("_str", "session")
        }

    def _plain(self) -> BaseCondition:
        """The condition that is compared in place of this one."""
        return self

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, BaseCondition):
            return False
        mine, theirs = self._plain(), other._plain()
        return isinstance(theirs, type(mine)) and bool(mine._values() == theirs._values())

    __hash__ = object.__hash__

    def __str__(self) -> str:
        text = getattr(self, "_str", None)
        if text is not None:
            return str(text)
        from redengine.syntax import unparse

        return unparse(self)

    def __repr__(self) -> str:
        inner = ", ".join(f"{key}={value!r}" for key, value in self._values().items() if not key.startswith("_"))
        return f"{type(self).__name__}({inner})"


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "__eq__": operator.eq,
    "__ne__": operator.ne,
    "__lt__": operator.lt,
    "__gt__": operator.gt,
    "__le__": operator.le,
    "__ge__": operator.ge,
}


class BaseComparable(BaseCondition):
    """A condition that compares a number: ``TaskStarted(...) >= 2``. Without a comparison: whether it is over zero.

    Red Engine 2's way to write the comparison as a keyword (``_ge_=2``) works too. To write such a condition,
    override ``get_measurement``.
    """

    def __init__(self, **comparisons: Any) -> None:
        self._comps: dict[str, Any] = _comparisons({f"_{name}_": wanted for name, wanted in comparisons.items()})

    def get_state(self, measured: Any = 0) -> bool:
        """Whether a measured number (or the length of what was measured) compares as wanted."""
        if isinstance(measured, bool):
            return measured
        return self._compare(len(measured) if hasattr(measured, "__len__") else measured)

    def get_measurement(self) -> Any:
        """Override: the number, or something with a length."""
        raise TypeError(f"{type(self).__name__} does not say what it measures: override get_measurement")

    def _measure(self, **kwargs: Any) -> bool:
        if type(self).get_measurement is BaseComparable.get_measurement:
            return super()._measure(**kwargs)
        return self.get_state(self.get_measurement(**self._arguments(self.get_measurement, **kwargs)))

    def __repr__(self) -> str:
        sign = {"__eq__": "==", "__ne__": "!=", "__lt__": "<", "__gt__": ">", "__le__": "<=", "__ge__": ">="}
        compared = "".join(f" {sign[name]} {wanted}" for name, wanted in self._comps.items())
        return super().__repr__() + compared

    def _compare(self, number: float) -> bool:
        if not self._comps:
            return number > 0
        return all(_OPERATORS[name](number, wanted) for name, wanted in self._comps.items())

    @property
    def _most_needed(self) -> float:
        """The count from which on the outcome no longer changes."""
        return max((float(wanted) + 1 for wanted in self._comps.values()), default=1.0) if self._comps else 1.0

    def _with(self, name: str, wanted: Any) -> BaseComparable:
        other = copy(self)
        other._comps = {**self._comps, name: wanted}
        other.__dict__.pop("_str", None)
        return other

    def __eq__(self, other: object) -> Any:
        if isinstance(other, BaseCondition):
            return super().__eq__(other)
        return self._with("__eq__", other)

    def __ne__(self, other: object) -> Any:
        if isinstance(other, BaseCondition):
            return not super().__eq__(other)
        return self._with("__ne__", other)

    def __lt__(self, other: Any) -> Any:
        return self._with("__lt__", other)

    def __gt__(self, other: Any) -> Any:
        return self._with("__gt__", other)

    def __le__(self, other: Any) -> Any:
        return self._with("__le__", other)

    def __ge__(self, other: Any) -> Any:
        return self._with("__ge__", other)

    __hash__ = object.__hash__

    @classmethod
    def from_magic(cls, **kwargs: Any) -> Any:
        """Build with comparisons by the names of Python's methods: ``from_magic(__gt__=3)``."""
        condition = cls()
        condition._comps = _comparisons(kwargs)
        return condition


def _comparisons(wanted: dict[str, Any]) -> dict[str, Any]:
    unknown = wanted.keys() - _OPERATORS.keys()
    if unknown:
        raise ValueError(f"Unknown comparison: {', '.join(sorted(unknown))}")
    return wanted


class Wrapper(BaseCondition):
    """A condition that stands for another one, which it makes when asked: ``daily``, ``succeeded``, ``running``.

    It compares as that one does: ``started.today < 3``.
    """

    @abstractmethod
    def get_cond(self) -> Any:
        """The condition this stands for."""

    def _plain(self) -> BaseCondition:
        condition: BaseCondition = self.get_cond()._plain()
        return condition

    def examine(self, ctx: Context) -> Finding:
        """That of the condition this stands for."""
        finding: Finding = self.get_cond().examine(ctx)
        return finding

    def topics(self, task_name: str | None) -> Iterable[Topic]:
        """Those of the condition this stands for."""
        topics: Iterable[Topic] = self.get_cond().topics(task_name)
        return topics

    def reason(self, ctx: Context, finding: Finding) -> str:
        """That of the condition this stands for."""
        return str(self.get_cond().reason(ctx, finding))

    def __eq__(self, other: object) -> Any:
        return self.get_cond() == (other.get_cond() if isinstance(other, Wrapper) else other)

    def __ne__(self, other: object) -> Any:
        return self.get_cond() != (other.get_cond() if isinstance(other, Wrapper) else other)

    def __lt__(self, other: Any) -> Any:
        return self.get_cond() < other

    def __gt__(self, other: Any) -> Any:
        return self.get_cond() > other

    def __le__(self, other: Any) -> Any:
        return self.get_cond() <= other

    def __ge__(self, other: Any) -> Any:
        return self.get_cond() >= other

    __hash__ = object.__hash__

    def __str__(self) -> str:
        return str(self.get_cond())


FOREVER = inf
