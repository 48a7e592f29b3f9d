"""Starts a scheduler of 100 tasks with a log: LOG, and when this process was started. Says how long that took."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from redengine import RedEngine
from redengine.log import CSVFileRepo, TaskRunRecord

path, spawned = Path(sys.argv[1]), float(sys.argv[2])
repo = CSVFileRepo(filename=path, model=TaskRunRecord)
app = RedEngine(logger_repo=repo, execution="main")


def nothing() -> None:
    """What the tasks do."""


for number in range(100):
    app.session.create_task(func=nothing, name=f"task number {number}", start_cond="daily between 00:00 and 00:01")
scheduling: list[float] = []


@app.session.hook_scheduler_cycle()
def cycle() -> None:
    """Notes when conditions are looked at for the first time, and stops."""
    scheduling.append(time.time() - spawned)
    app.session.shut_down()


app.session.start()
found = {"seconds": scheduling[0], "records": app.session.book.loaded}
began = time.perf_counter()
newest = repo.filter_by(task_name="task number 7", action="success").last()
found["last"] = time.perf_counter() - began
print(json.dumps(found | {"found": newest.task_name}))
