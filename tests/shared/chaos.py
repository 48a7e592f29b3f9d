"""A viewer behind the worst of links, amid many runs and commands: what is true afterwards, what it cost the others."""

from __future__ import annotations

import asyncio
import csv
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from headless_scheduler import HeadlessScheduler
from link import Link

from redengine.control import messages as m
from redengine.control.wire.client import RemoteController

#: Seconds from one start of a task to the next, and how many such tasks there are: 500 runs a second.
PERIOD, TASKS = 0.1, 50
#: How many give commands at a time.
HANDS = 20
PROJECT = f"""
import os
from redengine import RedEngine

app = RedEngine(config={{"execution": "main"}})

def nothing():
    pass

for number in range({TASKS}):
    app.task("every {PERIOD * 1000:.0f} ms", name=f"quick-{{number:02}}", func=nothing)

@app.task(name="counted")
def counted(number=0):
    with open(os.environ["PLACE"] + "/counted.txt", "a") as file:
        file.write(f"{{number}}\\n")
"""


@dataclass
class Outcome:
    """What was found. Times are seconds."""

    #: How often the link was cut while somebody was connected.
    cuts: int = 0
    #: How often each command was done, by its number, and the answers that did not say that it was.
    done: Counter[int] = field(default_factory=Counter)
    unsure: dict[int, str] = field(default_factory=dict)
    #: How often a command was refused since the link was down, and given again.
    refused: int = 0
    #: The picture at the far end, and a fresh one.
    far: m.Snapshot | None = None
    fresh: m.Snapshot | None = None
    #: How late starts were: without a viewer, and with one.
    late_alone: list[float] = field(default_factory=list)
    late_watched: list[float] = field(default_factory=list)

    @property
    def lateness(self) -> float:
        """How much later the starts were with a viewer: the ratio of the medians."""
        return median(self.late_watched) / median(self.late_alone)


async def chaos(scheduler: HeadlessScheduler, *, commands: int, cuts: int, alone: float = 0.0) -> Outcome:
    """Give commands and cut the link. ``alone``: seconds before and after in which nobody watches."""
    rng, outcome = random.Random(commands), Outcome()
    unwatched, watched = [await _span(alone)], []
    with Link(scheduler.socket, scheduler.folder / "link.sock", delay=0.15) as link:
        far = await scheduler.attached(link.path)
        began = time.time()
        breaking = asyncio.ensure_future(_break(link, far, rng, cuts))
        given = [range(first, commands, HANDS) for first in range(HANDS)]
        await asyncio.gather(*(_give(far, outcome, numbers, breaking) for numbers in given))
        outcome.cuts = await breaking
        watched.append((began, time.time()))
        await asyncio.gather(*(_sent(far, m.Disable(f"quick-{number:02}"), outcome) for number in range(TASKS)))
        near = await scheduler.attached()
        await _at_rest(near, far)
        outcome.far, outcome.fresh = far.snapshot(), near.snapshot()
        await far.close()
    if alone:
        await asyncio.gather(*(near.send(m.Enable(f"quick-{number:02}")) for number in range(TASKS)))
    await near.close()
    unwatched.append(await _span(alone))
    outcome.done = Counter(map(int, (scheduler.folder / "counted.txt").read_text().split()))
    outcome.late_alone, outcome.late_watched = lateness(scheduler.log, unwatched), lateness(scheduler.log, watched)
    return outcome


async def _span(seconds: float) -> tuple[float, float]:
    began = time.time()
    await asyncio.sleep(seconds)
    return began, time.time()


async def _break(link: Link, far: RemoteController, rng: random.Random, cuts: int) -> int:
    """Cut the link over and over, and stall it now and then; returns how often it was cut while it stood."""
    done = 0
    while done < cuts:
        await asyncio.sleep(rng.uniform(0.0, 0.6))
        if rng.random() < 0.1:
            with link.stalled():
                await asyncio.sleep(rng.uniform(0.1, 0.8))
        if far.link().state == "connected":
            done += await asyncio.to_thread(link.cut) > 0
    return done


async def _give(far: RemoteController, outcome: Outcome, numbers: range, breaking: asyncio.Future[int]) -> None:
    """Give commands one after the other, for as long as the link is broken."""
    for number in numbers:
        reply = await _sent(far, m.Run("counted", {"number": number}), outcome)
        if not reply.ok:
            outcome.unsure[number] = reply.message
        await asyncio.sleep(0.3)
    # All that is asked for meanwhile is answered as well.
    while not breaking.done():
        assert isinstance(await far.ask(m.ReadLog(limit=50)), m.LogPage)
        await asyncio.sleep(0.05)


async def _sent(far: RemoteController, command: m.Command, outcome: Outcome) -> m.Reply:
    """Give a command, again and again if it is said that it was not sent."""
    while (reply := await far.send(command)).message.startswith("Not sent"):
        outcome.refused += 1
        await asyncio.sleep(0.05)
    return reply


async def _at_rest(near: RemoteController, far: RemoteController) -> None:
    """Wait until nothing runs any more, and both have heard of it."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        scheduler = near.snapshot().scheduler
        if (
            not scheduler.running
            and far.snapshot().scheduler == scheduler
            and near.snapshot().tasks == far.snapshot().tasks
        ):
            return
        await asyncio.sleep(0.05)


def lateness(log: Path, spans: Iterable[tuple[float, float]]) -> list[float]:
    """How late the starts of the quick tasks in these spans were (seconds), by the rhythm of each task in each span."""
    with log.open(newline="", encoding="utf-8") as file:
        starts = [
            (row["task_name"], float(row["created"]))
            for row in csv.DictReader(file)
            if row["action"] == "run" and row["task_name"].startswith("quick-")
        ]
    late: list[float] = []
    for first, last in spans:
        of_task: dict[str, list[float]] = defaultdict(list)
        for name, at in starts:
            if first <= at <= last:
                of_task[name].append(at % PERIOD)
        for phases in of_task.values():
            late += _after_the_widest_gap(sorted(phases))
    return late


def _after_the_widest_gap(phases: list[float]) -> list[float]:
    """How long after the beginning of their bunch these are, on a circle of one period."""
    gaps = [(after - before) % PERIOD for before, after in zip([phases[-1], *phases], phases, strict=False)]
    beginning = phases[gaps.index(max(gaps))]
    return [(phase - beginning) % PERIOD for phase in phases]
