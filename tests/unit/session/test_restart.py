"""A restart in each of the four ways, by a real program: it goes on with what the log says, and restarts once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from redengine.log.csv.repo import CSVFileRepo
from redengine.log.log_record import TaskRunRecord

PROJECT = """
import os
import sys
from pathlib import Path
from redengine import RedEngine
from redengine.args import Session
from redengine.log.csv.repo import CSVFileRepo
from redengine.log.log_record import TaskRunRecord

how = sys.argv[1]
app = RedEngine(
    logger_repo=CSVFileRepo(filename="log.csv", model=TaskRunRecord),
    execution="main",
    config={"restarting": how, "shut_cond": "scheduler has run over 30 s"},
)
lives = Path("lives")

@app.setup()
def note():
    with lives.open("a") as file:
        file.write(f"{os.getpid()} {os.getsid(0)} {' '.join(sys.argv[1:])}\\n")

@app.task("daily")
def work():
    ...

@app.task("after task 'work' & ~has started")
def again(session=Session()):
    session.restart()

@app.cond("is second life")
def is_second_life():
    return len(lives.read_text().splitlines()) > 1

@app.task("is second life & task 'again' has succeeded today & ~has started")
def end(session=Session()):
    session.shut_down()

if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    (tmp_path / "project.py").write_text(PROJECT)
    yield tmp_path
    # Whoever is left when the test failed.
    for pid, _, _ in lives(tmp_path):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def lives(folder: Path) -> list[tuple[int, int, str]]:
    path = folder / "lives"
    found = []
    for line in path.read_text().splitlines() if path.exists() else ():
        pid, session, arguments = line.split(" ", 2)
        found.append((int(pid), int(session), arguments))
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="processes have no session there")
@pytest.mark.parametrize("how", ["replace", "relaunch", "fresh", "recall"])
def test_it_goes_on_where_it_was(folder: Path, how: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "project.py", how, "an argument"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # To the end of the output of all: a relaunched one writes to it too.
    output, _ = process.communicate(timeout=40)
    assert output == ""
    assert process.returncode == 0
    (first, _, _), (second, its_session, arguments) = lives(folder)
    assert first == process.pid
    assert (first == second) is (how in ("replace", "recall"))
    assert (its_session == second) is (how == "fresh")
    assert arguments == f"{how} an argument"
    repo = CSVFileRepo(filename=folder / "log.csv", model=TaskRunRecord)
    for name in ("work", "again", "end"):
        assert [record.action for record in repo.filter_by(task_name=name).all()] == ["run", "success"], name
