"""A log in a repository: what a restart takes, what pages take, and how many runs a second are recorded.

``repository.py KIND WHERE RECORDS SECONDS``: KIND is ``csv``, ``memory`` or ``sql``; WHERE is a folder or a URL.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from redengine import RedEngine
from redengine.control.messages import LogFilter, ReadLog
from redengine.log import BoundedMemoryRepo, CSVFileRepo, TaskRunRecord
from redengine.log.source import open_source

TASKS = 100
TRACEBACK = "Traceback (most recent call last):\n" + '  File "project.py", line 1, in task\n' * 12 + "ValueError: no"


def records(count: int) -> Iterator[dict[str, Any]]:
    """Runs of a hundred tasks, one in a hundred of which fails. The very first record holds a needle."""
    base = {"start": None, "end": None, "runtime": None, "message": "", "exc_text": None}
    for number in range(count // 2):
        name, run_id, start = f"task {number % TASKS}", f"{number:032x}", 1.7e9 + number
        begun = {**base, "task_name": name, "run_id": run_id, "start": start}
        yield {**begun, "action": "run", "created": start, "message": "" if number else "needle"}
        action = "fail" if number % 101 == 100 else "success"
        ended = {**begun, "action": action, "created": start + 0.5, "end": start + 0.5, "runtime": 0.5}
        yield {**ended, "exc_text": TRACEBACK if action == "fail" else None, "message": f"{name!r} status: {action}"}


def fill(kind: str, repo: Any, count: int) -> None:
    if kind == "memory":
        repo.collection.extend(TaskRunRecord(**each) for each in records(count))
    elif kind == "csv":
        repo.create()
        with repo.file.path.open("ab") as file:
            for each in records(count):
                file.write(repo.file.format.encode(each.get(name) for name in repo.get_headers()))
    else:
        rows, table = records(count), repo.log_table.table
        with repo.session.get_bind().begin() as connection:
            while batch := list(itertools.islice(rows, 20_000)):
                connection.execute(table.insert(), batch)
        # A server does so by itself, before long.
        with repo.session.get_bind().begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def open_repo(kind: str, where: str, count: int = 10_000) -> Any:
    if kind == "csv":
        return CSVFileRepo(filename=Path(where) / "log.csv", model=TaskRunRecord)
    if kind == "memory":
        return BoundedMemoryRepo(model=TaskRunRecord, max_records=count)
    from redengine.log import SQLRepo

    return SQLRepo(conn_string=where, table="log", model=TaskRunRecord)


def took(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def search(source: Any, where: LogFilter) -> int:
    """Back through all of the log; how many were found."""
    page = source.read(ReadLog(where=where))
    found = len(page.entries)
    while not page.at_start:
        page = source.read(ReadLog(where=where, before=page.first))
        found += len(page.entries)
    return found


def recorded(repo: Any, seconds: float) -> float:
    """No-op runs a second in ``main``, each with its two records."""
    app = RedEngine(logger_repo=repo, execution="main", config={"cycle_sleep": 0})
    runs, begin = 0, 0.0

    def nothing() -> None:
        nonlocal runs, begin
        begin = begin or time.perf_counter()
        runs += 1
        if time.perf_counter() - begin > seconds:
            app.session.shut_down()

    for number in range(TASKS):
        app.task("true", name=f"task {number}", func=nothing)
    app.run()
    return runs / (time.perf_counter() - begin)


def main() -> None:
    kind, where, count, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    repo = open_repo(kind, where, count)
    found: dict[str, float] = {"fill": took(lambda: fill(kind, repo, count))}
    # What was read of it is forgotten, as in another process.
    repo = repo if kind == "memory" else open_repo(kind, where, count)
    app = RedEngine(logger_repo=repo)
    found["restart"] = took(lambda: app.session.book)
    source = open_source(repo)
    found["first page"] = took(lambda: source.read(ReadLog()))
    found["page"] = median(took(lambda: source.read(ReadLog(limit=200))) for _ in range(20))
    last = source.read(ReadLog()).last
    found["nothing new"] = median(took(lambda: source.read(ReadLog(after=last))) for _ in range(20))
    one = LogFilter(task="task 7", actions=("fail",))
    found["filter"] = took(lambda: source.read(ReadLog(where=one)))
    hits = 0

    def look() -> None:
        nonlocal hits
        hits = search(source, LogFilter(text="NEEDLE"))

    found["search"] = took(look)
    if hits != 1:
        sys.exit(f"the needle was found {hits} times")
    found["at"] = took(lambda: source.read(ReadLog(at=1.7e9 + count / 4)))
    found["last of task and action"] = took(lambda: repo.filter_by(task_name="task 7", action="fail").last())
    found["runs a second"] = recorded(repo, seconds)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
