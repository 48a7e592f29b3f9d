"""Loading a project file: finding the app in it, and saying clearly why it cannot be used."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from unicodedata import east_asian_width

import redengine
from redengine import RedEngine, Session
from redengine.exc import ProjectError
from redengine.execution import WorkerSetup
from redengine.loading import Mistake, Oddity, RunWhileLoading, loading
from redengine_tui.placing import is_factory, likely_factory, make_app, place_in_package
from redengine_tui.project_end import never_executed
from redengine_tui.target import near


@dataclass(frozen=True, slots=True)
class LoadedProject:
    """A project file and the app that was found in it."""

    path: Path
    name: str
    app: RedEngine
    #: What was wrong and was collected instead of raised.
    mistakes: tuple[Mistake, ...] = ()
    #: What in it is ignored.
    oddities: tuple[Oddity, ...] = ()
    #: The app's name in the file.
    app_name: str = ""

    @property
    def session(self) -> Session:
        """The app's session."""
        return self.app.session


def load(spec: str, *, collect: bool = False, arguments: Sequence[str] | None = None) -> LoadedProject:
    """Load ``path[:NAME]`` or ``package.module[:NAME]``; ``NAME()`` is a function that makes the app.

    With ``collect``, wrong condition strings are collected, so that all of them can be shown. ``arguments`` become
    ``sys.argv`` after the file's own path; without them it is left alone. Raises
    :class:`~redengine.exc.ProjectError` with a message for a person.
    """
    target = near(spec)
    path = target.path
    placed = (target.module, target.root) if "." in target.module else place_in_package(path)
    name, folder = placed or (_module_name(path), target.root)
    # The way ``python project.py`` has it, so that the file finds its neighbours; or ``python -m package.module``.
    root = str(folder or path.parent)
    sys.path.insert(0, root)
    if arguments is not None:
        # The very list, which others hold.
        sys.argv[:] = [str(path), *arguments]
    with loading(path, collect=collect) as going, _told(path):
        module, end = _import(path, name)
        made = make_app(module, target.name) if is_factory(target.name) else None
    app = made or _find(module, path, target.name, end)
    if end is not None and (unseen := never_executed(end, path)):
        going.oddities.append(unseen)
    app.session.worker_setup = WorkerSetup(sys_path=[root], project_file=path, module_name=name)
    app_name = target.name or next((name for name, value in vars(module).items() if value is app), "")
    return LoadedProject(path, path.stem, app, tuple(going.mistakes), tuple(going.oddities), app_name)


def _module_name(path: Path) -> str:
    """A name to import the file under: its own, unless that is another module's."""
    name = re.sub(r"\W", "_", path.stem)
    taken = name in sys.modules or name in sys.stdlib_module_names
    if not taken and name.isidentifier():
        try:
            other = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            other = None
        taken = other is not None and other.origin != str(path)
    return f"redengine_project_{name}" if taken or not name.isidentifier() else name


def _import(path: Path, name: str) -> tuple[ModuleType, RunWhileLoading | None]:
    """The module, and the start of a scheduler that was its end."""
    # Named, since a project file need not end in .py.
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    package, _, own = name.rpartition(".")
    if package and (known := _imported_with(package, name)) is not None:
        return known, None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    end = None
    try:
        loader.exec_module(module)
    except RunWhileLoading as stop:
        end = stop
    if package:
        setattr(sys.modules[package], own, module)
    return module, end


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Raise :class:`~redengine.exc.ProjectError` for whatever the project's code raises."""
    try:
        yield
    except ProjectError:
        raise
    except RunWhileLoading as stop:
        raise _at(
            path,
            _own_line(stop, path),
            "the scheduler is started before the project's own module is there. Put that call under "
            '`if __name__ == "__main__":`',
        ) from None
    except SyntaxError as error:
        raise _not_python(error, path) from None
    except SystemExit as error:
        raise _at(path, _own_line(error, path), f"the file exits while it is loaded ({error.code!r})") from None
    except KeyboardInterrupt:
        raise ProjectError(f"Interrupted while {path.name} was loaded") from None
    except BaseException as error:  # whatever the project's code raises is the project's error
        raise _failed(error, path) from None


def _imported_with(package: str, name: str) -> ModuleType | None:
    """Import a package, and give the module of this name if the package has imported that itself."""
    importlib.import_module(package)
    return sys.modules.get(name)


def _own_line(error: BaseException, path: Path) -> int:
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] if lines else 0


def _at(file: Path, line: int, message: str) -> ProjectError:
    place = f"{file.name}, line {line}" if line else file.name
    return ProjectError(f"{place}: {message}", file=str(file), line=line, summary=message.partition("\n")[0])


def _not_python(error: SyntaxError, path: Path) -> ProjectError:
    message = f"{type(error).__name__}: {error.msg}"
    if error.text:
        code = error.text.strip()
        message += f"\n\n    {code}"
        if error.offset:
            before = error.text[: error.offset - 1].lstrip()
            # Letters that are two cells wide, and tabs, have to be stepped over as they are shown.
            gap = "".join("\t" if char == "\t" else " " * (1 + (east_asian_width(char) in "WF")) for char in before)
            message += f"\n    {gap}^"
    return _at(Path(error.filename) if error.filename else path, error.lineno or 0, message)


def _failed(error: BaseException, path: Path) -> ProjectError:
    """The error with the lines of the project's own files that led to it; none of ours."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(Path(frame.filename), path)]
    message = "".join(traceback.format_exception_only(type(error), error)).strip()
    if "relative import" in message:
        message += (
            "\n(A project file is loaded by itself, not as a part of a package: import its neighbours by name, or name "
            "the project as package.module:NAME.)"
        )
    if not frames:
        return ProjectError(f"{path.name} cannot be loaded: {message}", file=str(path))
    for frame in frames:
        if frame.line:
            message += f"\n\n  {Path(frame.filename).name}, line {frame.lineno}, in {frame.name}:\n    {frame.line}"
    return _at(Path(frames[-1].filename), frames[-1].lineno or 0, message)


def _is_own(file: Path, project: Path) -> bool:
    """Whether a file is the project's own. What is installed may well lie in a folder of the project's."""
    if file == project:
        return True
    installed = "site-packages" in file.parts or any(map(file.is_relative_to, _OURS))
    return file.is_relative_to(project.parent) and not installed


_OURS = (Path(redengine.__file__).parent, Path(__file__).parent)


def _find(module: ModuleType, path: Path, wanted: str | None, end: RunWhileLoading | None) -> RedEngine:
    apps = {name: value for name, value in vars(module).items() if isinstance(value, RedEngine)}
    if wanted is not None:
        if wanted in apps:
            return apps[wanted]
        if hasattr(module, wanted):
            kind = type(getattr(module, wanted)).__name__
            raise ProjectError(f"{path.name}: {wanted} is a {kind}, not a RedEngine app{_listed(apps)}")
        raise ProjectError(f"{path.name} has nothing named {wanted}{_listed(apps)}")
    if end is not None and isinstance(end.started, RedEngine):
        return end.started
    if isinstance(vars(module).get("app"), RedEngine):
        return apps["app"]
    different = {id(app): name for name, app in apps.items()}
    if len(different) == 1:
        return next(iter(apps.values()))
    if different:
        names = " or ".join(f"{path.name}:{name}" for name in sorted(different.values()))
        raise ProjectError(f"{path.name} has several apps: say which one, as {names}")
    if factory := likely_factory(module):
        raise ProjectError(f"{path.name} has no app; if {factory}() makes one, give '{path.name}:{factory}()'")
    raise ProjectError(
        f"{path.name} has no app. A project file makes one at its top level:\n\n"
        "    from redengine import RedEngine\n\n    app = RedEngine()"
    )


def _listed(apps: dict[str, RedEngine]) -> str:
    return f"; its apps: {', '.join(sorted(apps))}" if apps else "; it has no app at all"
