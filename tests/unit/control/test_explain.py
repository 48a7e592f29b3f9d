"""Why a task is or is not started: truth, reason, and what may change it, of every part."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from redengine.conditions import FuncCond
from redengine.control.explain import problems_of, report, report_of
from redengine.control.messages import ConditionNode
from redengine.control.outlook import next_start
from redengine.tasks import FuncTask


@pytest.fixture
def at_noon(still: Any) -> Any:
    """Wednesday, 15 May 2024, 12:00; "load" succeeded at 10:02, "broken" failed yesterday."""
    FuncCond(lambda: True, syntax="is open", session=still)

    def broken() -> bool:
        raise RuntimeError("no answer")

    FuncCond(broken, syntax="is broken", session=still)
    FuncCond(sys.exit, syntax="is leaving", session=still)
    for name in ("load", "broken", "a"):
        FuncTask(lambda: None, name=name, session=still)
    return still


@pytest.fixture
def explain(at_noon: Any, clock: Any) -> Any:
    at_noon["load"].record("run", created=clock.at("2024-05-15 10:00"))
    at_noon["load"].record("success", created=clock.at("2024-05-15 10:02"))
    at_noon["broken"].record("run", created=clock.at("2024-05-14 09:00"))
    at_noon["broken"].record("fail", created=clock.at("2024-05-14 09:01"))
    return lambda text: report(text, at_noon["a"], at_noon.context(at_noon["a"]))


def leaves(node: ConditionNode) -> Iterator[ConditionNode]:
    if not node.children:
        yield node
    for child in node.children:
        yield from leaves(child)


@pytest.mark.parametrize(
    ("text", "truth", "reason", "until", "on"),
    [
        ("daily", True, "", "2024-05-16 00:00", ["a run of 'a'"]),
        ("daily after 14:00", False, "", "2024-05-15 14:00", ["a run of 'a'"]),
        ("after task 'load'", True, "", None, ["a run of 'load'", "a run of 'a'"]),
        ("after task 'broken'", False, "", None, ["a run of 'broken'", "a run of 'a'"]),
        ("task 'load' has succeeded today", True, "10:02", "2024-05-16 00:00", ["a run of 'load'"]),
        ("time of day between 10:00 and 14:00", True, "", "2024-05-15 14:00", []),
        ("time of week on Friday", False, "", "2024-05-17 00:00", []),
        ("once at 2024-05-20 10:00", False, "it is not that time", "2024-05-20 10:00", ["a run of 'a'"]),
        ("once at 2024-05-10 10:00", False, "that time has passed", None, ["a run of 'a'"]),
        ("daily at 22:00 in Asia/Tokyo", False, "it is not that time", "2024-05-15 13:00", ["a run of 'a'"]),
        ("from 2024-05-01", True, "it is that time", None, []),
        ("until 2024-05-14", False, "that time has passed", None, []),
        ("until 2024-05-15", True, "it is that time", "2024-05-16 00:00", []),
        ("task 'load' is running", False, "", None, ["a run of 'load'"]),
        ("param 'mode' is 'fast'", False, "", None, ["parameter 'mode'"]),
        ("env 'test'", False, "", None, ["parameter 'env'"]),
        ("retry 2", False, "", None, ["a run of 'a'"]),
        ("is open", True, "", None, ["it is asked again"]),
        ("never", False, "", None, []),
    ],
)
def test_every_kind_of_part(
    explain: Any, clock: Any, text: str, truth: bool, reason: str, until: str | None, on: list[str]
) -> None:
    tree = explain(text).tree
    assert tree.text == text
    assert tree.truth is truth
    assert reason in tree.reason
    assert tree.changes_at == (None if until is None else clock.at(until))
    assert list(tree.changes_on) == on
    assert tree.children == ()


def test_a_condition_is_taken_apart(explain: Any, clock: Any) -> None:
    found = explain("after task 'broken' & (daily before 10:00 | ~is open) & is broken")
    assert found.ok
    assert [leaf.text for leaf in leaves(found.tree)] == [
        "after task 'broken'",
        "daily before 10:00",
        "is open",
        "is broken",
    ]
    assert [leaf.truth for leaf in leaves(found.tree)] == [False, False, True, None]
    broken = list(leaves(found.tree))[-1]
    assert broken.reason == "RuntimeError: no answer"
    assert found.description


def test_what_keeps_it_from_starting_is_said(explain: Any) -> None:
    found = explain("daily & after task 'broken'")
    assert found.verdict.startswith("Its condition does not hold: after task 'broken': ")
    assert "daily" not in found.verdict


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda task: None, "Its condition holds."),
        (lambda task: setattr(task, "disabled", True), "It is disabled: its condition does not start it."),
        (lambda task: task.run(), "It starts now: somebody asked for it."),
        (lambda task: task.history.live.update({"1": 0.0}), "It has been running since 1970-01-01 00:00:00."),
        (
            lambda task: setattr(task, "start_cond", "false"),
            "It has no condition: it runs only when somebody starts it.",
        ),
        (lambda task: setattr(task.session, "on_hold", True), "Its condition holds, but the scheduler is on hold."),
        (lambda task: setattr(task, "start_cond", "is broken"), "It cannot be evaluated: RuntimeError: no answer"),
    ],
)
def test_the_verdict(at_noon: Any, change: Any, verdict: str) -> None:
    task = at_noon["a"]
    task.start_cond = "daily"
    change(task)
    assert report_of(task, at_noon.context(task)).verdict.startswith(verdict)


@pytest.mark.parametrize(("deaths", "seconds", "said"), [(1, 10, "a crash"), (4, 80, "4 crashes in a row")])
def test_a_rest_after_crashes(at_noon: Any, clock: Any, deaths: int, seconds: int, said: str) -> None:
    task = at_noon["a"]
    task.start_cond = "every 1 second"
    at_noon.scheduler.started_at = clock.now
    for _ in range(deaths):
        clock.move(60)
        task.record("run")
        task.record("crash")
    clock.move(5)
    ends = clock.now - 5 + seconds
    found = report_of(task, at_noon.context(task))
    assert (
        found.verdict
        == f"Its condition holds; it rests after {said}, until {datetime.fromtimestamp(ends, at_noon.zone):%H:%M:%S}."
    )
    assert (found.next.kind, found.next.at) == ("at", ends)
    assert found.next_starts[0] == ends
    assert next_start(task, at_noon.context(task)) == found.next

    clock.move(seconds)
    assert report_of(task, at_noon.context(task)).verdict == "Its condition holds."
    assert next_start(task, at_noon.context(task)).kind == "now"


def test_a_wrong_condition_gives_its_problems(explain: Any) -> None:
    found = explain("dayly & every 10")
    assert not found.ok
    assert [problem.suggestion for problem in found.problems] == ["daily", "10 seconds"]
    assert found.tree is None


def test_a_failing_part_that_does_not_matter_now(explain: Any) -> None:
    found = explain("is broken | daily")
    assert found.verdict == "Its condition holds."
    assert found.next.kind == "now"
    assert explain("is broken & daily").verdict.startswith("It cannot be evaluated: RuntimeError: no answer")


def test_a_condition_that_leaves_the_program_is_a_failing_one(explain: Any) -> None:
    assert explain("is leaving | daily").verdict == "Its condition holds."
    assert explain("is leaving & daily").verdict.startswith("It cannot be evaluated: SystemExit")


def test_a_text_that_is_too_long_is_not_looked_through(still: Any) -> None:
    (problem,) = problems_of("daily & " * 100_000, still)
    assert problem.severity == "error"
    assert problem.message.startswith("a condition of 800,000 characters is too long")
    assert (problem.start, problem.end) == (20_000, 800_000)
