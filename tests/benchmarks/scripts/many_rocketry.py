"""Declares many tasks that are not due, starts, and idles: COUNT SECONDS."""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import datetime, timedelta

from rocketry import Rocketry

count, seconds = int(sys.argv[1]), float(sys.argv[2])
later = datetime.now() + timedelta(hours=6)

began = time.perf_counter()
app = Rocketry(execution="main")
for number in range(count):
    condition = (f"daily between {later:%H}:{number % 60:02d} and {later:%H}:59", f"after task 't{number - 1}'")
    app.task(condition[number % 2], name=f"t{number}", func=lambda: None)
declared = time.perf_counter()
found: dict[str, float] = {"declare": declared - began}


def idle() -> None:
    """Waits for the first cycle, then takes the processor's time over a while."""
    while not cycles:
        time.sleep(0.01)
    found["start"] = time.perf_counter() - declared
    used = time.process_time()
    time.sleep(seconds)
    found["idle"] = (time.process_time() - used) / seconds * 100
    app.session.shut_down()


cycles: list[int] = []
app.session.hook_scheduler_cycle()(lambda: cycles.append(1))
threading.Thread(target=idle).start()
app.run()
print(json.dumps(found))
