"""A log of a million records: how soon it is known, and how soon its end is on the screen."""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from peers import Peers, Unavailable
from table import Row
from terminal import Terminal

from redengine_tui.data import ProjectData

RECORDS = 1_000_000
HEADER = "task_name,action,created,start,end,runtime,message,exc_text,run_id\r\n"
TRACEBACK = '"Traceback (most recent call last):\n  File ""project.py"", line 12, in fetch\nValueError: no file"'
#: A word that only the last record has.
LAST = b"zebra"
PROJECT = """
from redengine import RedEngine

app = RedEngine(execution="main")
for number in range(100):

    @app.task("daily between 00:00 and 00:01", name=f"task number {number}")
    def task(): ...
"""
HOME, END = b"\x1b[H", b"\x1b[F"
#: How often each is measured; the best one counts: what else the machine does only adds to it.
TIMES = 3


def measure(peers: Peers) -> Iterator[Row]:
    """Ours beside the programs that show logs."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.csv"
        write(log)
        yield from restarts(peers, log)
        yield from screens(peers, Path(folder), log)


def write(path: Path) -> None:
    """A log as a scheduler of 100 tasks writes it: a run and its end, of which one in fifty is a failure."""
    chance = random.Random(1)
    now = time.time() - RECORDS
    with path.open("w", newline="") as file:
        file.write(HEADER)
        for _ in range(RECORDS // 2 - 1):
            now += 1.0
            name, run_id = f"task number {chance.randrange(100)}", f"{chance.getrandbits(128):032x}"
            failed = chance.random() < 0.02
            action, text = ("fail", TRACEBACK) if failed else ("success", "")
            file.write(
                f"{name},run,{now:.6f},{now:.6f},,,Task '{name}' status: 'run',,{run_id}\r\n"
                f"{name},{action},{now + 0.2:.6f},{now:.6f},{now + 0.2:.6f},0.2,"
                f"Task '{name}' status: '{action}',{text},{run_id}\r\n"
            )
        for action in ("run", "success"):
            file.write(f"{LAST.decode()},{action},{now:.6f},{now:.6f},,,the end,,last\r\n")


def restarts(peers: Peers, log: Path) -> Iterator[Row]:
    """From the start of the process to the first look at conditions."""

    def start() -> dict[str, float]:
        found = peers.run("redengine", "restart_redengine", log, time.time())
        if found["records"] != RECORDS:
            raise RuntimeError(f"{found['records']} records are known, not {RECORDS}")
        return found

    first = start()
    yield Row("start with 1,000,000 records that are read for the first time", "s", first["seconds"])
    again = [start() for _ in range(TIMES)]
    yield Row("restart with 1,000,000 records", "s", best(again, "seconds"), at_most=2.0)
    never_seen = log.with_name("never-seen.csv")
    os.link(log, never_seen)
    pages = [peers.run("redengine", "page_redengine", never_seen) for _ in range(TIMES)]
    yield Row(
        "last page of a log of which no index is kept yet, without the screen",
        "s",
        best(pages, "seconds"),
        at_most=0.5,
    )
    yield Row("`filter_by(task_name=..., action=...).last()`", "ms", 1000 * best(again, "last"))


def best(found: list[dict[str, float]], name: str) -> float:
    """The smallest of one of the numbers."""
    return min(each[name] for each in found)


def screens(peers: Peers, folder: Path, log: Path) -> Iterator[Row]:
    """From the start of the process to the last record on the screen, and the memory for it."""
    empty = folder / "empty.csv"
    empty.write_bytes(HEADER.encode() + LAST + b",run,1.0,,,,the end,,last\r\n")
    ours = ours_of(folder)
    full_data, empty_data = folder / "full", folder / "small"
    for data, content in ((full_data, log), (empty_data, empty)):
        place = ProjectData.of(folder / "project.py", data)
        place.folder.mkdir(parents=True)
        os.link(content, place.log)
    first = show(*ours(full_data))
    again = [show(*ours(full_data)) for _ in range(TIMES)]
    baseline = [show(*ours(empty_data)) for _ in range(TIMES)]
    theirs_time: dict[str, float | str] = {}
    theirs_memory: dict[str, float | str] = {}
    for peer, name in (("toolong", "tl"), ("lnav", "lnav")):
        try:
            program = peers.program(peer, name)
        except Unavailable as reason:
            theirs_time[peer] = theirs_memory[peer] = str(reason)
            continue
        # Both begin at the beginning, or may; G goes to the end.
        runs = [show([program, str(log)], {}, pressing=b"G") for _ in range(TIMES)]
        theirs_time[peer] = best(runs, "seconds")
        theirs_memory[peer] = best(runs, "memory") - show([program, str(empty)], {})["memory"]
    yield Row(
        "log of 1,000,000 records: last page on screen, from process start", "s", best(again, "seconds"),
        theirs_time, at_most=1.5,
    )  # fmt: skip
    yield Row("the same, with a log of one record", "s", best(baseline, "seconds"))
    yield Row("the same, when it is read for the first time", "s", first["seconds"])
    yield Row("last page on screen, in the open program", "s", min(opened(ours, full_data)), at_most=0.5)
    yield Row("memory for that log", "MB", best(again, "memory") - best(baseline, "memory"), theirs_memory, at_most=60)


Command = tuple[list[str], dict[str, str]]


def ours_of(folder: Path) -> Callable[[Path], Command]:
    """Our command for a folder of data."""
    project = folder / "project.py"
    project.write_text(PROJECT)
    program = Path(sys.executable).with_name("redengine-tui")
    settings = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_STATE_HOME": str(folder / "state")}
    return lambda data: ([str(program), str(project)], {**settings, "REDENGINE_TUI_DATA_DIR": str(data)})


def show(command: list[str], environment: dict[str, str], pressing: bytes = b"") -> dict[str, float]:
    """How long a program takes to show the last record, and its memory a second later."""
    program = Terminal(command, Path.cwd(), environment)
    try:
        seconds = shown(program, program.started, pressing)
        program.quiet(0.5)
        return {"seconds": seconds, "memory": memory(program)}
    finally:
        program.close()


def shown(program: Terminal, since: float, pressing: bytes = b"") -> float:
    """Seconds from then until the last record is shown. ``pressing``: a key that is pressed meanwhile."""
    pressed = since

    def seen() -> float | None:
        nonlocal pressed
        if pressing and program.came and time.perf_counter() - pressed > 0.2:
            pressed = program.press(pressing)
        return next((when for when, data in list(program.came) if when > since and LAST in data), None)

    program.wait_for(seen)
    return (seen() or since) - since


def memory(program: Terminal) -> float:
    """Resident memory in MB, of the process that has most."""
    statuses = [Path(f"/proc/{pid}/status").read_text() for pid in program.processes]
    return max(int(status.partition("VmRSS:")[2].split()[0]) for status in statuses) / 1024


def opened(ours: Callable[[Path], Command], data: Path) -> Iterator[float]:
    """How long the end of the log takes to be there after its key was pressed at the beginning of the log."""
    command, environment = ours(data)
    program = Terminal(command, Path.cwd(), environment)
    try:
        shown(program, program.started)
        program.press(b"l")
        for _ in range(TIMES):
            time.sleep(1.0)
            program.press(HOME)
            time.sleep(1.0)
            yield shown(program, program.press(END))
    finally:
        program.close()
