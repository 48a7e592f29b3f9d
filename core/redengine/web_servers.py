"""Web servers that a project file starts beside its scheduler: while it is imported by somebody who schedules it
himself, they end the import as the scheduler's own start does."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from operator import attrgetter
from types import ModuleType
from typing import Any

#: Where in a server's package its starts are found.
STARTS = {"uvicorn": ("run", "main.run", "Server.run", "Server.serve")}


@contextmanager
def held_back(refuse: Callable[[], None]) -> Iterator[None]:
    """Inside, the start of a server calls ``refuse``, which raises if it is not to start. No server is imported by
    this."""
    for name in STARTS.keys() & sys.modules.keys():
        _hold_back(sys.modules[name], refuse)
    finder = _Finder(refuse)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def _hold_back(package: ModuleType, refuse: Callable[[], None]) -> None:
    for start in STARTS[package.__name__]:
        where, _, name = start.rpartition(".")
        try:
            owner = attrgetter(where)(package) if where else package
            original = getattr(owner, name)
        except AttributeError:
            continue  # another version of it
        if not hasattr(original, "__redengine_original__"):
            setattr(owner, name, _asking(original, refuse))


def _asking(original: Callable[..., Any], refuse: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(original)
    def start(*args: Any, **kwargs: Any) -> Any:
        # Stays for good, since the project may have taken it by ``from uvicorn import run``.
        refuse()
        return original(*args, **kwargs)

    start.__redengine_original__ = original  # type: ignore[attr-defined]
    return start


class _Finder(MetaPathFinder):
    def __init__(self, refuse: Callable[[], None]) -> None:
        self._refuse = refuse

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in STARTS:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(fullname, spec.loader.path, self._refuse)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, refuse: Callable[[], None]) -> None:
        super().__init__(fullname, path)
        self._refuse = refuse

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        _hold_back(module, self._refuse)
