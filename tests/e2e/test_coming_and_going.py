"""Screens come and go, in every way there is, while tasks run: the scheduler is afterwards what it was before."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

PROJECT = """
    from redengine import RedEngine

    app = RedEngine(config={"execution": "thread"})

    for number in range(10):
        @app.task("every 200 ms", name=f"tick-{number}")
        def tick():
            pass
"""
#: How often a screen comes and goes; ``REDENGINE_TESTS_ROUNDS=50`` for the whole of it.
ROUNDS = int(os.environ.get("REDENGINE_TESTS_ROUNDS", "6"))
SIZES = [(80, 24), (160, 45), (120, 40)]


def leave(program):
    assert program.leave() == 0


def hang_up(program):
    program.hang_up()
    program.ended()


def stall(program):
    """The terminal takes nothing any more, and goes."""
    with program.stalled():
        for _ in range(20):
            program.press("\x0c")
            time.sleep(0.02)
        program.signal(signal.SIGHUP)
        time.sleep(0.2)
    program.ended()


def signalled(number):
    def end(program):
        program.signal(number)
        program.ended()

    return end


WAYS = {
    "leaves": leave,
    "is gone": hang_up,
    "stalls": stall,
    "SIGHUP": signalled(signal.SIGHUP),
    "SIGTERM": signalled(signal.SIGTERM),
    "SIGKILL": signalled(signal.SIGKILL),
}


def files(pid):
    """How many files a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid):
    """How many threads a process has."""
    return len(os.listdir(f"/proc/{pid}/task"))


def memory(pid):
    """Bytes of memory that a process holds."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="what a process has is looked up in /proc")
def test_the_scheduler_is_the_same_afterwards(place, until, alive):
    place.write(PROJECT)
    rng = random.Random(ROUNDS)
    first = place.start()
    first.wait_for(lambda: "success" in first.row("tick-9"))
    scheduler = place.scheduler
    leave(first)
    # Somebody on another terminal watches all the while.
    other = place.start()
    other.wait_for(lambda: other.row("tick-0"))
    before, weight = files(scheduler), memory(scheduler)

    ways = [way for _ in range(ROUNDS) for way in rng.sample(sorted(WAYS), len(WAYS))][:ROUNDS]
    for way in ways:
        width, height = rng.choice(SIZES)
        visitor = place.start(width=width, height=height)
        visitor.wait_for(lambda visitor=visitor: "success" in visitor.row("tick-0"))
        WAYS[way](visitor)
        assert alive(scheduler), way
        assert place.scheduler == scheduler, way

    other.wait_for(lambda: "success" in other.row("tick-0"))
    assert other.process.poll() is None
    until(lambda: files(scheduler) <= before)
    # Those of pools stay.
    assert threads(scheduler) < 30
    assert memory(scheduler) - weight < 30 * 1024 * 1024
    leave(other)
    os.kill(scheduler, signal.SIGTERM)
    until(lambda: not alive(scheduler))
    for number in range(10):
        name = f"tick-{number}"
        assert place.logged(name, "run") == place.logged(name, "success") + place.logged(name, "terminate")
        starts = [float(row["created"]) for row in place.log if (row["task_name"], row["action"]) == (name, "run")]
        gaps = sorted(after - before for before, after in pairwise(starts))
        assert gaps[len(gaps) // 2] < 0.25
    assert "Traceback" not in place.scheduler_log
    stray = place.kept / "stray-output.txt"
    assert not stray.exists() or "Traceback" not in stray.read_text()
