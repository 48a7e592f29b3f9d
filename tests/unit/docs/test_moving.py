"""What the page of moving says can be done as it says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from redengine import conds
from redengine.conds import daily
from redengine.docs import page
from redengine.syntax import parse_condition, unparse
from redengine.time import Cron

OLD = """\
import logging

from rocketry import Rocketry
from rocketry.conds import every

app = Rocketry(execution="main")
logging.getLogger("rocketry.task")


@app.task(every("10 s"))
def often():
    ...
"""


@pytest.fixture
def text(markdown: Callable[[str], Any]) -> Any:
    return markdown(page("moving").text)


def test_one_line_moves_a_project(text: Any, tmp_path: Path) -> None:
    (line,) = text.blocks("sh")
    (tmp_path / "project.py").write_text(OLD, "utf-8")
    subprocess.run(line.text, shell=True, check=True, cwd=tmp_path)
    moved = (tmp_path / "project.py").read_text("utf-8")
    assert "ocketry" not in moved
    names: dict[str, Any] = {"__name__": "project"}
    exec(compile(moved, "project.py", "exec", dont_inherit=True), names)
    assert "often" in names["app"].session


def test_crontabs_and_their_conditions(text: Any) -> None:
    for crontab, conditions in text.table("crontab", "Condition"):
        if crontab.text == "@reboot":
            continue
        cron = Cron(*crontab.code[0].split())
        for code in conditions.code:
            parse_condition(code)
        # The first condition that has a period of its own begins to be due when cron would run it.
        due = parse_condition(conditions.code[0].split(" & ")[0])
        period = getattr(due, "period", None)
        if period is None or "every" in conditions.code[0] or "1-5" in crontab.text:
            continue
        start = period.following(datetime(2030, 1, 31, 12, 34)).left
        assert start in cron, crontab


def _made(code: str) -> Any:
    """A condition from either of its notations."""
    if "(" not in code:
        return parse_condition(code)
    return eval(code, {}, {name: getattr(conds, name) for name in conds.__all__})


def _described(here: str) -> tuple[datetime, datetime]:
    """The first stretch of a week, by a cell such as "from 10:00 on"; on a Monday that is the 1st."""
    hours = [int(found) for found in re.findall(r"(\d\d):00", here)]
    first = 0 if here.startswith("until") else hours[0]
    last = 24 if here.endswith(" on") else hours[-1]
    return tuple(datetime(2028, 5, 1) + timedelta(hours=hour) for hour in (first, last))  # type: ignore[return-value]


def test_a_plain_number_is_an_hour(text: Any) -> None:
    """Each row says when it is due here, and then what Rocketry made of it."""
    rows = text.table("Written", "Here", "Before, and what says that here")
    assert len(rows) == 7
    for written, here, before in rows:
        condition = _made(written.code[0])
        since, until = _described(here.text)
        midnight = datetime(2028, 5, 1)
        assert condition.period.rollforward(since).left == since, written
        assert until - timedelta(microseconds=1) in condition.period
        assert (midnight in condition.period) is (since == midnight)
        instead = _made(before.code[0])
        if before.text.startswith("all day"):
            assert instead in (daily, parse_condition("always"))
        else:
            assert instead.period.occurrence(midnight).left == midnight


def test_what_is_accepted_still_is_printed_as_what_it_means(text: Any) -> None:
    rows = text.table("Written", "Is")
    assert len(rows) == 6
    for written, meant in rows:
        assert unparse(parse_condition(written.code[0])) == meant.code[0]
        assert parse_condition(written.code[0]) == parse_condition(meant.code[0])
