"""As many runs as there can be of tasks that do nothing, each recorded in a CSV log: EXECUTION RUNS."""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
import time
from pathlib import Path

from redengine import RedEngine
from redengine.log import CSVFileRepo, TaskRunRecord

execution, runs = sys.argv[1], int(sys.argv[2])
numbers = itertools.count(1)
began: list[float] = []
ended: list[float] = []


def nothing() -> None:
    """What the tasks do: count."""
    number = next(numbers)
    if number == 1:
        began.extend((time.perf_counter(), time.process_time()))
    elif number == runs:
        ended.extend((time.perf_counter(), time.process_time()))
        app.session.shut_down()


with tempfile.TemporaryDirectory() as folder:
    log = Path(folder) / "log.csv"
    repo = CSVFileRepo(filename=log, model=TaskRunRecord)
    app = RedEngine(logger_repo=repo, execution=execution, config={"cycle_sleep": 0})
    for number in range(100):
        app.task("true", name=f"t{number}", func=nothing)
    app.run()
    records = log.read_bytes().count(b"\n") - 1
    assert records >= 2 * runs, f"{records} records of {runs} runs"

wall, cpu = (end - begin for begin, end in zip(began, ended, strict=True))
print(json.dumps({"per_second": runs / wall, "cpu_per_run": cpu / runs * 1e6}))
