"""As many runs as there can be of jobs that do nothing, none of them recorded: EXECUTION RUNS."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time

from apscheduler.executors.debug import DebugExecutor
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

execution, runs = sys.argv[1], int(sys.argv[2])
numbers = itertools.count(1)
times: list[float] = []
done = threading.Event()


def nothing() -> None:
    """What the jobs do: count."""
    number = next(numbers)
    if number == 1:
        times.append(time.perf_counter())
    elif number == runs:
        times.append(time.perf_counter())
        done.set()


executor = DebugExecutor() if execution == "main" else ThreadPoolExecutor(10)
scheduler = BackgroundScheduler(executors={"default": executor}, job_defaults={"misfire_grace_time": None})
for _ in range(runs):
    scheduler.add_job(nothing)
scheduler.start()
done.wait()
scheduler.shutdown(wait=False)
print(json.dumps({"per_second": runs / (times[1] - times[0])}))
