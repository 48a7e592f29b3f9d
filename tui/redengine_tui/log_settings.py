"""What an operator has set for the logs of projects: the ``[log]`` table. Needs no screen."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from redengine.log.csv.rotation import Rotation

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROGRAM = "redengine-tui"
#: The settings file in the configuration folder.
FILE = "config.toml"
#: A file of a log that an editor still opens; nothing is deleted unless somebody asks for it.
DEFAULT_LOG: Mapping[str, Any] = {"rotate_bytes": "64 MB"}
_LOG_OPTIONS = ("rotate_bytes", "rotate_age", "keep_files", "keep_age", "fsync")


def load_log_options(problems: list[str], config: Path | None = None) -> dict[str, Any]:
    """The options of a log that a project gets which has none of its own, as ``CSVFileRepo`` takes them.

    What is wrong goes to ``problems``, a sentence each. ``config``: folder of the settings, by default the user's.
    Never raises.
    """
    path = (config or user_config_path(PROGRAM)) / FILE
    return log_options(read_table(path, problems).get("log", {}), path, problems)


def read_table(path: Path, problems: list[str]) -> dict[str, Any]:
    """A TOML file; empty when there is none, or when it cannot be read, which goes to ``problems``."""
    try:
        with path.open("rb") as file:
            table: dict[str, Any] = tomllib.load(file)
            return table
    except FileNotFoundError:
        return {}
    except OSError as error:
        problems.append(f"{path} cannot be read: {error.strerror}")
    except ValueError as error:  # of TOML, of UTF-8, or of a number with thousands of digits
        problems.append(f"{path} is not valid TOML: {error}")
    return {}


def log_options(table: object, path: Path, problems: list[str]) -> dict[str, Any]:
    """The options of the ``[log]`` table, or the default ones if any cannot be."""
    default = dict(DEFAULT_LOG)
    if not isinstance(table, dict):
        problems.append(f'{path}: "log" must be a table: [log]')
        return default
    for name in sorted(table.keys() - set(_LOG_OPTIONS)):
        near = get_close_matches(name, _LOG_OPTIONS, 1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        problems.append(f'{path}: [log] "{name}" is not an option{hint}')
    options = {**default, **{name: table[name] for name in _LOG_OPTIONS if name in table}}
    if options["rotate_bytes"] == "never":
        options["rotate_bytes"] = None
    fsync = options.pop("fsync", False)
    try:
        Rotation.of(*(options.get(name) for name in _LOG_OPTIONS[:-1]))
        if not isinstance(fsync, bool):
            raise ValueError(f"fsync is true or false, not {fsync!r}")
    except ValueError as error:
        problems.append(f"{path}: [log] {error}")
        return default
    return {**options, "fsync": fsync} if fsync else options
