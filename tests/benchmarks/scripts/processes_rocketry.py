"""Tasks that do nothing, each in a process, all due at once: COUNT."""

from __future__ import annotations

import json
import sys
import time

from rocketry import Rocketry
from rocketry.conds import daily

count = int(sys.argv[1])
app = Rocketry(execution="process", config={"cycle_sleep": None})


def nothing() -> None:
    """What the tasks do."""


if __name__ == "__main__":
    for number in range(count):
        app.task(daily, name=f"t{number}", func=nothing)

    @app.task(daily, name="begin", execution="main", priority=1)
    def begin() -> None:
        """Takes the time."""
        times.append(time.perf_counter())

    @app.cond()
    def all_ended() -> bool:
        """Whether every task has."""
        return all(task.last_success is not None for task in app.session.tasks if task.name.startswith("t"))

    times: list[float] = []
    app.session.config.shut_cond = all_ended
    app.run()
    print(json.dumps({"ms_a_run": (time.perf_counter() - times[0]) / count * 1000}))
