"""The page of configuration has every option with its default, and what the program itself knows."""

from __future__ import annotations

import types
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import pytest

from redengine import Session
from redengine.config import Config
from redengine.docs import page
from redengine.time import format_delta
from redengine_tui import settings, themes
from redengine_tui.actions import BY_ID
from redengine_tui.cli import COMMANDS

#: Words for defaults that depend on the machine, or are no plain value.
IN_WORDS = {
    "max_process_count": "processors",
    "timezone": "the machine's",
    "time_func": "time.time",
    "shut_cond": "never",
    "func_run_id": "uuid",
    "cls_lock": "threading.Lock",
}
#: Types that the annotation does not tell.
TYPES = {"shut_cond": "condition", "cls_lock": "class", "cycle_sleep": "seconds", "timezone": "time zone"}


@pytest.fixture
def text(markdown: Callable[[str], Any]) -> Any:
    return markdown(page("configuration").text)


def _type(name: str) -> str:
    if name in TYPES:
        return TYPES[name]
    annotation: Any = Config.model_fields[name].annotation
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(arg for arg in get_args(annotation) if arg is not type(None))
    if get_origin(annotation) is Literal:
        return "choice"
    if annotation is timedelta:
        return "length of time"
    if get_origin(annotation) is Callable:
        return "function"
    return str(annotation.__name__)


def _default(name: str) -> str:
    default = Config.model_fields[name].default
    return format_delta(default) if isinstance(default, timedelta) else str(default)


def test_each_option_with_type_and_default(text: Any) -> None:
    rows = text.table("Option", "Type: default", "Meaning")
    shown = {option.code[0]: cell.text for option, cell, _ in rows}
    assert len(rows) == len(shown)
    assert shown == {name: f"{_type(name)}: {IN_WORDS.get(name) or _default(name)}" for name in Config.model_fields}


def test_each_choice_is_named(text: Any) -> None:
    for option, _, meaning in text.table("Option", "Type: default", "Meaning"):
        annotation = Config.model_fields[option.code[0]].annotation
        if get_origin(annotation) is Literal:
            assert set(get_args(annotation)) <= set(meaning.code), option


def test_variables_of_the_environment(text: Any) -> None:
    commands = [import_module(module).command for module in COMMANDS.values()]
    known = {option.envvar for command in commands for option in command.params if option.envvar}
    shown = {variable.code[0] for variable, _ in text.table("Variable", "Meaning")}
    assert shown == known | {"TZ"}


def test_keys(text: Any) -> None:
    for action, key, _ in text.table("Action", "Key", "Does"):
        assert BY_ID[action.code[0]].keys == key.code


def test_examples_of_settings_and_themes_are_valid(text: Any, tmp_path: Path) -> None:
    example, theme = text.blocks("toml")
    (tmp_path / "config.toml").write_text(example.text, "utf-8")
    (tmp_path / "themes").mkdir()
    (tmp_path / "themes" / "mine.toml").write_text(theme.text, "utf-8")
    loaded = settings.load(tmp_path, tmp_path)
    assert loaded.problems == ()
    assert loaded.theme == "paper"
    assert loaded.keys["task.run"] == "f5"
    known, problems = themes.load(loaded.themes)
    assert problems == ()
    assert {"mine", *_themes_of(text)} == set(known)


def _themes_of(text: Any) -> set[str]:
    return {"ember", "fjord", "paper", "contrast", "terminal"} & set(text.code_spans())


def test_an_option_is_taken_as_the_page_says() -> None:
    session = Session(config={"timeout": "never", "task_execution": "thread"})
    assert session.config.execution == "thread"
    assert session.config.timeout == timedelta.max
