"""What the page of moving says can be done as it says."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from redengine.docs import page
from redengine.syntax import parse_condition
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
