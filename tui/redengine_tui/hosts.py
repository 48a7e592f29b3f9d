"""Other machines that the settings name: ``[hosts.NAME]`` in ``config.toml``.

Light, since it is read before anything is connected.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

PROGRAM = "redengine-tui"
#: ``user@``, host (or ``[IPv6]``) and ``:port``.
_AUTHORITY = re.compile(r"(?:(?P<user>[^@/\[\]]+)@)?(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^@/:\[\]]+)(?::(?P<port>[0-9]+))?")
#: What means something to a shell. ssh gives host and user to one where ProxyCommand or Match is configured.
_OF_SHELLS = frozenset(" \t'\"`$\\;&|<>()!*?{}#~")
_OPTIONS = ("ssh", "command", "projects")


@dataclass(frozen=True, slots=True)
class HostEntry:
    """One machine."""

    name: str
    #: Where ssh connects to: ``user@host``, a ``Host`` of the user's ssh configuration, or ``ssh://user@host:port``.
    ssh: str
    #: The program there, as words; ``~/`` at the beginning is that user's home.
    command: tuple[str, ...] = (PROGRAM,)
    #: Project files there, each with ``:NAME`` for one of several apps in it.
    projects: tuple[str, ...] = ()


def destination_of(text: str) -> tuple[str, int | None]:
    """``user@host:port`` as what ssh takes as destination, and the port. ``ssh://`` may stand before it.

    Raises ``ValueError`` for what ssh could take for an option, or a shell for anything.
    """
    text = text.removeprefix("ssh://").removesuffix("/")
    match = _AUTHORITY.fullmatch(text)
    if match is None or not text.isprintable() or _OF_SHELLS & set(text):
        raise ValueError(f"{text!r} is no machine that ssh can connect to; write it as user@host or user@host:port")
    user, host, port = match["user"], match["host"], match["port"]
    for what, value in (("user", user), ("host", host)):
        if value is not None and value.startswith("-"):
            raise ValueError(f"the {what} {value!r} begins with a dash: ssh would take it for an option")
    if port is not None and not 0 < int(port) < 65536:
        raise ValueError(f"{port} is no port; it is between 1 and 65535")
    host = host.removeprefix("[").removesuffix("]")
    return (host if user is None else f"{user}@{host}"), None if port is None else int(port)


def read(table: object, where: str, problems: list[str]) -> dict[str, HostEntry]:
    """The machines of the ``hosts`` table. What is wrong in it goes to ``problems``, a sentence each, and costs that
    machine alone."""
    if not isinstance(table, Mapping):
        problems.append(f'{where}: "hosts" must be tables: [hosts.NAME]')
        return {}
    found: dict[str, HostEntry] = {}
    for name, entry in table.items():
        wrong = _wrong(name, entry)
        problems += [f"{where}: [hosts.{name}] {sentence}" for sentence in wrong]
        if not wrong:
            command = tuple(shlex.split(entry.get("command", PROGRAM)))
            found[name] = HostEntry(name, entry.get("ssh", name), command, tuple(entry.get("projects", ())))
    return found


def _wrong(name: str, entry: object) -> list[str]:
    if "/" in name or ":" in name or not name.isprintable() or name != name.strip():
        return ["is a name that cannot be typed as a target; use letters, digits and dashes"]
    if not isinstance(entry, Mapping):
        return [f'must be a table: [hosts.{name}] with ssh = "user@host"']
    wrong = []
    for option in sorted(entry.keys() - set(_OPTIONS)):
        near = get_close_matches(option, _OPTIONS, 1)
        hint = f'; did you mean "{near[0]}"?' if near else f"; there are {', '.join(_OPTIONS)}"
        wrong.append(f'"{option}" is not an option{hint}')
    if not isinstance(entry.get("ssh", name), str) or not entry.get("ssh", name).strip():
        wrong.append('"ssh" must be where ssh connects to, in quotes, such as "deploy@build7"')
    else:
        try:
            destination_of(entry.get("ssh", name))
        except ValueError as error:
            wrong.append(f'"ssh": {error}')
    if not _is_command(entry.get("command", PROGRAM)):
        wrong.append('"command" must be the program on that machine, in quotes, such as "~/.local/bin/redengine-tui"')
    projects = entry.get("projects", [])
    if not isinstance(projects, list) or not all(isinstance(path, str) and path.strip() for path in projects):
        wrong.append('"projects" must be a list of project files there, such as ["/srv/jobs/project.py"]')
    return wrong


def _is_command(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(shlex.split(value))
    except ValueError:  # a quote that is not closed
        return False


def load() -> tuple[dict[str, HostEntry], tuple[str, ...]]:
    """The machines of the user's ``config.toml``, and what is wrong with them. Never raises."""
    import sys

    from platformdirs import user_config_path

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    path = user_config_path(PROGRAM) / "config.toml"
    problems: list[str] = []
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError:
        return {}, ()
    except OSError as error:
        return {}, (f"{path} cannot be read: {error.strerror}",)
    except ValueError as error:
        return {}, (f"{path} is not valid TOML: {error}",)
    return read(table.get("hosts", {}), str(path), problems), tuple(problems)
