"""Pipelines of tasks, each after the one before, on the scheduler's thread, one after the other: HOPS ROUNDS."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from redengine import RedEngine
from redengine.log import CSVFileRepo, TaskRunRecord

hops, rounds = int(sys.argv[1]), int(sys.argv[2])
times: list[float] = []


def work(number: int) -> Callable[[], None]:
    """The code of a task: the first and the last of each pipeline take the time."""

    def take_time() -> None:
        times.append(time.perf_counter())
        if len(times) == 2 * rounds:
            app.session.shut_down()

    return take_time if number % (hops + 1) in (0, hops) else lambda: None


with tempfile.TemporaryDirectory() as folder:
    repo = CSVFileRepo(filename=Path(folder) / "log.csv", model=TaskRunRecord)
    app = RedEngine(logger_repo=repo, execution="main")
    for number in range((hops + 1) * rounds):
        app.task(f"after task 't{number - 1}'" if number else "~has started", name=f"t{number}", func=work(number))
    app.run()

lasted = sorted(end - begin for begin, end in zip(times[::2], times[1::2], strict=True))
print(json.dumps({"ms_a_hop": lasted[rounds // 2] / hops * 1000}))
