"""Tasks that call a function."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from redengine.args.parameters import Parameters, is_coroutine_function, keyword_names
from redengine.loading import collecting, ignored
from redengine.tasks.adjustable import ELSEWHERE
from redengine.tasks.base import Task
from redengine.tasks.live_names import live_names

_NO_NAMES: frozenset[str] = frozenset()


class FuncTask(Task):
    """Calls a function, given itself or by the file it is in.

    Parameters
    ----------
    func
        The function; or its name, with ``path``; or both as ``"path/to/file.py:name"``.
    path, func_name
        File with the function, and its name there (``main`` by default). The file is imported anew for each run,
        unless ``cache`` is set.
    sys_paths
        Folders to import from while the file is imported.

    As a decorator it gives the function back unchanged.
    """

    func: Any = None
    path: Any = None
    func_name: Any = None
    cache: bool = False
    sys_paths: Any = ()

    def __init__(self, func: Any = None, **kwargs: Any) -> None:
        if isinstance(func, str):
            path, _, name = func.rpartition(":")
            kwargs.setdefault("path", path or None)
            kwargs["func_name"] = name
            func = None
        self._template = kwargs.pop("_name_template", None)
        kwargs.pop("name_include_module", None)
        self._live_names: tuple[int, tuple[str, ...]] = (0, ())
        self._waiting: dict[str, Any] | None = None
        if func is None and kwargs.get("path") is None:
            # ``@FuncTask(...)``: the function comes with the call that follows at once.
            self._waiting = kwargs
            return
        if func is not None and not kwargs:
            # ``@FuncTask``: the name is bound to this task, so a process could not find the function by it.
            kwargs["execution"] = "thread"
        self._declare(func, kwargs)

    def _declare(self, func: Any, kwargs: dict[str, Any]) -> None:
        if func is not None and not callable(func):
            raise TypeError(f"A task's function must be callable, not {type(func).__name__}")
        path = kwargs.get("path")
        if path is not None:
            kwargs["path"] = Path(path)
            kwargs["func_name"] = kwargs.get("func_name") or "main"
        # The arguments among the function's defaults are the task's parameters, unless it is given others.
        if func is not None:
            kwargs["parameters"] = Parameters._from_signature(func) | Parameters(kwargs.get("parameters"))
        if kwargs.get("description") is None and func is not None:
            kwargs["description"] = inspect.getdoc(func)
        self._delayed = func is None
        super().__init__(func=func, **kwargs)
        if path is not None and not Path(path).is_file() and not collecting():
            ignored(f"its file {path} does not exist now (looked for from {Path.cwd()})", task=self._name)
        self._refuse_live_in_process()
        self._warn_of_process()
        if func is not None and not isinstance(func, type):
            self._mark(func)

    def _refuse_live_in_process(self) -> None:
        if self.execution not in ELSEWHERE or self._delayed:
            return
        live = self.live_parameters()
        if live:
            self.session.tasks.discard(self)
            raise ValueError(
                f"Task {self.name!r} is to run in a process, but {', '.join(live)} is a live part of the scheduler "
                "that cannot leave it. Use execution='thread' (or 'auto')."
            )

    def _warn_of_process(self) -> None:
        """Tell of an execution that was said to be elsewhere, where the function wants to be here."""
        said = self.execution or self.session.config.execution
        if said in ELSEWHERE and (message := self.lost_elsewhere()):
            ignored(message, task=self._name)

    def lost_elsewhere(self) -> str:
        """What to say of the function if it runs in a process; nothing if it may."""
        names = self.live_names()
        if not names:
            return ""
        return (
            f"it runs in a process, where {' and '.join(names)} is a copy: what it does to it has no effect on the "
            "scheduler. Use execution='thread' (or 'auto')"
        )

    def live_names(self) -> tuple[str, ...]:
        """Of globals and closures that the function names."""
        if self.func is None:
            return ()
        known, names = self._live_names
        if known != id(self.func) or not self.session.scheduler.is_alive:
            # Until the scheduler runs, what the function names may yet be defined.
            names = live_names(self.func)
            self._live_names = (id(self.func), names)
        return names

    def _mark(self, func: Any) -> None:
        """Let the function stand for the task in conditions and arguments."""
        try:
            func.__redengine__ = {**getattr(func, "__redengine__", {}), "name": self.name}
        except AttributeError:
            return  # a built-in or bound method cannot be marked: it is named then

    def _renamed(self) -> None:
        if self.func is not None:
            self._mark(self.func)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As a decorator: take the function and give it back. After that: run the task."""
        if self._waiting is not None:
            kwargs, self._waiting = self._waiting, None
            func = args[0]
            self._declare(func, kwargs)
            # The function itself is given back, so that processes can import it by its name.
            return func
        return super().__call__(*args, **kwargs)

    # The function

    def get_func(self, cache: bool = True) -> Callable[..., Any]:
        """The function; imported from its file when it is not at hand.

        Raises ``ImportError`` when the file cannot be imported, ``AttributeError`` when it has no such function.
        """
        if self.func is not None:
            func: Callable[..., Any] = self.func
            return func
        path = Path(self.path)
        package = package_root(path)
        with _importing_from([package or path.absolute().parent, *map(Path, self.sys_paths)]):
            module = _load(path, package)
        try:
            func = getattr(module, self.func_name)
        except AttributeError:
            raise AttributeError(f"There is no function {self.func_name!r} in {path}") from None
        if cache:
            self.func = func
        return func

    def is_delayed(self) -> bool:
        """Whether the function is imported when the task runs."""
        return self._delayed

    def execute(self, **params: Any) -> Any:
        """Call the function."""
        return self.get_func(cache=self.cache)(**params)

    @property
    def is_async(self) -> bool:
        """Whether the function is ``async def``. A function still in its file counts as an ordinary one."""
        return self.func is not None and is_coroutine_function(self.func)

    def process_finish(self, status: str) -> None:
        """Forget a function that is imported anew for each run."""
        if self._delayed and not self.cache:
            self.func = None
        super().process_finish(status)

    def get_default_name(self, **kwargs: Any) -> str:
        """``module:function``, or the function's name alone in the main script and for ``@app.task``."""
        if self.func is None:
            module = ".".join(Path(self.path).with_suffix("").parts)
            name = self.func_name
        else:
            module = self.func.__module__
            name = getattr(self.func, "__name__", type(self.func).__name__)
            if module == "__main__":
                return str(name)
        if self._template is not None:
            return str(self._template.format(module_name=module, func_name=name))
        return f"{module}:{name}"

    # Its parameters

    def get_task_params(self) -> Parameters:
        """The task's own parameters; of a function still in its file also the arguments among its defaults, which
        only the scheduler can fetch for a process."""
        own = super().get_task_params()
        if self._delayed and self.get_execution() in ELSEWHERE and self._may_take_arguments():
            return Parameters._from_signature(self.get_func(cache=False)) | own
        return own

    def _may_take_arguments(self) -> bool:
        """Whether a default of the function is more than a constant: only then is its file imported beside the
        scheduler. What the file does not define in plain sight may be anything."""
        try:
            tree = ast.parse(Path(self.path).read_bytes())
        except (OSError, SyntaxError, ValueError):
            return False  # the run itself will say what is wrong
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        found = [node for node in tree.body if isinstance(node, functions) and node.name == self.func_name]
        defaults = [default for node in found for default in (*node.args.defaults, *node.args.kw_defaults)]
        return not found or not all(default is None or isinstance(default, ast.Constant) for default in defaults)

    def _taken(self, params: Any) -> Any:
        names = keyword_names(self.get_func(cache=False))
        return params if names is None else {key: value for key, value in params.items() if key in names}

    def prefilter_params(self, params: Parameters) -> Any:
        """Those that the function takes by name."""
        if self._delayed:
            return {key: value for key, value in params.items() if not key.startswith("_")}
        names = keyword_names(self.func)
        if names is None:
            # ``**kwargs`` takes what is meant for it, not every parameter there is.
            named = {p.name for p in inspect.signature(self.func).parameters.values() if p.kind is not p.VAR_KEYWORD}
            return {key: value for key, value in params.items() if key in named}
        return {key: value for key, value in params.items() if key in names} if names else {}

    @property
    def takes_nothing(self) -> bool:
        """Whether the function has no parameters, and was given none."""
        kind = type(self)
        as_here = (
            kind.prefilter_params is FuncTask.prefilter_params and kind.get_task_params is FuncTask.get_task_params
        )
        return as_here and not self._parameters and not self._delayed and keyword_names(self.func) == _NO_NAMES

    def takes(self) -> frozenset[str] | None:
        """Names of the parameters the function takes; any, while it is still in its file."""
        return None if self._delayed else keyword_names(self.func)

    def postfilter_params(self, params: Parameters) -> Any:
        """For a function that was imported only now: those that it takes, and its own arguments."""
        if not self._delayed:
            return params
        func = self.get_func(cache=True)
        return self._taken(Parameters._from_signature(func) | params)

    def live_parameters(self) -> list[str]:
        """Names of parameters that cannot travel to a process."""
        if self._delayed:
            return [name for name, value in self.parameters.items() if getattr(value, "live", False)]
        own = self.parameters.to_dict()
        taken = Parameters(self.prefilter_params(self.session.parameters)).to_dict()
        live = [name for name, value in {**taken, **own}.items() if getattr(value, "live", False)]
        special = (keyword_names(self.func) or frozenset()) & {"_session_", "_task_", "_thread_terminate_"}
        return live + sorted(special)


@contextmanager
def _importing_from(folders: list[Path]) -> Iterator[None]:
    added = [str(folder) for folder in folders]
    sys.path.extend(added)
    try:
        yield
    finally:
        for folder in added:
            if folder in sys.path:
                sys.path.remove(folder)


def package_root(path: Path) -> Path | None:
    """The folder that the package of a file lies in; ``None`` for a file outside any package."""
    folder = path.absolute().parent
    if not (folder / "__init__.py").is_file():
        return None
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _load(path: Path, package: Path | None) -> ModuleType:
    if package is not None:
        name = ".".join(path.absolute().with_suffix("").relative_to(package).parts)
    else:
        name = path.stem
    spec = importlib.util.spec_from_file_location(name, path.absolute())
    if spec is None or spec.loader is None:
        raise ImportError(f"The file {path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as exc:
        raise ImportError(f"Importing the file '{path}' failed.") from exc
    return module
