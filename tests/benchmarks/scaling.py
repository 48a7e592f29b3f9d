"""Cost follows what happens, not what exists: the processor's time by number of tasks and by how many are due."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from peers import Peers
from table import Row

SECONDS = 4


def measure(peers: Peers) -> Iterator[Row]:
    """CPU shares: idle, with nothing due; and with some due every second beside others that are not."""
    for tasks in (100, 1_000, 10_000):
        idle = peers.run("redengine", "many_redengine", tasks, SECONDS)
        yield Row(f"idle, {tasks:,} tasks: CPU", "%", idle["idle"])
    for due in (10, 100, 1_000):
        found: dict[int, list[float]] = {0: [], 10_000: []}
        # By turns, since the machine is faster and slower from minute to minute.
        for others in (*found, *found, *found):
            busy = peers.run("redengine", "rhythm_redengine", due, SECONDS, "main", others)
            found[others].append(busy["cpu"])
        for others, shares in found.items():
            yield Row(f"{due:,} runs a second beside {others:,} idle tasks: CPU", "%", median(shares))
