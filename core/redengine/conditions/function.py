"""Conditions that are a person's function."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable
from typing import Any

from redengine.args.parameters import Parameters
from redengine.conditions.base import BaseCondition

Syntax = "str | re.Pattern[str] | list[str | re.Pattern[str]] | None"


class FuncCond(BaseCondition):
    """A condition whose truth is what a function returns; ``@app.cond("is foo")`` makes one.

    Parameters
    ----------
    func
        The function; its parameters may have arguments such as ``Session()`` as defaults.
    syntax
        What stands for the condition in a condition string: fixed text, a compiled regular expression whose named
        groups become arguments of the function, or a list of both.
    args, kwargs
        Passed to the function.
    decor_return_func
        Used as a decorator: give back the function, not the condition.
    session
        Whose condition strings know the syntax.
    """

    def __init__(
        self,
        func: Callable[..., Any] | None = None,
        syntax: Any = None,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        decor_return_func: bool = False,
        session: Any = None,
    ) -> None:
        self.func = func
        self.syntax = syntax
        self.args = () if args is None else args
        self.kwargs = {} if kwargs is None else kwargs
        self.decor_return_func = decor_return_func
        if session is not None:
            self.session = session
        for text in syntax if isinstance(syntax, (list, tuple, set)) else [] if syntax is None else [syntax]:
            self.session.get_cond_parsers()[text] = self._recreate

    def _recreate(self, *args: Any, **kwargs: Any) -> FuncCond:
        other = copy.copy(self)
        other.args = args
        other.kwargs = kwargs
        other.__dict__.pop("_str", None)
        return other

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As a decorator: take the function. After that: the same condition with other arguments."""
        if self.func is None:
            if len(args) != 1 or kwargs or not callable(args[0]):
                raise ValueError("Expected decorated function.")
            self.func = args[0]
            return self.func if self.decor_return_func else self
        return self._recreate(*args, **kwargs)

    def __bool__(self) -> bool:
        return self.observe()

    def observe(self, **kwargs: Any) -> bool:
        """What the function returns."""
        if self.func is None:
            raise ValueError("This condition has no function yet")
        if kwargs.get("session") is None:
            kwargs["session"] = getattr(kwargs.get("task"), "session", None) or self.session
        filled = Parameters._from_signature(self.func).materialize(**kwargs)
        return bool(self.func(*self.args, **{**filled, **self.kwargs}))

    def question(self) -> Hashable:
        """The function and what it is given, unless that is another thing for each task."""
        if self.func is None or Parameters._from_signature(self.func):
            return None
        question = (self.func, self.args, tuple(sorted(self.kwargs.items())))
        try:
            hash(question)
        except TypeError:
            return None
        return question

    def __repr__(self) -> str:
        name = getattr(self.func, "__name__", self.func)
        return f"{type(self).__name__}({name}, syntax={self.syntax!r}, args={self.args!r}, kwargs={self.kwargs!r})"

    def __str__(self) -> str:
        text = getattr(self, "_str", None)
        if text is None and isinstance(self.syntax, str):
            text = self.syntax
        return str(text) if text is not None else repr(self)
