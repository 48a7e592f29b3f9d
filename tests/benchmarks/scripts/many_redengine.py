"""Declares many tasks that are not due, starts, and idles: COUNT SECONDS."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from redengine import RedEngine
from redengine.log import CSVFileRepo, TaskRunRecord

count, seconds = int(sys.argv[1]), float(sys.argv[2])
later = datetime.now() + timedelta(hours=6)
in_days = datetime.now() + timedelta(days=3)


def condition(number: int) -> str:
    """One that does not hold for hours; few are alike."""
    return (
        f"daily between {later:%H}:{number % 60:02d} and {later:%H}:59:59",
        f"weekly on {in_days:%A}",
        f"after task 't{number - 1}'",
        f"monthly on {in_days.day}. & ~has failed today".replace(". ", "th " if in_days.day > 3 else " "),
    )[number % 4]


def nothing() -> None:
    """What the tasks do."""


with tempfile.TemporaryDirectory() as folder:
    began = time.perf_counter()
    repo = CSVFileRepo(filename=Path(folder) / "log.csv", model=TaskRunRecord)
    app = RedEngine(logger_repo=repo, execution="main")
    for number in range(count):
        app.task(condition(number), name=f"t{number}", func=nothing)
    declared = time.perf_counter()
    found: dict[str, float] = {"declare": declared - began}

    def idle() -> None:
        """Takes the processor's time over a while in which nothing is due."""
        used, cycles = time.process_time(), app.session.scheduler.n_cycles
        time.sleep(seconds)
        found["idle"] = (time.process_time() - used) / seconds * 100
        found["cycles"] = app.session.scheduler.n_cycles - cycles
        app.session.shut_down()

    @app.session.hook_scheduler_cycle()
    def first_pass() -> Iterator[None]:
        """Ends the measurement of the start, once."""
        yield
        if "start" not in found:
            found["start"] = time.perf_counter() - declared
            threading.Thread(target=idle).start()

    app.run()
    print(json.dumps(found))
