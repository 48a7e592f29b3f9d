"""A scheduler as a program of its own: signals, and a log that outlives it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from redengine.log.csv.repo import CSVFileRepo
from redengine.log.log_record import TaskRunRecord

PROJECT = """
import asyncio
from redengine import RedEngine
from redengine.log.csv.repo import CSVFileRepo
from redengine.log.log_record import TaskRunRecord

app = RedEngine(logger_repo=CSVFileRepo(filename="log.csv", model=TaskRunRecord), execution="async")

@app.task("daily", end_cond="false")
async def long():
    print("up", flush=True)
    await asyncio.sleep(60)

@app.task(on_shutdown=True)
async def end():
    print("end", flush=True)

if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "project.py"
    path.write_text(PROJECT)
    return path


def start(project: Path) -> subprocess.Popen[str]:
    """Run it until its task is up."""
    command = [sys.executable, project.name]
    process = subprocess.Popen(
        command,
        cwd=project.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where tests run in the background, interrupts are ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def logged(project: Path, task: str = "long") -> list[Any]:
    repo = CSVFileRepo(filename=project.with_name("log.csv"), model=TaskRunRecord)
    return [record.action for record in repo.filter_by(task_name=task).all()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_and_termination_end_it_in_order(project: Path, number: signal.Signals) -> None:
    process = start(project)
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "end\n", "")
    assert time.monotonic() - began < 10
    assert logged(project) == ["run", "terminate"]
    assert logged(project, "end") == ["run", "success"]


def test_killed_it_finds_what_it_left_at_the_next_start(project: Path) -> None:
    first = start(project)
    first.kill()
    first.communicate(timeout=20)
    assert logged(project) == ["run"]
    second = start(project)
    second.send_signal(signal.SIGTERM)
    second.communicate(timeout=20)
    # Crashed in an earlier life: not done today, so it ran again.
    assert logged(project) == ["run", "crash", "run", "terminate"]
