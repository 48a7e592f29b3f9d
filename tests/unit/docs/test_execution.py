"""The page of execution knows all kinds of tasks, their options, and how they run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_args

import pytest

from redengine import Session
from redengine.abc import Action
from redengine.config import Config, Execution
from redengine.docs import page
from redengine.execution import executors
from redengine.hooks import Hooks
from redengine.tasks import CodeTask, CommandTask, FuncTask
from redengine.tasks.base import Task


@pytest.fixture
def text(markdown: Callable[[str], Any]) -> Any:
    return markdown(page("execution").text)


def test_options_of_tasks(text: Any) -> None:
    rows = text.table("Option", "Default", "Meaning")
    taken = {
        name: parameter
        for name, parameter in inspect.signature(Task.__init__).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in ("session", "logger_name")
    }
    shown = {option.text: default for option, default, _ in rows}
    assert shown.keys() == taken.keys()
    for name, default in shown.items():
        if default.code:
            assert default.code[0] == str(taken[name].default or name == "daemon" or False), name
        elif name == "priority":
            assert int(default.text) == Config().task_priority


def test_options_of_kinds_of_tasks(text: Any) -> None:
    shown = {code for *_, cell in text.table("Given", "Runs", "Options of its own") for code in cell.code} - {"main"}
    own = {*FuncTask._own_options, *CommandTask._own_options, *CodeTask._own_options}
    assert shown == own - {"func", "path", "command", "code"}


def test_ways_to_run(text: Any) -> None:
    shown = {cell.text for cell, *_ in text.table("execution", "Where", "Good for")}
    assert shown == set(get_args(Execution)) == {*executors(), "auto"}


def test_ends_of_a_run(text: Any) -> None:
    assert {cell.text for cell, _ in text.table("Logged as", "When")} == set(get_args(Action)) - {"run"}


def test_ways_to_restart(text: Any) -> None:
    allowed = get_args(Config.model_fields["restarting"].annotation)
    assert {cell.text for cell, _ in text.table("restarting", "How")} == set(allowed)


def test_hooks(text: Any) -> None:
    rows = text.table("Decorator", "Called", "Given")
    assert len(rows) == len(Hooks.KINDS)
    for name, *_ in rows:
        assert callable(getattr(Session, name.text))


def test_fields_of_a_page_are_what_a_screen_needs() -> None:
    assert [field.name for field in fields(page("execution"))] == ["name", "title", "text", "order"]
