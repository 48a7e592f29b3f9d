"""Arguments whose value is what a function returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from redengine.args.base import BaseArgument
from redengine.args.parameters import Parameters


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
        return any(argument.live for argument in Parameters._from_signature(self.func).to_dict().values())

    def get_value(self, **kwargs: Any) -> Any:
        """What the function returns."""
        return self(**kwargs)

    def __call__(self, **context: Any) -> Any:
        """Call the function, its own arguments filled in."""
        params = Parameters._from_signature(self.func).materialize(**context)
        return self.func(*self.args, **{**params, **self.kwargs})

    def stage(self, **context: Any) -> Any:
        """The value, or this argument itself when it is to be called where the task runs."""
        session = context.get("session")
        materialize = self.materialize or (session.config.param_materialize if session is not None else "post")
        if materialize == "pre" or self.live:
            return self.get_value(**context)
        # The function's own arguments may be known to the scheduler only: they are fetched before it travels.
        staged = Parameters._from_signature(self.func).pre_materialize(**context).to_dict()
        return (
            FuncArg(self.func, *self.args, materialize=self.materialize, **{**staged, **self.kwargs})
            if staged
            else self
        )

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
