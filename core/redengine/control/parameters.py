"""The parameters a task would be run with, for a person to look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from redengine.args import Arg, EnvArg, FuncArg, PipeArg, Private, Return, SimpleArg
from redengine.args.base import NOTSET, BaseArgument
from redengine.args.parameters import Parameters, get_value, keyword_names
from redengine.control.messages import ParameterList, ParameterView, Reply
from redengine.scheduling.engine import FAILURES

#: Characters of a value that are shown.
LONGEST = 2000


def list_parameters(session: Any, task: Any | None) -> ParameterList:
    """All parameters of a task, its own first; of the session alone for ``None``. Calls no code of the project."""
    own = {} if task is None else dict(task.get_task_params().to_dict())
    taken = None if task is None else _taken(task)
    views = [_view(session, name, value, "task", *_use(name, taken, task)) for name, value in own.items()]
    for name, value in session.parameters.items():
        if name in own:
            wins, note = False, "covered by the task's own"
        else:
            wins, note = _use(name, taken, task)
        views.append(_view(session, name, value, "session", wins, note))
    return ParameterList(tuple(views))


def _taken(task: Any) -> frozenset[str] | None:
    """Names that the task's function takes; ``None`` when it takes any, or that is not known yet."""
    func = getattr(task, "func", None)
    return keyword_names(func) if callable(func) else None


def _use(name: str, taken: frozenset[str] | None, task: Any) -> tuple[bool, str]:
    if task is not None and taken is not None and name not in taken:
        return False, "not taken"
    return True, ""


def _view(session: Any, name: Any, value: Any, scope: Any, wins: bool, note: str) -> ParameterView:
    if not isinstance(value, BaseArgument):
        return ParameterView(str(name), scope, "value", _shown(value), wins, note)
    text, lazy, problem = _source(session, value)
    return ParameterView(str(name), scope, type(value).__name__, text, wins, note or problem, lazy)


def _source(session: Any, argument: BaseArgument) -> tuple[str, bool, str]:
    """The value or where it comes from, whether code has to be called for it, and what is wrong with it."""
    if isinstance(argument, Private):
        return argument.string_hidden, False, ""
    if isinstance(argument, SimpleArg):
        return _shown(argument.get_value()), False, ""
    if isinstance(argument, Arg):
        return _source_of_key(session, argument)
    if isinstance(argument, Return):
        return _source_of_return(session, argument)
    if isinstance(argument, FuncArg):
        return f"{getattr(argument.func, '__qualname__', argument.func)}()", True, ""
    if isinstance(argument, EnvArg):
        return f"${argument.var}", True, ""
    if isinstance(argument, PipeArg):
        return " >> ".join(_source(session, part)[0] for part in argument), True, ""
    if argument.live:
        return str(argument), False, ""
    return repr_of(argument), True, ""


def _source_of_key(session: Any, argument: Arg) -> tuple[str, bool, str]:
    parameters = session.parameters
    key = parameters._key(argument.key)
    if key not in parameters.to_dict():
        if argument.default is NOTSET:
            return f"session parameter {key!r}", False, f"there is no session parameter {key!r}"
        return f"{_shown(argument.default)} (default)", False, ""
    found = parameters.to_dict()[key]
    if isinstance(found, Arg):
        # What leads in a circle would be followed for ever.
        onwards = f"{found} (session parameter {key!r})"
        return onwards, True, ""
    if not isinstance(found, BaseArgument):
        return f"{_shown(found)} (session parameter {key!r})", False, ""
    text, lazy, problem = _source(session, found)
    return f"{text} (session parameter {key!r})", lazy, problem


def _source_of_return(session: Any, argument: Return) -> tuple[str, bool, str]:
    if argument.task_name not in session:
        return f"return of {argument.task_name!r}", False, "there is no such task"
    name = session[argument.task_name].name
    if name in session.returns:
        return f"{_shown(session.returns.to_dict()[name])} (return of {name!r})", False, ""
    if argument.default is NOTSET:
        return f"return of {name!r}", False, f"{name!r} has not returned anything yet: a run fails until it has"
    return f"{_shown(argument.default)} (default until {name!r} returns)", False, ""


def repr_of(argument: BaseArgument) -> str:
    """An argument in words, whatever its own code does."""
    try:
        return repr(argument) if type(argument).__repr__ is not BaseArgument.__repr__ else type(argument).__name__
    except FAILURES as error:
        return f"{type(argument).__name__} ({type(error).__name__}: {error})"


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except FAILURES as error:
        text = f"{type(value).__name__} that cannot be shown ({type(error).__name__}: {error})"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text)} characters)"


def evaluate(session: Any, task: Any | None, name: str, scope: str) -> Reply:
    """Work a parameter out, as a run would. Calls code of the project, so not on the scheduler's thread."""
    parameters = session.parameters if scope == "session" or task is None else task.get_task_params()
    held = {str(key): value for key, value in parameters.items()}
    if name not in held:
        return Reply(False, f"There is no parameter {name!r} any more")
    argument = held[name]
    if not isinstance(argument, BaseArgument):
        return Reply(True, _shown(argument))
    if any(isinstance(part, Private) for part in _parts(session, argument)):
        return Reply(True, Private.string_hidden)
    try:
        return Reply(True, _shown(get_value(argument, task=task, session=session)))
    except FAILURES as error:
        message = error.args[0] if isinstance(error, KeyError) and error.args else error
        return Reply(False, f"{type(error).__name__}: {message}")


def secret_names(session: Any, task: Any, names: Collection[str]) -> frozenset[str]:
    """Those of the names whose parameter of a task is a secret; all where that cannot be known."""
    if not names:
        return frozenset()
    func = getattr(task, "func", None)
    try:
        held = [session.parameters.to_dict(), task.get_task_params().to_dict()]
        held += [Parameters._from_signature(func).to_dict()] if callable(func) else []
        return frozenset(
            str(name)
            for parameters in held
            for name, argument in parameters.items()
            if str(name) in names and any(isinstance(part, Private) for part in _parts(session, argument))
        )
    except FAILURES:  # the project's own code takes part
        return frozenset(names)


def _parts(session: Any, argument: Any, seen: frozenset[int] = frozenset()) -> Iterator[BaseArgument]:
    """The argument and all it gets its value from."""
    if not isinstance(argument, BaseArgument) or id(argument) in seen:
        return
    yield argument
    inner: Iterable[Any] = ()
    if isinstance(argument, PipeArg):
        inner = argument
    elif isinstance(argument, FuncArg):
        inner = (*argument.args, *argument.kwargs.values(), *argument._defaults().to_dict().values())
    elif isinstance(argument, Arg):
        held = session.parameters.to_dict()
        inner = (held.get(session.parameters._key(argument.key)), argument.default)
    for part in inner:
        yield from _parts(session, part, seen | {id(argument)})
