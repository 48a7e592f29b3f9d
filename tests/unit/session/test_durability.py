"""Nothing that happened before a process is killed is missing in its log, and scheduling reads nothing of it."""

from __future__ import annotations

import builtins
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from redengine import Session
from redengine.conditions import SchedulerCycles
from redengine.log import CSVFileRepo, TaskRunRecord
from redengine.tasks import FuncTask

PROJECT = """
import itertools, os, signal, sys, threading
from redengine import RedEngine
from redengine.log import CSVFileRepo, TaskRunRecord

app = RedEngine(
    logger_repo=CSVFileRepo(filename=sys.argv[1], model=TaskRunRecord), execution=sys.argv[2], config={"cycle_sleep": 0}
)
numbers = itertools.count(1)
done = open(sys.argv[3], "ab", buffering=0)

def work(task):
    # What the log must hold when this code runs, in the order in which it ran.
    done.write(f"{task} begins\\n".encode())
    if next(numbers) == 50:
        os.kill(os.getpid(), signal.SIGKILL)
    done.write(f"{task} ends\\n".encode())

for number in range(7):
    app.task("true", name=f"t{number}", func=work, parameters={"task": f"t{number}"})
app.run()
"""


@pytest.mark.parametrize("execution", ["main", "thread"])
def test_a_process_that_is_killed_has_logged_everything(tmp_path: Path, execution: str) -> None:
    log, did = tmp_path / "log.csv", tmp_path / "did"
    done = subprocess.run(
        [sys.executable, "-c", PROJECT, log, execution, did], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    records = [(row["task_name"], row["action"]) for row in CSVFileRepo(filename=log, model=TaskRunRecord).read_file()]
    lines = [tuple(line.split()) for line in did.read_text().splitlines()]
    assert len([line for line in lines if line[1] == "begins"]) >= 50
    for name in {task for task, _ in lines}:
        logged = [action for task, action in records if task == name]
        ran = [word for task, word in lines if task == name]
        # Its code never runs before its start is logged, and never again before its end is.
        assert logged[: len(ran)] == ["run" if word == "begins" else "success" for word in ran][: len(logged)]
        assert len(logged) >= len(ran) - (ran[-1] == "ends")


def test_with_a_long_log_a_check_reads_nothing(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.csv"
    head = "task_name,action,created,start,end,runtime,message,exc_text,run_id\r\n"
    with path.open("w", newline="") as file:
        file.write(head)
        for number in range(50_000):
            file.write(f"t{number % 100},run,{number}.0,{number}.0,,,,,{number}\r\n")
            file.write(f"t{number % 100},success,{number}.5,{number}.0,{number}.5,0.5,,,{number}\r\n")
    session.set_repo(CSVFileRepo(filename=path, model=TaskRunRecord))
    reads: list[str] = []

    def counted(name: str, original: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            reads.append(f"{name} {args[0]}")
            return original(*args, **kwargs)

        return call

    def from_here_on() -> None:
        for module, name in ((os, "pread"), (os, "read"), (os, "open"), (builtins, "open")):
            monkeypatch.setattr(module, name, counted(name, getattr(module, name)))

    session.config.timezone = "UTC"  # the machine's is read from files
    session.get_repo().open()
    session.hook_startup()(from_here_on)
    FuncTask(session.shut_down, name="last", start_cond="after task 't100' & ~task 't5' has failed today")
    for number in range(100):
        FuncTask(lambda: None, name=f"t{number}", start_cond=f"after task 't{number - 1}'" if number else "daily")
    FuncTask(lambda: None, name="t100", start_cond="after tasks 't98', 't99'")
    session.start()
    monkeypatch.undo()
    assert reads == []
    assert path.read_text().count("\n") == 1 + 100_000 + 2 * 102


def _cut(log: Path) -> None:
    os.truncate(log, log.stat().st_size // 2)


def _delete(log: Path) -> None:
    log.unlink()


def _replace(log: Path) -> None:
    copy = log.with_name("copy")
    copy.write_bytes(log.read_bytes())
    copy.replace(log)


def _move_away(log: Path) -> None:
    log.replace(log.with_name("moved.csv"))


@pytest.mark.parametrize("damage", [_cut, _delete, _replace, _move_away])
@pytest.mark.parametrize("rotate_bytes", [None, 600])
def test_what_is_done_to_the_log_of_a_running_scheduler(
    session: Session, tmp_path: Path, damage: Any, rotate_bytes: int | None
) -> None:
    log = tmp_path / "log.csv"
    repo = CSVFileRepo(filename=log, model=TaskRunRecord, rotate_bytes=rotate_bytes)
    session.set_repo(repo)
    session.config.cycle_sleep = 0
    ran: list[float] = []

    def work() -> None:
        ran.append(session["a"].history.last["run"].created)
        if len(ran) == 6:
            damage(log)
        if len(ran) == 12:
            session.shut_down()

    FuncTask(work, name="a", start_cond="true", session=session)
    session.start()
    records = [(record.action, record.created) for record in repo.filter_by().all()]
    moved = tmp_path / "moved.csv"
    if moved.exists():
        before = CSVFileRepo(filename=moved, model=TaskRunRecord).filter_by().all()
        records += [(record.action, record.created) for record in before]
    # All that was not in the part that was taken away, each once, and all that came after.
    starts = sorted(created for action, created in records if action == "run")
    assert len(starts) == len(set(starts))
    assert set(ran[6:]) <= set(starts)
    assert sum(action == "success" for action, _ in records) >= 7
    if damage in (_replace, _move_away):
        assert starts == ran
        assert len(records) == 24
    assert session["a"].status == "success"


def test_a_scheduler_looks_after_the_files_of_its_log(session: Session, tmp_path: Path) -> None:
    def runs(**options: Any) -> CSVFileRepo:
        repo = CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord, rotate_bytes=1000, **options)
        session.set_repo(repo)
        FuncTask(lambda: None, name="a", start_cond="true", session=session)
        session.config.shut_cond = SchedulerCycles() >= 20
        session.start()
        session.remove_task("a")
        return repo

    runs()
    many = len(list(tmp_path.glob("log-*.csv")))
    assert many > 3
    runs(keep_files=2)
    assert len(list(tmp_path.glob("log-*.csv"))) == 2
    assert (tmp_path / "log.csv.digest").exists()
    assert (tmp_path / "log.csv.index").exists()
