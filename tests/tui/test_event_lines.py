"""What happens, as lines: of which words they are, and that nothing in them reaches a terminal as more than text."""

from __future__ import annotations

import json
import logging
import sys
from datetime import timedelta, timezone

import pytest

from redengine_tui.event_lines import LINE_LIMIT, TRACEBACK_LIMIT, Event, formatter, log_event, task_event

ZONE = timezone(timedelta(hours=-5))
#: 2026-11-25 03:00:00 in the zone.
THEN = 1795593600.25


def record(action, **more):
    return {"task_name": "fetch", "action": action, "created": THEN, "run_id": "r1", "message": message(action), **more}


def message(action):
    return f"Task 'fetch' status: '{action}'"


def text(event, **options):
    return formatter("text", **options)(event, ZONE)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (record("run"), "INFO fetch: started"),
        (record("success", runtime=1.24), "INFO fetch: success in 1.2s"),
        (record("inaction", runtime=0.04), "INFO fetch: inaction after 40ms"),
        (
            record("fail", runtime=200.0, exc_text="Traceback:\n  File\nValueError: broken\n"),
            "ERROR fetch: fail after 3m 20s: ValueError: broken",
        ),
        (
            record("terminate", runtime=5, message=message("terminate") + " (timed out)", exc_text="timed out"),
            "WARNING fetch: terminate after 5.0s (timed out)",
        ),
        (record("crash", exc_text="killed by SIGKILL"), "ERROR fetch: crash: killed by SIGKILL"),
        (record("crash", message="in words of the project's own"), "ERROR fetch: crash"),
    ],
)
def test_what_a_task_did(values, line):
    assert text(task_event(values)) == f"2026-11-25 03:00:00 {line}\n"


def logged(message, exc_info=None, level=logging.WARNING):
    made = logging.LogRecord("redengine.scheduler", level, __file__, 1, message, (), exc_info)
    made.created, made.action = THEN, "condition"
    return log_event(made)


def test_what_the_scheduler_says():
    assert text(logged("On its way")) == "2026-11-25 03:00:00 WARNING On its way\n"
    whole = "The scheduler failed:\nTraceback:\n  File\nKeyError: 'x'\n"
    assert text(logged(whole)) == "2026-11-25 03:00:00 WARNING The scheduler failed: KeyError: 'x'\n"
    try:
        raise KeyError("y")
    except KeyError:
        event = logged("Condition crashed", sys.exc_info())
    assert text(event) == "2026-11-25 03:00:00 WARNING Condition crashed: KeyError: 'y'\n"


def test_nothing_steers_a_terminal():
    hostile = "a\x1b]52;c;AAAA\x07\nb\u202e\x9b"
    line = text(task_event(record("fail", task_name=hostile, exc_text=f"x\n{hostile}")))
    assert line.count("\n") == 1
    assert line[:-1].isprintable()
    assert "a␛]52;c;AAAA␇␊b\\u202e\\x9b: fail" in line
    assert len(text(task_event(record("fail", exc_text="x" * 10_000)))) < LINE_LIMIT + 40
    line = formatter("json")(task_event(record("fail", task_name=hostile)), ZONE)
    assert line[:-1].isascii()
    assert line[:-1].isprintable()
    assert json.loads(line)["task"] == hostile


def test_json():
    line = formatter("json")(task_event(record("success", runtime=1.5)), ZONE)
    assert json.loads(line) == {
        "time": THEN,
        "iso": "2026-11-25T03:00:00.250000-05:00",
        "level": "INFO",
        "task": "fetch",
        "action": "success",
        "run_id": "r1",
        "runtime": 1.5,
        "message": "Task 'fetch' status: 'success'",
        "exc_text": None,
    }
    assert json.loads(formatter("json")(Event(THEN, logging.ERROR, "é\udc80"), None))["message"] == "é\udc80"
    long = json.loads(formatter("json")(task_event(record("fail", exc_text="a" * 99_999 + "end")), ZONE))["exc_text"]
    assert len(long) < TRACEBACK_LIMIT + 10
    assert long.endswith("end")


def test_the_journal_gets_priorities():
    marks = {
        level: text(Event(THEN, level, "x"), journal=True)[:3]
        for level in (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)
    }
    assert list(marks.values()) == ["<2>", "<3>", "<4>", "<6>", "<7>"]
