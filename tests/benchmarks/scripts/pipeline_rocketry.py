"""A pipeline of tasks, each after the one before, on the scheduler's thread, without a pause between cycles: HOPS."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from rocketry import Rocketry

hops = int(sys.argv[1])
times: list[float] = []


def work(number: int) -> Callable[[], None]:
    """The code of the first task takes the time, that of the last too."""

    def last() -> None:
        times.append(time.perf_counter())
        app.session.shut_down()

    return (lambda: times.append(time.perf_counter())) if number == 0 else last if number == hops else lambda: None


app = Rocketry(execution="main", config={"cycle_sleep": None})
for number in range(hops + 1):
    app.task(f"after task 't{number - 1}'" if number else "daily", name=f"t{number}", func=work(number))
app.run()
print(json.dumps({"ms_a_hop": (times[1] - times[0]) / hops * 1000}))
