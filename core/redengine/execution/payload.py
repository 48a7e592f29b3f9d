"""Work on its way to a worker process, and values on their way back."""

from __future__ import annotations

import io
import os
import pickle
import sys
from collections import ChainMap
from collections.abc import Callable
from functools import partial
from types import CodeType, FunctionType, ModuleType
from typing import Any

import cloudpickle

from redengine.abc import Outcome
from redengine.exc import TaskSetupError
from redengine.execution.worker import MAIN_ALIAS, Reply, code_of_file, main_attribute, unsendable_value


def pack(work: Callable[[], Any], task_name: str, *, by_value: str | None = None) -> bytes:
    """The work as bytes. Functions of importable modules go by name, those of the main script by value, and those of
    the module named ``by_value``.

    What such a function refers to goes with it; where that cannot be (it uses a lock, a connection, the application
    itself), the script or module is imported in the worker instead.

    Raises ``TaskSetupError`` when neither way works.
    """
    errors: list[Exception] = []
    dumps: list[Callable[[Any], bytes]] = [_dump]
    if by_value in sys.modules:
        dumps.insert(0, partial(_dump_by_value, sys.modules[by_value]))
    if main_file() is not None:
        dumps.append(_dump_by_name)
    for dump in dumps:
        try:
            return bytes(dump(work))
        except Exception as exc:  # noqa: PERF203 (a few at most; pickling calls into whatever the task holds)
            errors.append(exc)
    raise TaskSetupError(
        f"task {task_name!r} cannot be sent to a process: {type(errors[0]).__name__}: {errors[0]}. "
        "Give it arguments that can be pickled, or run it with execution='thread'."
    ) from errors[0]


def _code_with_its_file(code: CodeType) -> tuple[Any, ...]:
    make, args, *_ = cloudpickle.Pickler.dispatch_table[CodeType](code)
    return code_of_file, (make, args, code.co_filename)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Copies code with the name of its file, which newer cloudpickles leave out: a traceback is to say where."""

    dispatch_table = ChainMap({CodeType: _code_with_its_file}, cloudpickle.Pickler.dispatch_table)


def _dump(work: Callable[[], Any], pickler: type[_Pickler] = _Pickler) -> bytes:
    buffer = io.BytesIO()
    pickler(buffer).dump(work)
    return buffer.getvalue()


def _dump_by_value(module: ModuleType, work: Callable[[], Any]) -> bytes:
    cloudpickle.register_pickle_by_value(module)
    try:
        return _dump(work)
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def main_file() -> str | None:
    """The script this program was started with; ``None`` for ``-c``, ``-m`` of a package, or a prompt."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.abspath(path) if path and os.path.isfile(path) else None


class _MainByName(_Pickler):
    """Names what the main script defines, where cloudpickle would copy it."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, (FunctionType, type)) and obj.__module__ == "__main__" and _found_in_main(obj):
            return main_attribute, (obj.__qualname__,)
        return super().reducer_override(obj)


def _found_in_main(obj: Any) -> bool:
    found: Any = sys.modules["__main__"]
    for name in obj.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is obj


def _dump_by_name(work: Callable[[], Any]) -> bytes:
    # What the worker makes of the script's classes comes back under the worker's name for the script.
    sys.modules[MAIN_ALIAS] = sys.modules["__main__"]
    return _dump(work, _MainByName)


def unpack(run_id: str, task_name: str, frame: bytes) -> Outcome:
    """The outcome that a worker's reply tells."""
    reply = Reply(*pickle.loads(frame))
    exception = None
    if reply.exception is not None:
        try:
            exception = pickle.loads(reply.exception)
        except Exception as exc:  # an exception class with a constructor of its own; its text is enough
            exception = RuntimeError(f"the exception could not be carried over: {exc}")
    if reply.value is None:
        return Outcome(run_id, reply.action, exc_text=reply.exc_text, exception=exception)  # type: ignore[arg-type]
    try:
        value = pickle.loads(reply.value)
    except Exception as exc:  # unpickling calls into the value's own code
        return Outcome(run_id, "fail", exc_text=unsendable_value(task_name, "unknown here", exc))
    return Outcome(run_id, reply.action, value, reply.exc_text, exception)  # type: ignore[arg-type]
