"""Which scheduler somebody means: a project file, an app in a module, or a project on another machine.

Nothing of a project is imported to find that out, and nothing heavy of ours: it is done before anything is connected.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from redengine_tui.hosts import PROGRAM, HostEntry, destination_of
from redengine_tui.hosts import load as load_hosts

if TYPE_CHECKING:
    from redengine_tui.data import ProjectData

FORMS = (
    "A target is a project file (project.py), an app in it (project.py:NAME), one in a module (package.module:NAME), "
    "a project on another machine (ssh://user@host/path/to/project.py), or one of [hosts] in config.toml (NAME/project)"
)
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class Near:
    """A project of this machine."""

    #: Whole, with links followed.
    path: Path
    #: Of the app, where it was said.
    name: str | None = None
    #: Under which name its file is imported, where it was named so: ``package.module``.
    module: str = ""
    #: The folder in which that module's package lies.
    root: Path | None = None
    #: The name of its data folder, where that does not follow from its path.
    folder: str | None = None

    @property
    def where(self) -> str:
        """Where it runs, in words."""
        return "attached"

    def data(self, data_root: Path) -> ProjectData:
        """Its data folder below the one of all projects."""
        from redengine_tui.data import ProjectData

        return ProjectData.of(self.path, data_root, self.folder)

    def __str__(self) -> str:
        return f"{self.module or self.path}{_colon(self.name)}"


@dataclass(frozen=True, slots=True)
class Far:
    """A project of another machine."""

    #: ``host`` or ``user@host``, as ssh takes it.
    ssh: str
    #: As it was written: whole, or relative to the home there after ``~/``.
    path: str
    name: str | None = None
    port: int | None = None
    #: The program there.
    command: tuple[str, ...] = (PROGRAM,)
    #: Its name in ``[hosts]``; empty: it is of none.
    host_name: str = ""

    @property
    def host(self) -> str:
        """What people call the machine."""
        return self.host_name or self.ssh.rpartition("@")[2]

    @property
    def where(self) -> str:
        """Where it runs, in words."""
        return f"ssh {self.host}"

    def __str__(self) -> str:
        host = self.ssh if ":" not in self.ssh.rpartition("@")[2] else _in_brackets(self.ssh)
        port = "" if self.port is None else f":{self.port}"
        return f"ssh://{host}{port}{'' if self.path.startswith('/') else '/'}{self.path}{_colon(self.name)}"


Target = Near | Far


def _colon(name: str | None) -> str:
    return f":{name}" if name else ""


def _in_brackets(ssh: str) -> str:
    user, at, host = ssh.rpartition("@")
    return f"{user}{at}[{host}]"


def parse(text: str, hosts: Mapping[str, HostEntry] | None = None) -> Target:
    """What a target means. ``hosts``: those of the settings, by default read from there where they matter.

    Raises :class:`~redengine.exc.ProjectError` with a message for a person.
    """
    if text.startswith("ssh://"):
        return _far(text)
    if not text.strip() or text.startswith("-"):
        _refuse(f"{text!r} is no target. {FORMS}")
    path, name = split(text)
    if path.expanduser().exists():
        # A folder is refused as a project, but may share its name with a machine.
        if path.is_dir() and (found := _of_host(text, hosts)):
            return found
        return Near(existing(path), name)
    if text == "demo":
        return Near(Path(__file__).parent / "demo_project.py", folder="demo")
    if (module := _of_module(text)) is not None:
        return module
    if (found := _of_host(text, hosts)) is not None:
        return found
    return Near(existing(path), name)


def near(text: str) -> Near:
    """A target on this machine; :class:`~redengine.exc.ProjectError` when it is on another."""
    target = parse(text)
    if isinstance(target, Far):
        _refuse(f"{target} is on another machine: see it with `{PROGRAM} attach`, steer it with `{PROGRAM} ctl`")
    return target


# Files


def split(spec: str) -> tuple[Path, str | None]:
    """``path[:NAME]`` as file and name of the app."""
    if Path(spec).exists():
        return Path(spec), None
    path, colon, name = spec.rpartition(":")
    if colon and _is_name(name) and path:
        return Path(path), name
    return Path(spec), None


def _is_name(text: str) -> bool:
    """Whether it may be the name of an app, or of a function that makes one: ``create_app()``."""
    return text.removesuffix("()").isidentifier()


def existing(given: Path) -> Path:
    """The whole path of a project file; :class:`~redengine.exc.ProjectError` when there is none."""
    path = given.expanduser()
    if path.is_dir():
        _refuse(f"{given} is a folder; give the Python file of your project in it")
    if not path.exists():
        _refuse(f"There is no file {given}{_others(path)}")
    return path.resolve()


def _others(path: Path) -> str:
    """What may have been meant instead of a file that there is not."""
    there = sorted(other.name for other in path.parent.glob("*.py")) if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, there, n=1)
    if near:
        return f'; did you mean "{near[0]}"?'
    return f"; there: {', '.join(there[:8])}" if there else ""


# Modules


def _of_module(text: str) -> Near | None:
    """``package.module:NAME``, if the folder that one stands in, or ``PYTHONPATH``, has such a module."""
    import sys

    dotted, colon, name = text.partition(":")
    if not _MODULE.fullmatch(dotted) or (colon and not _is_name(name)):
        return None
    if not colon and "." not in dotted:
        return None
    # The way ``python -m package.module`` has it. An empty entry is that folder as well.
    places = [os.getcwd(), *(entry for entry in sys.path if entry)]
    file, root = _module_file(dotted.split("."), places)
    return None if file is None else Near(file.resolve(), name or None, dotted, root)


def _module_file(parts: list[str], places: Iterable[str]) -> tuple[Path | None, Path | None]:
    """Where a module is and where its outermost package lies, found as an import does, but importing nothing."""
    from importlib.machinery import PathFinder

    root: Path | None = None
    where: list[str] = list(places)
    for index, _ in enumerate(parts):
        spec = PathFinder.find_spec(".".join(parts[: index + 1]), where)
        if spec is None:
            return None, None
        if index == len(parts) - 1:
            if spec.origin is None or not spec.has_location or not spec.origin.endswith(".py"):
                return None, None
            file = Path(spec.origin)
            return file, root or file.parent
        if spec.submodule_search_locations is None:
            return None, None
        where = list(spec.submodule_search_locations)
        if root is None and where:
            root = Path(where[0]).resolve().parent
    return None, None


# Other machines


def _far(text: str) -> Far:
    authority, slash, path = text.removeprefix("ssh://").partition("/")
    destination, port = _destination(authority, text)
    if not slash or not path or path.endswith("/"):
        _refuse(
            f"{text} does not say which project: add the path of its file on that machine, "
            f"as ssh://{authority}/srv/jobs/project.py or, below the home there, ssh://{authority}/~/project.py"
        )
    file, name = _far_file(path)
    # The first slash is part of a whole path, and parts the machine from ~ and . only.
    for home in ("~/", "./"):
        if file.startswith(home):
            return Far(destination, f"~/{file.removeprefix(home)}", name, port)
    return Far(destination, f"/{file}", name, port)


def _far_file(path: str) -> tuple[str, str | None]:
    """A path there, and the name of the app after it."""
    if not path.isprintable():
        _refuse(f"{path!r} is no path: it has characters that cannot be shown")
    file, colon, name = path.rpartition(":")
    return (file, name) if colon and file and _is_name(name) else (path, None)


def _destination(authority: str, text: str) -> tuple[str, int | None]:
    try:
        return destination_of(authority)
    except ValueError as error:
        _refuse(f"{text}: {error}")


def _of_host(text: str, hosts: Mapping[str, HostEntry] | None) -> Far | None:
    """``NAME`` or ``NAME/project`` of ``[hosts.NAME]``; ``None`` when there is no such machine."""
    problems: tuple[str, ...] = ()
    if hosts is None:
        hosts, problems = load_hosts()
    name, slash, project = text.partition("/")
    if name not in hosts:
        # A word alone, or with one of the project's names: not what looks like a file.
        near = difflib.get_close_matches(name, hosts, n=1)
        if near and not name.endswith(".py") and not os.path.exists(name):
            _refuse(f'There is no file {text}, and no [hosts.{name}] in config.toml; did you mean "{near[0]}"?')
        broken = next((problem for problem in problems if f"[hosts.{name}]" in problem), "")
        if broken:
            _refuse(broken)
        return None
    entry = hosts[name]
    if not entry.projects:
        _refuse(f'[hosts.{name}] in config.toml has no projects: add projects = ["/path/to/project.py"] there')
    fitting = entry.projects if not slash else tuple(path for path in entry.projects if _fits(path, project))
    if len(fitting) != 1:
        there = names_of(entry)
        near = difflib.get_close_matches(project, [word.partition("/")[2] for word in there], n=1) if slash else []
        hint = f'did you mean "{name}/{near[0]}"?' if near and not fitting else f"say which: {', '.join(there)}"
        what = "has several projects" if not slash or fitting else f"has no project {project!r}"
        _refuse(f"{name} {what}; {hint}")
    return of_entry(entry, fitting[0])


def of_entry(entry: HostEntry, project: str) -> Far:
    """One of the projects of a machine of the settings."""
    destination, port = _destination(entry.ssh, f"[hosts.{entry.name}]")
    file, name = _far_file(project)
    return Far(
        destination, file if file.startswith(("/", "~/")) else f"~/{file}", name, port, entry.command, entry.name
    )


def all_of(hosts: Mapping[str, HostEntry]) -> tuple[tuple[str, Far], ...]:
    """Every project of every machine of the settings, with the target that one would type."""
    return tuple(
        (typed, of_entry(entry, project))
        for entry in hosts.values()
        for typed, project in zip(names_of(entry), entry.projects, strict=True)
    )


def names_of(entry: HostEntry) -> tuple[str, ...]:
    """What one would type for each of its projects: ``NAME/project``, with as much of the path as tells them apart."""
    return tuple(f"{entry.name}/{_shortest(project, entry.projects)}" for project in entry.projects)


def _shortest(project: str, projects: tuple[str, ...]) -> str:
    file, name = _far_file(project)
    parts = [part for part in file.removesuffix(".py").split("/") if part not in ("", "~")]
    ends = ["/".join(parts[-count:]) for count in range(1, len(parts) + 1)]
    for typed in (*ends, *(f"{end}{_colon(name)}" for end in ends)):
        if sum(_fits(other, typed) for other in projects) == 1:
            return typed
    return f"{ends[-1]}{_colon(name)}"


def _fits(project: str, typed: str) -> bool:
    """Whether a project may be meant by the end of its path, with or without ``.py``, and with its app or without."""
    file, name = _far_file(project)
    wanted, wanted_name = _far_file(typed)
    if wanted_name is not None and wanted_name != name:
        return False
    return any(f"/{each}".endswith(f"/{wanted.lstrip('/')}") for each in (file, file.removesuffix(".py")))


def _refuse(message: str) -> NoReturn:
    from redengine.exc import ProjectError

    raise ProjectError(message)
