"""What all arguments share, and how they are chained."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

from redengine.abc import Argument
from redengine.base import RedBase


class _NotSet:
    """Stands for a default that was not given (``None`` is a value)."""

    def __repr__(self) -> str:
        return "NOTSET"

    def __reduce__(self) -> str:
        # Pickled by name, so that ``is NOTSET`` holds in worker processes too.
        return "NOTSET"


NOTSET: Any = _NotSet()


class BaseArgument(RedBase, Argument):
    """Base class of arguments: override :meth:`get_value`, and :meth:`stage` where a value must be fetched before
    it goes to another thread or process.

    Two arguments compare equal when their values do. ``Arg("a") >> Arg("b")`` is the first that has a value.
    """

    #: Whether the argument is a live part of this process, so that it cannot be given to a process task.
    live = False

    @abstractmethod
    def get_value(self, **kwargs: Any) -> Any:
        """The value for a run; see :class:`redengine.abc.Argument`."""

    def stage(self, **kwargs: Any) -> Any:
        """The value, by default; see :class:`redengine.abc.Argument`."""
        return self.get_value(**kwargs)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, type(self)):
            return bool(self.get_value() == other.get_value())
        return False

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.get_value()!r})"

    def __str__(self) -> str:
        return str(self.get_value())

    def __rshift__(self, other: Any) -> PipeArg:
        if not isinstance(other, BaseArgument):
            raise TypeError(f"An argument can only be chained to another argument, not to {type(other).__name__}")
        chained: list[BaseArgument] = []
        for argument_ in (self, other):
            chained.extend(argument_ if isinstance(argument_, PipeArg) else [argument_])
        return PipeArg(chained)


class PipeArg(BaseArgument):
    """The first of several arguments that has a value."""

    def __init__(self, args: list[BaseArgument]) -> None:
        self._args = list(args)

    def __iter__(self) -> Iterator[BaseArgument]:
        return iter(self._args)

    @property
    def live(self) -> bool:  # type: ignore[override]
        """Whether any of the chain is live."""
        return any(argument_.live for argument_ in self._args)

    def get_value(self, **kwargs: Any) -> Any:
        """The first value there is; ``KeyError`` when none of the chain has one."""
        for argument_ in self._args:
            try:
                return argument_.get_value(**kwargs)
            except KeyError:  # noqa: PERF203 - going on with the next is what a chain is for
                continue
        raise KeyError(f"None of {self} has a value")

    def __repr__(self) -> str:
        return " >> ".join(repr(argument_) for argument_ in self._args)

    __str__ = __repr__


def argument(**kwargs: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorator that makes a function an argument whose value is what the function returns."""

    def wrapper(func: Callable[..., Any]) -> Any:
        from redengine.args.function import FuncArg

        return FuncArg(func, **kwargs)

    return wrapper
