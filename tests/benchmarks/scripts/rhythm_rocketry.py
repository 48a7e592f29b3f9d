"""Tasks that are due every second: DUE SECONDS. Late is a start by more than a second after the one before."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable

from rocketry import Rocketry

due, seconds = int(sys.argv[1]), float(sys.argv[2])
starts: dict[int, list[float]] = defaultdict(list)
app = Rocketry(execution="main", config={"silence_task_prerun": True})


def begins(number: int) -> Callable[[], None]:
    """The code of a task."""
    return lambda: starts[number].append(time.time())


for number in range(due):
    app.task("every 1 second", name=f"t{number}", func=begins(number))
used: list[float] = []


def measure() -> None:
    """Measures for a while, once all is under way."""
    time.sleep(3)
    used.append(time.process_time())
    time.sleep(seconds)
    used.append(time.process_time())
    app.session.shut_down()


threading.Thread(target=measure).start()
app.run()
late = sorted(after - before - 1 for times in starts.values() for before, after in itertools.pairwise(times[1:]))
percentiles = {"p50": late[len(late) // 2] * 1000, "p99": late[len(late) * 99 // 100] * 1000}
print(json.dumps({**percentiles, "cpu": (used[1] - used[0]) / seconds * 100, "runs": len(late)}))
