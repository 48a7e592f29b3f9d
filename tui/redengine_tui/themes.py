"""Themes are data: one TOML file a theme, those of the program and those in a user's folder.

A file holds ``name``, ``about``, ``dark`` (or ``ansi`` for the terminal's own colours), a ``[colors]`` table with the
colours of :class:`textual.theme.Theme`, and a ``[variables]`` table that overrides single ones.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import msgspec
from textual.color import Color, ColorParseError
from textual.theme import Theme

from redengine_tui.text import safe_line

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_VARIABLE = re.compile(r"[a-z][a-z0-9-]{0,59}")
#: ``#aabbcc``, ``#aabbcc 40%``, ``auto 60%``, ``ansi_blue`` ...
_SHARE = re.compile(r"(?P<color>.+?)(?:\s+\d{1,3}%)?")
_TEXT_STYLES = frozenset({"none", "bold", "dim", "italic", "reverse", "strike", "underline", "b", "i", "u"})


class ThemeError(ValueError):
    """A theme file cannot be used; the message says why."""


class Colors(msgspec.Struct, forbid_unknown_fields=True):
    """The colours of a theme; all but the first may be left to be derived."""

    primary: str
    secondary: str | None = None
    warning: str | None = None
    error: str | None = None
    success: str | None = None
    accent: str | None = None
    foreground: str | None = None
    background: str | None = None
    surface: str | None = None
    panel: str | None = None
    boost: str | None = None


class ThemeFile(msgspec.Struct, forbid_unknown_fields=True):
    """A theme as it is written."""

    name: str
    colors: Colors
    about: str = ""
    dark: bool = True
    ansi: bool = False
    variables: dict[str, str] = {}


def parse(text: str) -> tuple[Theme, str]:
    """The theme of a TOML text, and what it says about itself. Raises :class:`ThemeError`."""
    try:
        file = msgspec.convert(tomllib.loads(text), ThemeFile)
    except tomllib.TOMLDecodeError as error:
        raise ThemeError(f"it is not valid TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise ThemeError(str(error)) from None
    if not _NAME.fullmatch(file.name):
        raise ThemeError(f'"{file.name}" is not a name: small letters, digits, "-" and "_" only')
    colors = {name: value for name, value in msgspec.structs.asdict(file.colors).items() if value is not None}
    for name, value in colors.items():
        _check_color(name, value)
    for name, value in file.variables.items():
        if not _VARIABLE.fullmatch(name):
            raise ThemeError(f'"{name}" is not the name of a variable')
        if name.endswith("style") or name.startswith("link-style"):
            words = value.split()
            if not words or not _TEXT_STYLES.issuperset(word for word in words if word != "not"):
                raise ThemeError(f'{name}: "{value}" is not a text style')
        else:
            color = _SHARE.fullmatch(value)
            if color is None or color["color"] != "auto":
                _check_color(name, color["color"] if color else value)
    theme = Theme(file.name, dark=file.dark, ansi=file.ansi, variables=dict(file.variables), **colors)
    return theme, file.about


def load(folder: Path | None) -> tuple[dict[str, tuple[Theme, str]], tuple[str, ...]]:
    """All themes by name, each with what it says about itself, and what was wrong with some, a sentence each.

    Those in ``folder`` take the place of the program's own of the same name.
    """
    themes: dict[str, tuple[Theme, str]] = {}
    problems: list[str] = []
    own = sorted((item for item in files("redengine_themes").iterdir() if item.name.endswith(".toml")), key=_name)
    texts: Iterable[tuple[str, str]] = [(item.name, item.read_text("utf-8")) for item in own]
    for where, text in [*texts, *_of_user(folder, problems)]:
        try:
            theme, about = parse(text)
        except ThemeError as error:  # noqa: PERF203
            problems.append(safe_line(f"The theme {where} is left out: {error}"))
        else:
            themes[theme.name] = (theme, safe_line(about))
    return themes, tuple(problems)


def _name(item: object) -> str:
    return str(getattr(item, "name", ""))


def _of_user(folder: Path | None, problems: list[str]) -> list[tuple[str, str]]:
    if folder is None or not folder.is_dir():
        return []
    texts: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            texts.append((str(path), path.read_text("utf-8")))
        except (OSError, UnicodeDecodeError) as error:  # noqa: PERF203
            problems.append(safe_line(f"The theme {path} is left out: {error}"))
    return texts


def _check_color(name: str, value: str) -> None:
    try:
        Color.parse(value)
    except ColorParseError:
        raise ThemeError(f'{name}: "{value}" is not a colour') from None
