"""Tasks that wait for each other are found, all of them, and no others."""

from __future__ import annotations

import pytest

from redengine import Session
from redengine.conds import after_all_success, daily
from redengine_tui.circles import circles


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({"a": "after task 'b'", "b": "after task 'a'"}, ["ab"]),
        ({"a": "after task 'b'", "b": "after task 'c' failed", "c": "after task 'a' finished"}, ["abc"]),
        ({"a": "after task 'a'"}, ["a"]),
        # Along any of its dependencies, not only the first.
        ({"z": "daily", "a": "after tasks 'z', 'b'", "b": "after tasks 'z', 'a'"}, ["ab"]),
        ({"a": "daily & after task 'b'", "b": "hourly & (after task 'a' & true)"}, ["ab"]),
        # Several, also such as share a task.
        (
            {"a": "after task 'b'", "b": "after task 'a'", "c": "after task 'd'", "d": "after task 'c'"},
            ["ab", "cd"],
        ),
        ({"a": "after tasks 'b', 'c'", "b": "after task 'a'", "c": "after task 'a'"}, ["ab", "ca"]),
        # What can start for another reason lets the others start.
        ({"a": "after task 'b' | daily", "b": "after task 'a'"}, []),
        ({"a": "after any tasks 'b', 'z'", "b": "after task 'a'", "z": "daily"}, []),
        ({"a": "after any tasks 'b', 'c'", "b": "after task 'a'", "c": "after task 'a'"}, ["ab", "ca"]),
        ({"a": "~after task 'b'", "b": "after task 'a'"}, []),
        # Who waits for a circle is not in it, nor who stands between two.
        ({"a": "after task 'b'", "b": "after task 'a'", "c": "after task 'b'", "d": "after task 'c'"}, ["ab"]),
        (
            {"a": "after task 'a'", "m": "after task 'a'", "c": "after tasks 'm', 'd'", "d": "after task 'c'"},
            ["a", "cd"],
        ),
        ({"a": "after task 'b'", "b": "daily", "c": "after tasks 'a', 'b'"}, []),
        ({"a": "after task 'nobody'"}, []),
    ],
)
def test_circles(conditions: dict[str, str], found: list[str]) -> None:
    session = Session(config={"execution": "main"})
    for name, condition in conditions.items():
        session.create_task(func=lambda: None, name=name, start_cond=condition)
    assert ["".join(circle) for circle in circles(session)] == found


@pytest.mark.parametrize("option", ["on_startup", "on_shutdown", "force_run"])
def test_who_is_started_otherwise_waits_for_nobody(option: str) -> None:
    session = Session(config={"execution": "main"})
    session.create_task(func=lambda: None, name="a", start_cond="after task 'b'", **{option: True})
    session.create_task(func=lambda: None, name="b", start_cond="after task 'a'")
    assert list(circles(session)) == []


def test_conditions_made_in_python() -> None:
    session = Session(config={"execution": "main"})
    session.create_task(func=lambda: None, name="a", start_cond=daily & after_all_success("b", "c"))
    b = session.create_task(func=lambda: None, name="b", start_cond="daily")
    session.create_task(func=lambda: None, name="c", start_cond=after_all_success("a", b))
    assert list(circles(session)) == [["a", "c"]]


def test_long_chains_take_no_time() -> None:
    session = Session(config={"execution": "main"})
    for number in range(3000):
        session.create_task(func=print, name=f"t{number}", start_cond=f"after task 't{max(number - 1, 0)}'")
    assert list(circles(session)) == [["t0"]]
