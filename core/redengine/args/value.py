"""Arguments that are a value, another parameter's value, or what a task returned."""

from __future__ import annotations

from typing import Any

from redengine.args.base import NOTSET, BaseArgument


class SimpleArg(BaseArgument):
    """Simply the value that was given."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def get_value(self, **kwargs: Any) -> Any:
        """The value."""
        return self._value

    def stage(self, **kwargs: Any) -> Any:
        """The value."""
        return self._value


class Arg(BaseArgument):
    """The value of a session parameter, read at each run.

    Parameters
    ----------
    key
        Name of the parameter, or the function that was decorated with ``@app.param``.
    default
        The value when there is no such parameter; without one a run fails then.
    """

    def __init__(self, key: Any, default: Any = NOTSET) -> None:
        self.key = key
        self.default = default

    def _found(self, session: Any, task: Any) -> Any:
        session = session if session is not None else getattr(task, "session", None) or self.session
        parameters = session.parameters
        key = parameters._key(self.key)
        if key in parameters.keys():  # noqa: SIM118 - reading items would work the value out
            return session, parameters.to_dict()[key]
        if self.default is NOTSET:
            raise KeyError(f"There is no session parameter {key!r}")
        return session, self.default

    def get_value(self, task: Any = None, session: Any = None, **kwargs: Any) -> Any:
        """The parameter's value; ``KeyError`` when there is none and no default."""
        from redengine.args.parameters import get_value

        session, found = self._found(session, task)
        return get_value(found, task=task, session=session, **kwargs) if isinstance(found, BaseArgument) else found

    def stage(self, task: Any = None, session: Any = None, **kwargs: Any) -> Any:
        """The parameter's value, staged."""
        from redengine.args.parameters import _stage

        session, found = self._found(session, task)
        return _stage(found, task=task, session=session, **kwargs) if isinstance(found, BaseArgument) else found

    def __str__(self) -> str:
        return str(self.key)

    def __repr__(self) -> str:
        return f"session.parameters[{self.key!r}]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.key == other.key

    __hash__ = BaseArgument.__hash__


class Return(BaseArgument):
    """What a task returned when it last succeeded, read at each run.

    Parameters
    ----------
    task_name
        Name of the task, or the function that was decorated with ``@app.task``.
    default
        The value before the task has returned anything; without one a run fails then. A returned ``None`` is a
        value.
    """

    def __init__(self, task_name: Any, default: Any = NOTSET) -> None:
        self.task_name = task_name
        self.default = default

    def get_value(self, task: Any = None, session: Any = None, **kwargs: Any) -> Any:
        """The newest return value; ``KeyError`` when there is none and no default."""
        session = session if session is not None else getattr(task, "session", None) or self.session
        try:
            source = session[self.task_name]
        except KeyError:
            raise ValueError(f"Task {self.task_name!r} does not exist. Cannot get return value") from None
        try:
            return session.returns[source]
        except KeyError:
            if self.default is NOTSET:
                raise KeyError(f"Task {source.name!r} has not returned anything yet") from None
            return self.default

    def __repr__(self) -> str:
        default = "" if self.default is NOTSET else f", default={self.default!r}"
        return f"Return({self.task_name!r}{default})"

    def __str__(self) -> str:
        return f"Return of {self.task_name!r}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.task_name == other.task_name

    __hash__ = BaseArgument.__hash__
