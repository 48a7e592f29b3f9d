"""Tasks that are due every second among others that are not: DUE SECONDS EXECUTION OTHERS.

Late is by how much the task's code begins after the beat of its rhythm.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from redengine import RedEngine
from redengine.log import CSVFileRepo, TaskRunRecord

due, seconds, execution, others = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], int(sys.argv[4])
late: list[float] = []
measuring = threading.Event()

with tempfile.TemporaryDirectory() as folder:
    repo = CSVFileRepo(filename=Path(folder) / "log.csv", model=TaskRunRecord)
    app = RedEngine(logger_repo=repo, execution=execution)
    for number in range(others):
        app.task(f"after task 'other{number - 1}'" if number else "false", name=f"other{number}", func=lambda: None)

    def begins(name: str) -> Callable[[], None]:
        """The code of a task."""

        def work() -> None:
            if measuring.is_set():
                late.append(time.time() - app.session[name].history.nominal_start)

        return work

    for number in range(due):
        app.task("every 1 second", name=f"t{number}", func=begins(f"t{number}"))
    found: dict[str, float] = {}

    def measure() -> None:
        """Measures for a while, once all is under way."""
        while not app.session.scheduler.n_cycles:
            time.sleep(0.01)
        time.sleep(1.5)
        used = time.process_time()
        measuring.set()
        time.sleep(seconds)
        measuring.clear()
        found["cpu"] = (time.process_time() - used) / seconds * 100
        app.session.shut_down()

    app.session.hook_startup()(threading.Thread(target=measure).start)
    app.run()

late.sort()
found |= {"p50": late[len(late) // 2] * 1000, "p99": late[len(late) * 99 // 100] * 1000} if late else {}
print(json.dumps({**found, "runs": len(late)}))
