"""What an operator has set: colours and keys. What is wrong in a settings file costs a message, never a start."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from platformdirs import user_config_path, user_state_path
from textual.binding import Binding

from redengine_tui.actions import BY_ID, clashes
from redengine_tui.hosts import HostEntry
from redengine_tui.hosts import read as read_hosts
from redengine_tui.log_settings import DEFAULT_LOG, FILE, PROGRAM, log_options, read_table

DEFAULT_THEME = "ember"


@dataclass(frozen=True, slots=True)
class Settings:
    """What was set, and what was wrong with it."""

    theme: str = DEFAULT_THEME
    #: Keys by id of the action, as Textual takes them: ``ctrl+r,f5``.
    keys: Mapping[str, str] = field(default_factory=dict)
    #: Where a user's own themes are; ``None``: nowhere.
    themes: Path | None = None
    #: Options of the log that a project gets which has none of its own, as ``CSVFileRepo`` takes them.
    log: Mapping[str, Any] = field(default_factory=lambda: dict(DEFAULT_LOG))
    #: Other machines, by name.
    hosts: Mapping[str, HostEntry] = field(default_factory=dict)
    #: The theme of the configuration file, and where a choice made on the screen is kept; ``None``: nowhere.
    configured_theme: str = ""
    chosen: Path | None = None
    #: What is to be told, a sentence each.
    problems: tuple[str, ...] = ()

    def keep_theme(self, name: str) -> str:
        """Remember a theme chosen on the screen, for as long as the configuration file does not name another.

        Returns what went wrong, in words, or nothing.
        """
        if self.chosen is None:
            return ""
        try:
            self.chosen.parent.mkdir(parents=True, exist_ok=True)
            self.chosen.write_text(f"theme = {_quoted(name)}\nover = {_quoted(self.configured_theme)}\n", "utf-8")
        except OSError as error:
            return f"The theme is not kept: {self.chosen}: {error.strerror}"
        return ""

    def first_time_left(self) -> bool:
        """Whether nobody has left a screen before, as far as that can be remembered. From now on somebody has."""
        if self.chosen is None:
            return True
        mark = self.chosen.with_name("left-before")
        known = mark.exists()
        with suppress(OSError):  # said once too often rather than never
            self.chosen.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        return not known


def load(config: Path | None = None, state: Path | None = None) -> Settings:
    """Read the settings from these folders; by default those of the user (platformdirs). Never raises."""
    config = config or user_config_path(PROGRAM)
    state = state or user_state_path(PROGRAM)
    problems: list[str] = []
    path = config / FILE
    table = read_table(path, problems)
    unknown = sorted(table.keys() - {"theme", "keys", "log", "hosts"})
    problems += [
        f'{path}: "{name}" is not a setting; there are "theme", "keys", "log" and "hosts".' for name in unknown
    ]
    configured = table.get("theme", "")
    if not isinstance(configured, str):
        problems.append(f'{path}: "theme" must be a name in quotes.')
        configured = ""
    chosen = state / "screen.toml"
    kept = read_table(chosen, problems)
    theme = kept["theme"] if isinstance(kept.get("theme"), str) and kept.get("over") == configured else configured
    return Settings(
        theme=theme or DEFAULT_THEME,
        keys=_keys(table.get("keys", {}), path, problems),
        themes=config / "themes",
        log=log_options(table.get("log", {}), path, problems),
        hosts=read_hosts(table.get("hosts", {}), str(path), problems),
        configured_theme=configured,
        chosen=chosen,
        problems=tuple(problems),
    )


def _keys(table: object, path: Path, problems: list[str]) -> dict[str, str]:
    """The keys of the ``[keys]`` table that can be used."""
    if not isinstance(table, dict):
        problems.append(f'{path}: "keys" must be a table: [keys]')
        return {}
    keys: dict[str, str] = {}
    for name, value in _flat(table):
        if name not in BY_ID:
            near = get_close_matches(name, BY_ID, 1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            problems.append(f'{path}: [keys] "{name}" is not an action{hint}')
        elif not isinstance(value, str) or not all(key.strip() for key in value.split(",")):
            problems.append(f'{path}: [keys] "{name}" must be keys in quotes, such as "ctrl+r" or "r,f5".')
        else:
            # Under the names that Textual has for them: "?" is "question_mark".
            keys[name] = ",".join(binding.key for binding in Binding.make_bindings([Binding(value, "")]))
    for key, ids in clashes(keys):
        # The default keys do not clash, so that at least one of these was set here.
        ours = [name for name in ids if name in keys]
        problems.append(
            f'{path}: [keys] "{key}" would be both {" and ".join(ids)}; {", ".join(ours)} keeps its own key.'
        )
        for name in ours:
            del keys[name]
    return keys


def _flat(table: Mapping[str, object], before: str = "") -> list[tuple[str, object]]:
    """``task.run = "x"`` without quotes around the name is a table in a table for TOML."""
    flat: list[tuple[str, object]] = []
    for name, value in table.items():
        flat += _flat(value, f"{before}{name}.") if isinstance(value, dict) else [(before + name, value)]
    return flat


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = "".join(char if char.isprintable() and char not in '"\\' else f"\\U{ord(char):08x}" for char in text)
    return f'"{escaped}"'
