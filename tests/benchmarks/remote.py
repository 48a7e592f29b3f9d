"""From afar: how soon a screen is there, what it costs the wire and the scheduler, and what survives a bad link."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from chaos import PROJECT, TASKS, chaos
from headless_scheduler import HeadlessScheduler
from link import Link
from peers import Peers
from sshd import NoServer, Sshd
from table import Row
from terminal import Terminal

from redengine.control.wire.client import RemoteController

PROGRAM = [sys.executable, "-m", "redengine_tui.cli"]
IDLE = """
from redengine import RedEngine

app = RedEngine(config={"execution": "main"})

def nothing():
    pass

for number in range(COUNT):
    app.task("daily between 03:00 and 03:01", name=f"task-{number:05}", func=nothing)
"""
#: Screens that watch at a time, and schedulers in one list, with so many tasks each.
VIEWERS, SCHEDULERS, TASKS_EACH = 20, 20, 500
#: Seconds of a processor's time that is counted with viewers and without, in turns.
TURN, TURNS = 4.0, 8


def measure(peers: Peers) -> Iterator[Row]:
    """The rows about screens that come over a socket, or over SSH."""
    try:
        for count, at_most in ((100, 1.0), (10_000, 1.5)):
            yield Row(
                f"`attach` to its first picture over loopback SSH, {count:,} tasks",
                "s",
                _attach(count),
                at_most=at_most,
            )
        yield Row("an idle screen of 10,000 tasks over SSH, on the wire", "bytes/s", _idle(), at_most=100)
    except NoServer as error:
        print(error, file=sys.stderr)
    yield Row(
        f"the scheduler's processor time, {VIEWERS} viewers to none, 500 runs a second", "×", _viewers(), at_most=1.1
    )
    yield Row(
        f"`watch`: {SCHEDULERS} schedulers with {SCHEDULERS * TASKS_EACH:,} tasks in one list",
        "s",
        _fleet(),
        at_most=2.0,
    )
    yield from _chaos()


@contextmanager
def _over_ssh(count: int) -> Iterator[tuple[HeadlessScheduler, dict[str, str], Link]]:
    """A scheduler at the other end of SSH, an environment whose ssh knows it as ``bench``, and the link between."""
    with HeadlessScheduler(IDLE.replace("COUNT", str(count))) as scheduler:
        told = {name: scheduler.env[name] for name in ("XDG_RUNTIME_DIR", "REDENGINE_TUI_DATA_DIR", "PLACE")}
        with Sshd(told) as sshd, Link(sshd.port) as link:
            sshd.host("bench", port=link.port)
            asyncio.run(_settled(scheduler))
            yield scheduler, sshd.path(scheduler.env), link


async def _settled(scheduler: HeadlessScheduler) -> None:
    """Wait until it runs."""
    controller = await scheduler.attached()
    while controller.snapshot().scheduler.state != "running":
        await asyncio.sleep(0.05)
    await controller.close()


def _attach(count: int) -> float:
    """Seconds from the start of the program to tasks on its screen, the best of five."""
    took = []
    with _over_ssh(count) as (scheduler, env, _):
        for _ in range(5):
            terminal = Terminal([*PROGRAM, "attach", f"ssh://bench{scheduler.project}"], scheduler.folder, env)
            try:
                terminal.wait_for(b"task-000")
                took.append(next(at for at, data in terminal.came if b"task-000" in data) - terminal.started)
            finally:
                terminal.close()
    return min(took)


def _idle(seconds: float = 30.0) -> float:
    """Bytes a second, both ways, while nothing happens."""
    with _over_ssh(10_000) as (scheduler, env, link):
        terminal = Terminal([*PROGRAM, "attach", f"ssh://bench{scheduler.project}"], scheduler.folder, env)
        try:
            terminal.wait_for(b"task-000")
            time.sleep(5)
            before = link.up + link.down
            time.sleep(seconds)
            return (link.up + link.down - before) / seconds
        finally:
            terminal.close()


def _viewers() -> float:
    """How much more of a processor the scheduler takes when it is watched. In turns, since others have the machine."""
    with HeadlessScheduler(PROJECT) as scheduler:
        return asyncio.run(_watched(scheduler))


async def _watched(scheduler: HeadlessScheduler) -> float:
    await _settled(scheduler)
    alone, watched = [], []
    for _ in range(TURNS):
        await asyncio.sleep(0.5)
        alone.append(await _cost(scheduler))
        viewers = [await scheduler.attached() for _ in range(VIEWERS)]
        pulling = [asyncio.ensure_future(_pull(viewer)) for viewer in viewers]
        await asyncio.sleep(0.5)
        watched.append(await _cost(scheduler))
        for task in pulling:
            task.cancel()
        await asyncio.gather(*(viewer.close() for viewer in viewers))
    return sum(watched) / sum(alone)


async def _pull(viewer: RemoteController) -> None:
    """Ask for what changed, as often as a screen would."""
    seq, woken = viewer.snapshot().seq, asyncio.Event()
    viewer.subscribe(woken.set)
    while True:
        await woken.wait()
        woken.clear()
        seq = viewer.changes(seq).seq
        await asyncio.sleep(0.05)


async def _cost(scheduler: HeadlessScheduler) -> float:
    """Seconds of a processor for a run."""
    ran, before = _runs(scheduler), scheduler.processor
    await asyncio.sleep(TURN)
    return (scheduler.processor - before) / (_runs(scheduler) - ran)


def _runs(scheduler: HeadlessScheduler) -> int:
    """How many runs have ended."""
    return scheduler.log.read_bytes().count(b",success,")


def _fleet() -> float:
    """Seconds from the start of ``watch`` to all tasks of all schedulers in its list."""
    with ExitStack() as stack:
        source, fleet, env = IDLE.replace("COUNT", str(TASKS_EACH)), list[HeadlessScheduler](), dict[str, str]()
        for _ in range(SCHEDULERS):
            fleet.append(stack.enter_context(HeadlessScheduler(source, env)))
            # All of one user.
            env = {name: fleet[0].env[name] for name in ("XDG_RUNTIME_DIR", "REDENGINE_TUI_DATA_DIR")}
        targets = [str(scheduler.project) for scheduler in fleet]
        terminal = Terminal([*PROGRAM, "watch", *targets], fleet[0].folder, fleet[0].env)
        try:
            total = re.compile(rb"10,?000")
            terminal.wait_for(lambda: total.search(terminal.sent))
            return terminal.came[-1][0] - terminal.started
        finally:
            terminal.close()


def _chaos() -> Iterator[Row]:
    commands, cuts = 200, 100
    with HeadlessScheduler(PROJECT) as scheduler:
        outcome = asyncio.run(chaos(scheduler, commands=commands, cuts=cuts, alone=20.0))
    load = f"300 ms there and back, cut {outcome.cuts} times, {TASKS * 10} runs a second"
    once = sum(outcome.done[number] == 1 for number in range(commands))
    yield Row(f"commands done exactly once of {commands}, {load}", "", once, at_least=commands)
    assert outcome.far is not None
    assert outcome.fresh is not None
    same = sum(one == other for one, other in zip(outcome.far.tasks, outcome.fresh.tasks, strict=True))
    yield Row(f"tasks shown as they are at the end, of {len(outcome.fresh.tasks)}, {load}", "", same,
              at_least=len(outcome.fresh.tasks))  # fmt: skip
    yield Row(f"lateness of starts, watched to unwatched, {load}", "×", outcome.lateness)
