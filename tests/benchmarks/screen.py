"""The screen: how soon it is there, what it sends, and how soon it answers; each in a terminal of its own."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from peers import Peers
from table import Row
from terminal import Terminal
from wire_load import FRAME, IN_TURNS, QUIET, is_of_clocks

PROGRAM = [sys.executable, "-m", "redengine_tui.cli"]
#: Keys whose answer is timed.
KEYS = 200

TASKS = """
from redengine import RedEngine

app = RedEngine(config={"execution": "main"})

def nothing():
    pass

for number in range(COUNT):
    app.task("daily between 03:00 and 03:01", name=f"task-{number:05}", func=nothing)
"""
QUICK = """
for number in range(50):
    app.task("every 100 ms", name=f"quick-{number:02}", func=nothing)
"""


def measure(peers: Peers) -> Iterator[Row]:
    """The rows about the screen."""
    yield Row("`--version`", "s", min(_version() for _ in range(5)), at_most=0.2)
    started = min(_start(TASKS.replace("COUNT", "100")) for _ in range(5))
    yield Row("start of the program to first painted screen, 100 tasks", "s", started, at_most=1)
    with _shown(QUIET) as (terminal, _log):
        terminal.quiet(0.4)
        before = terminal.count
        time.sleep(15)
        yield Row("idle screen, 120×40", "bytes/s", (terminal.count - before) / 15, at_most=200)
    for shown, key in (("another task", b"g"), ("the task itself", b"G")):
        workload = f"a status change, 120×40, the condition pane showing {shown}"
        yield Row(workload, "bytes", _change(key), at_most=500)
    yield from _under_load()


def _version() -> float:
    start = time.perf_counter()
    subprocess.run([*PROGRAM, "--version"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _start(project: str) -> float:
    """Seconds until tasks are on the screen."""
    with _shown(project) as (terminal, _log):
        at = next(at for at, data in terminal.came if b"task-000" in data)
        return at - terminal.started


def _change(key: bytes) -> float:
    """Bytes that a change of a task's state costs, the mean of twelve. What only tells the time is left out."""
    with _shown(QUIET + IN_TURNS) as (terminal, log):
        terminal.press(key)
        # Until lines of the log are moved by each that comes.
        terminal.wait_for(lambda: len(_records(log, "in-turns")) >= 4)
        time.sleep(0.7)
        before, changes = terminal.count, len(_records(log, "in-turns"))
        terminal.wait_for(lambda: len(_records(log, "in-turns")) >= changes + 12)
        time.sleep(0.7)
        changes = len(_records(log, "in-turns")) - changes
        frames = terminal.sent[before:].split(FRAME)
        return sum(len(FRAME + frame) for frame in frames if not is_of_clocks(frame)) / changes


def _records(log: Path, task: str) -> list[str]:
    """The tasks of the records of tasks whose names begin so."""
    with log.open(newline="", encoding="utf-8") as file:
        return [row["task_name"] for row in csv.DictReader(file) if row["task_name"].startswith(task)]


def _under_load() -> Iterator[Row]:
    with _shown(TASKS.replace("COUNT", "9950") + QUICK) as (terminal, log):
        terminal.wait_for(lambda: len(_records(log, "quick-")) > 1000)
        before, sent, ran = time.perf_counter(), terminal.count, len(_records(log, "quick-"))
        frames = terminal.sent.count(FRAME)
        time.sleep(5)
        frames = terminal.sent.count(FRAME) - frames
        seconds = time.perf_counter() - before
        sent, ran = terminal.count - sent, len(_records(log, "quick-")) - ran
        # A start and an end each.
        load = f"10,000 tasks, {ran / 2 / seconds:,.0f} runs a second going on"
        yield Row(f"frames, {load}", "a second", frames / seconds, at_most=20)
        yield Row(f"wire, {load}", "bytes/s", sent / seconds)
        waits = sorted(_answer(terminal, number) for number in range(KEYS))
        yield Row(f"key press to changed screen, {load}: p50", "ms", median(waits) * 1000)
        yield Row(f"key press to changed screen, {load}: p99", "ms", waits[int(len(waits) * 0.99)] * 1000, at_most=60)


def _answer(terminal: Terminal, number: int) -> float:
    """Seconds from a key to the row it moves the cursor to: that is the one of its number from now on."""
    time.sleep(0.03 + number * 7919 % 97 / 1000)
    came = len(terminal.came)
    # Up and down the first screen, each time to a row that is not under the cursor.
    at = terminal.press(b"j" if number % 20 < 10 else b"k")
    end = at + 5
    while time.perf_counter() < end:
        for when, data in terminal.came[came:]:
            if CURSOR in data:
                return when - at
        time.sleep(0.0005)
    raise TimeoutError("no answer to a key")


#: The background of the row under the cursor, in the default theme.
CURSOR = b"48;2;214;160;111"


@contextmanager
def _shown(project: str) -> Iterator[tuple[Terminal, Path]]:
    """A project on a terminal, once its tasks can be seen, and where its log is."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "project.py").write_text(project, "utf-8")
        env = {
            "XDG_CONFIG_HOME": str(place / "config"),
            "XDG_STATE_HOME": str(place / "state"),
            "REDENGINE_TUI_DATA_DIR": str(place / "data"),
        }
        terminal = Terminal([*PROGRAM, "project.py"], place, env)
        try:
            terminal.wait_for(lambda: re.search(rb"task-000|waiting-0", terminal.sent))
            (kept,) = (place / "data" / "projects").iterdir()
            yield terminal, kept / "log.csv"
        finally:
            terminal.close()
