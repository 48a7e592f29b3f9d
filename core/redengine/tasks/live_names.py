"""Which live parts of the scheduler a function reaches by name: what it does to them in another process is lost."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

#: An attribute of the classes whose objects are such parts.
MARK = "__redengine_live__"
#: What a closure names that has no value yet.
_UNSET = CellType()


def live_names(func: Any) -> tuple[str, ...]:
    """Names of live parts among the globals and closures that the function names, or a function of the same module
    that it names; with the way there: ``app``, ``helper() uses app``, ``scheduler.app``."""
    found: dict[str, None] = {}
    for own in _functions(func):
        for name, value in _named(own):
            if _is_live(value):
                found[name] = None
            elif isinstance(value, FunctionType) and value.__module__ == own.__module__ and value is not own:
                found.update((f"{name}() uses {inner}", None) for inner, part in _named(value) if _is_live(part))
    return tuple(found)


def _is_live(value: Any) -> bool:
    # Asked of the class: an object of somebody else's may answer anything.
    return getattr(type(value), MARK, False) is True


def _functions(func: Any) -> Iterator[FunctionType]:
    """What is called in the end, and what decorators that say so have put around it."""
    for _ in range(20):
        if isinstance(func, partial):
            func = func.func
        elif isinstance(func, MethodType):
            func = func.__func__
        elif isinstance(func, FunctionType):
            yield func
            if not hasattr(func, "__wrapped__"):
                return
            func = func.__wrapped__
        else:
            return


def _named(func: FunctionType) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(func.__code__.co_freevars, func.__closure__ or (), strict=True):
        if cell != _UNSET:  # cells compare by what they hold
            yield name, cell.cell_contents
    for code in _codes(func.__code__):
        # Names of attributes are among them too: which are globals is looked at closer where it matters.
        there = {name: func.__globals__[name] for name in code.co_names if name in func.__globals__}
        wanted = {name for name, value in there.items() if _matters(value, code)}
        if not wanted:
            continue
        loaded = {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
        for name in sorted(wanted & loaded):
            value = there[name]
            if isinstance(value, ModuleType):
                yield from ((f"{name}.{part}", vars(value)[part]) for part in _live_in(value, code))
            else:
                yield name, value


def _matters(value: Any, code: CodeType) -> bool:
    if isinstance(value, ModuleType):
        return bool(_live_in(value, code))
    return _is_live(value) or isinstance(value, FunctionType)


def _live_in(module: ModuleType, code: CodeType) -> list[str]:
    return [name for name in code.co_names if _is_live(vars(module).get(name))]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
