"""Arguments whose value is what a function returns."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal

from redengine.args.base import BaseArgument
from redengine.args.parameters import Parameters, _stage, get_value, signature


class FuncArg(BaseArgument):
    """What a function returns, called at each run.

    The function may itself take arguments, as defaults of its parameters.

    Parameters
    ----------
    func
        The function.
    *args, **kwargs
        Passed to the function.
    materialize
        ``post``: called where the task runs. ``pre``: called by the scheduler before the task goes to its thread
        or process. By default as the session's ``param_materialize`` says.
    """

    def __init__(
        self,
        func: Callable[..., Any],
        /,
        *args: Any,
        materialize: Literal["pre", "post"] | None = None,
        **kwargs: Any,
    ) -> None:
        self.func = func
        self.materialize = materialize
        self.args = args
        self.kwargs = kwargs

    @property
    def live(self) -> bool:  # type: ignore[override]
        """Whether the function takes a live part of the scheduler, so that it can only be called beside it."""
        own = [*self._defaults().to_dict().values(), *self.kwargs.values(), *self.args]
        wants = any(p.default is p.empty and p.name in ("task", "session") for p in self._open())
        return wants or any(getattr(value, "live", False) for value in own)

    def get_value(self, **kwargs: Any) -> Any:
        """What the function returns."""
        return self(**kwargs)

    def __call__(self, **context: Any) -> Any:
        """Call the function, its own arguments filled in: those given here, those among its defaults, and the task
        and the session for parameters of these names."""
        if context.get("session") is None:
            context["session"] = getattr(context.get("task"), "session", None) or self.session
        given = Parameters({**self._named(context), **self._defaults().to_dict(), **self.kwargs})
        args = [get_value(value, **context) if isinstance(value, BaseArgument) else value for value in self.args]
        return self.func(*args, **given.materialize(**context))

    def _open(self) -> list[inspect.Parameter]:
        """The function's parameters that are not given here."""
        after = list(signature(self.func).parameters.values())[len(self.args) :]
        return [parameter for parameter in after if parameter.name not in self.kwargs]

    def _defaults(self) -> Parameters:
        return Parameters({p.name: p.default for p in self._open() if isinstance(p.default, BaseArgument)})

    def _named(self, context: dict[str, Any]) -> dict[str, Any]:
        known = {"task": context.get("task"), "session": context["session"]}
        return {p.name: known[p.name] for p in self._open() if p.default is p.empty and p.name in known}

    def stage(self, **context: Any) -> Any:
        """The value, or this argument itself when it is to be called where the task runs."""
        session = context.get("session")
        materialize = self.materialize or (session.config.param_materialize if session is not None else "post")
        if materialize == "pre" or self.live:
            return self.get_value(**context)
        # The function's own arguments may be known to the scheduler only: they are fetched before it travels.
        staged = Parameters({**self._defaults().to_dict(), **self.kwargs}).pre_materialize(**context).to_dict()
        args = [_stage(value, **context) if isinstance(value, BaseArgument) else value for value in self.args]
        return FuncArg(self.func, *args, materialize=self.materialize, **staged) if staged or args else self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self.func, '__name__', self.func)})"

    __str__ = __repr__


class FuncParam:
    """Decorator that makes a function a parameter of the session; ``@app.param("name")`` is one.

    Parameters
    ----------
    name
        Name of the parameter, by default that of the function.
    session
        Whose parameter, by default that of the default session.
    """

    def __init__(self, name: str | None = None, session: Any = None) -> None:
        self.name = name
        self.session = session

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Set the parameter; the function itself is given back."""
        session = self.session if self.session is not None else FuncArg.session
        name = self.name if self.name is not None else func.__name__
        session.parameters[name] = FuncArg(func)
        func.__redengine__ = {"param_name": name}  # type: ignore[attr-defined]
        return func
