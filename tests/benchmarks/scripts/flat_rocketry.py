"""As many runs as there can be of tasks that do nothing, each recorded in a CSV log: EXECUTION RUNS."""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
import time
from pathlib import Path

from redbird.repos import CSVFileRepo
from rocketry import Rocketry
from rocketry.conds import true
from rocketry.log import TaskRunRecord

execution, runs = sys.argv[1], int(sys.argv[2])
numbers = itertools.count(1)
times: list[float] = []


def nothing() -> None:
    """What the tasks do: count."""
    number = next(numbers)
    if number == 1:
        times.append(time.perf_counter())
    elif number == runs:
        times.append(time.perf_counter())
        app.session.shut_down()


with tempfile.TemporaryDirectory() as folder:
    repo = CSVFileRepo(filename=Path(folder) / "log.csv", model=TaskRunRecord)
    app = Rocketry(execution=execution, logger_repo=repo, config={"cycle_sleep": None})
    for number in range(100):
        app.task(true, name=f"t{number}", func=nothing)
    app.run()

print(json.dumps({"per_second": runs / (times[1] - times[0])}))
