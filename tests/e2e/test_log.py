"""A long log in the real program: found in, gone through, copied from, written to a file."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

PROJECT = """
    from redengine import RedEngine

    app = RedEngine()

    @app.task("every 1 second", execution="thread")
    def beat():
        pass
"""
HEADER = "task_name,action,created,start,end,runtime,message,exc_text,run_id\r\n"
#: 2026-11-01 00:00 UTC, from which on there is a record a second.
BEGIN = 1793491200
COUNT = 60_000


@pytest.fixture
def program(place):
    """The program with the project and a log of 60,000 records."""
    place.env["TZ"] = "UTC"
    place.write(PROJECT)
    told = place.call("locate", str(place.project)).stdout
    log = Path(re.search(r"^log +(.*)$", told, re.MULTILINE)[1])
    log.parent.mkdir(parents=True)
    with log.open("w", newline="") as file:
        file.write(HEADER)
        for number in range(COUNT):
            action, text = ("fail", '"Trace\nOops: it"') if number % 6_000 == 30 else ("success", "")
            said = "needle" if number == 7 else f"no {number}."
            file.write(f"old,{action},{BEGIN + number}.5,,,,{said},{text},r{number}\r\n")
    program = place.start(width=80, height=24)
    program.wait_for(lambda: program.row("beat"))
    program.press("l")
    program.wait_for(lambda: "► run" in program.text and "beat" in program.text)
    return program


def test_found_copied_and_written(place, program):
    # One record of sixty thousand, the eighth from the start.
    program.press("/", *"needle", "enter")
    program.wait_for("1 hit")
    assert "needle" in program.text
    assert b"\x1b]52" not in program.sent
    program.press("c")
    copied = program.wait_for(lambda: re.search(rb"\x1b\]52;c;([\w+/=]*)\x07", program.sent))
    assert base64.b64decode(copied[1]) == b"2026-11-01 00:00:07  success  old  needle"
    assert len(re.findall(rb"\x1b\]52", program.sent)) == 1
    # Amid its neighbours, and back.
    program.press("x")
    program.wait_for("no 9.")
    assert "around 1 Nov 00:00 success old" in program.text
    program.press("escape")
    program.wait_for("1 hit")
    # Another filter, all of which is written.
    program.press("\x7f", "a")
    program.wait_for("10 hits")
    program.press("w")
    program.wait_for("Write the log to a file")
    program.press("ctrl+u", *"failures.jsonl", "enter")
    program.wait_for("Wrote 10 records")
    lines = (place.folder / "failures.jsonl").read_text().splitlines()
    assert [json.loads(line)["run_id"] for line in lines] == [f"r{number}" for number in range(30, COUNT, 6_000)]
    assert json.loads(lines[0])["created"] == "2026-11-01T00:00:30.500000+00:00"
    program.press("\x7f")
    # And a time is gone to.
    program.press("\x07", *"2026-11-01 12:00", "enter")
    program.wait_for("no 43200.")
    assert "no 43197." in program.text
    # It stays there, and counts what is new.
    program.wait_for("new · end")
    assert "no 43200." in program.text
    program.press("escape")
    program.wait_for("q Leave")
    assert program.quit() == 0
