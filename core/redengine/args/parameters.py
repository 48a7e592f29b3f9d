"""The set of parameters of a session or a task."""

from __future__ import annotations

import inspect
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping
from functools import lru_cache, partial
from typing import Any

from redengine.args.base import BaseArgument
from redengine.base import RedBase


@lru_cache(maxsize=4096)
def _signature(func: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(func)


def signature(func: Callable[..., Any]) -> inspect.Signature:
    """The signature of a function; remembered, since inspecting it is slow. Of a built-in that has none: an empty
    one."""
    try:
        return _signature(func)
    except TypeError:  # not hashable
        return inspect.signature(func)
    except ValueError:
        return inspect.Signature()


def keyword_names(func: Callable[..., Any]) -> frozenset[str] | None:
    """Names of the keywords a function takes; ``None`` when it takes any (``**kwargs``). Remembered as the signature
    is."""
    try:
        return _keyword_names(func)
    except TypeError:  # not hashable
        return _keywords(signature(func))


@lru_cache(maxsize=4096)
def _keyword_names(func: Callable[..., Any]) -> frozenset[str] | None:
    return _keywords(signature(func))


def _keywords(of: inspect.Signature) -> frozenset[str] | None:
    names = set()
    for parameter in of.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            return None
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            names.add(parameter.name)
    return frozenset(names)


def is_coroutine_function(func: Callable[..., Any]) -> bool:
    """Whether a function is ``async def``. Remembered as the signature is."""
    try:
        return _is_coroutine_function(func)
    except TypeError:  # not hashable
        return inspect.iscoroutinefunction(func)


@lru_cache(maxsize=4096)
def _is_coroutine_function(func: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(func)


def call_with_known(func: Callable[..., Any], **kwargs: Any) -> Any:
    """Call ``func`` with those of the keywords that it takes."""
    names = keyword_names(func)
    return func(**(kwargs if names is None else {name: value for name, value in kwargs.items() if name in names}))


def get_value(argument: BaseArgument, **context: Any) -> Any:
    """The value of an argument. Arguments among the defaults of its ``get_value`` are filled in first."""
    defaults = Parameters._from_signature(argument.get_value)
    filled = defaults.materialize(**context) if defaults else {}
    return call_with_known(argument.get_value, **{**filled, **context})


def _stage(argument: BaseArgument, **context: Any) -> Any:
    # An argument written for Red Engine 2 takes ``task`` only.
    if type(argument).stage is BaseArgument.stage:
        return get_value(argument, **context)
    return call_with_known(argument.stage, **context)


class Parameters(RedBase, Mapping[str, Any]):
    """A mapping of parameter names to values and arguments.

    Reading an item gives the value: arguments are worked out, secrets are masked. ``|`` unites two sets, the right
    one winning.
    """

    def __init__(
        self,
        _param: Mapping[str, Any] | Parameters | None = None,
        type_: Callable[[Any], BaseArgument] | None = None,
        **params: Any,
    ) -> None:
        if _param is not None:
            params.update(_param._params if isinstance(_param, Parameters) else _param)
        if type_ is not None:
            params = {name: type_(value) for name, value in params.items()}
        self._params: dict[Any, Any] = params
        #: Called with the name of each parameter that is set or removed.
        self._on_change: Callable[[Any], None] | None = None

    @classmethod
    def _from_signature(cls, func: Callable[..., Any], /) -> Parameters:
        """The arguments among a function's defaults."""
        return cls(
            {
                name: parameter.default
                for name, parameter in signature(func).parameters.items()
                if isinstance(parameter.default, BaseArgument)
            }
        )

    # Reading

    def get(self, key: Any, default: Any = None) -> Any:
        """The value, or ``default`` when there is no such parameter."""
        try:
            return self[key]
        except KeyError:
            return default

    def _get(self, item: Any, /, **context: Any) -> Any:
        value = self._params[self._key(item)]
        return get_value(value, **context) if isinstance(value, BaseArgument) else value

    @staticmethod
    def _key(item: Any) -> Any:
        """A function decorated with ``@app.param`` stands for the parameter it makes."""
        marks = getattr(item, "__redengine__", None)
        return marks["param_name"] if isinstance(marks, dict) and "param_name" in marks else item

    def __getitem__(self, item: Any) -> Any:
        return self._get(item)

    def __iter__(self) -> Iterator[Any]:
        # A copy, as in all that goes through the parameters: another thread may set one meanwhile.
        return iter(list(self._params))

    def __len__(self) -> int:
        return len(self._params)

    def __contains__(self, item: object) -> bool:
        return self._key(item) in self._params

    def items(self) -> ItemsView[Any, Any]:
        """Names with what they hold now: values and arguments as they are."""
        return self._params.copy().items()

    def keys(self) -> KeysView[Any]:
        """The names."""
        return self._params.keys()

    def to_dict(self) -> dict[Any, Any]:
        """What is held, by name."""
        return self._params

    def to_json(self) -> dict[Any, Any]:
        """What is held in words, by name."""
        return {key: value if hasattr(value, "to_json") else repr(value) for key, value in self._params.items()}

    # Changing

    def _changed(self, *keys: Any) -> None:
        if self._on_change is not None:
            for key in keys:
                self._on_change(key)

    def __setitem__(self, key: Any, item: Any) -> None:
        self._params[key] = item
        self._changed(key)

    def __delitem__(self, key: Any) -> None:
        del self._params[key]
        self._changed(key)

    def update(self, params: Mapping[str, Any] | Parameters) -> None:
        """Set several parameters."""
        new = params._params if isinstance(params, Parameters) else dict(params)
        self._params.update(new)
        self._changed(*new)

    def clear(self) -> None:
        """Remove all parameters."""
        removed = list(self._params)
        self._params = {}
        self._changed(*removed)

    def param_func(self, _func: Callable[..., Any] | None = None, *, key: str | None = None) -> Any:
        """Decorator that sets a parameter whose value is what the function returns."""
        if _func is None:
            return partial(self.param_func, key=key)
        from redengine.args.function import FuncArg

        self[_func.__name__ if key is None else key] = FuncArg(_func)
        # The function itself is given back, so that processes can import it by its name.
        return _func

    # Working out

    def pre_materialize(self, **context: Any) -> Parameters:
        """Prepare for another thread or process: a new set in which arguments are staged. This one is unchanged,
        so that the next run works its values out afresh."""
        return Parameters(
            {key: _stage(value, **context) if isinstance(value, BaseArgument) else value for key, value in self.items()}
        )

    def materialize(self, **context: Any) -> dict[Any, Any]:
        """The values a run gets, by name."""
        return {
            key: get_value(value, **context) if isinstance(value, BaseArgument) else value
            for key, value in self.items()
        }

    # As a value

    def copy(self) -> Parameters:
        """An independent set of the same parameters."""
        return Parameters(dict(self._params))

    def __or__(self, other: Any) -> Parameters:
        right = other._params if isinstance(other, Parameters) else other
        return type(self)({**self._params, **right})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Parameters) and self._params == other._params

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value!r}" for name, value in self._params.items())
        return f"{type(self).__name__}({inner})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_on_change": None}
