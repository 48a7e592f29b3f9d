"""The engine: what it costs to have tasks, to start them, and to record what they did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from peers import Peers, Unavailable
from table import Row

#: How often a measurement is made, of us and of whoever is near; the best counts, since what gets in the way of one
#: is not its doing.
TIMES = 3


def measure(peers: Peers) -> Iterator[Row]:
    """The rows about the engine."""
    yield from _many(peers)
    yield from _rhythm(peers)
    yield Row(
        "pipeline of 100 `after task` hops (main)",
        "ms a hop",
        _ours(peers, "pipeline", 100, 9)["ms_a_hop"],
        {"rocketry": _theirs(peers, "rocketry", "ms_a_hop", "pipeline", 100)},
        at_most=1,
    )
    for execution, at_least, of_rocketry in (("main", 10_000, 1000), ("thread", 5_000, 300)):
        yield Row(
            f"no-op runs a second, recorded ({execution})",
            "runs/s",
            _ours(peers, "flat", execution, 20_000)["per_second"],
            {
                "rocketry": _theirs(peers, "rocketry", "per_second", "flat", execution, of_rocketry),
                "apscheduler, nothing recorded": _theirs(peers, "apscheduler", "per_second", "flat", execution, 20_000),
            },
            at_least=at_least,
        )
    yield Row(
        "process runs of a no-op, 100 due at once, warm",
        "ms a run",
        _ours(peers, "processes", 100)["ms_a_run"],
        {"rocketry": _theirs(peers, "rocketry", "ms_a_run", "processes", 100)},
        at_most=2,
    )
    after = _ours(peers, "after", 100_000)
    yield Row("one `after task` check, 100,000 records: reads of a file", "reads", after["reads"], at_most=0)
    yield Row(
        "one `after task` check, 100,000 records",
        "ms",
        after["ms"],
        {"rocketry": _theirs(peers, "rocketry", "ms", "after", 100_000)},
    )


def _many(peers: Peers) -> Iterator[Row]:
    ours = _ours(peers, "many", 10_000, 3)
    theirs = _all(peers, "apscheduler", "many", 10_000, 3)
    # It takes minutes to declare ten thousand.
    rocketry = _all(peers, "rocketry", "many", 1000, 3)
    yield Row(
        "idle, 10,000 tasks not due: CPU",
        "%",
        ours["idle"],
        {"rocketry with 1,000": _of(rocketry, "idle"), "apscheduler": _of(theirs, "idle")},
        at_most=0.5,
    )
    yield Row(
        "declare 10,000 tasks and start",
        "s",
        ours["declare"] + ours["start"],
        {
            "rocketry with 1,000": _of(rocketry, "declare", "start"),
            "apscheduler": _of(theirs, "declare", "start"),
        },
        at_most=1,
    )


def _rhythm(peers: Peers) -> Iterator[Row]:
    ours = _ours(peers, "rhythm", 1000, 4, "main", 0)
    theirs = _all(peers, "apscheduler", "rhythm", 1000, 4)
    recorded = _all(peers, "apscheduler", "rhythm", 1000, 4, "recorded")
    kept = _all(peers, "apscheduler", "rhythm", 1000, 4, "kept")
    rocketry = _all(peers, "rocketry", "rhythm", 1000, 4)
    for key, name, unit, at_most in (
        ("p50", "lateness p50", "ms", 2.0),
        ("p99", "lateness p99", "ms", 10.0),
        ("cpu", "CPU", "%", _of(theirs, "cpu")),
    ):
        yield Row(
            f"`every 1 second`, 1,000 tasks (main): {name}",
            unit,
            ours[key],
            {
                "rocketry": _of(rocketry, key),
                "apscheduler, nothing recorded": _of(theirs, key),
                "apscheduler, two bare writes a run": _of(recorded, key),
                "apscheduler, jobs in SQLite": _of(kept, key),
            },
            at_most=at_most if isinstance(at_most, float) else None,
        )


def _ours(peers: Peers, workload: str, *args: object) -> dict[str, Any]:
    return _best(peers, "redengine", workload, *args)


def _best(peers: Peers, peer: str, workload: str, *args: object) -> dict[str, Any]:
    """The best of each number that a script found."""
    found = [peers.run(peer, f"{workload}_{peer}", *args) for _ in range(TIMES)]
    return {key: (max if key == "per_second" else min)(each[key] for each in found) for key in found[0]}


def _all(peers: Peers, peer: str, workload: str, *args: object) -> dict[str, Any] | str:
    """What the peer's script found, or why there is nothing."""
    try:
        # They are far away, and take long.
        once = peer == "rocketry" or "kept" in args
        return peers.run(peer, f"{workload}_{peer}", *args) if once else _best(peers, peer, workload, *args)
    except Unavailable as reason:
        return str(reason)


def _theirs(peers: Peers, peer: str, key: str, workload: str, *args: object) -> float | str:
    return _of(_all(peers, peer, workload, *args), key)


def _of(found: dict[str, Any] | str, *keys: str) -> float | str:
    """The sum of some numbers that were found, or why there are none."""
    return found if isinstance(found, str) else float(sum(found[key] for key in keys))
