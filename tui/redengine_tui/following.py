"""Following what a scheduler does, for a script: one run with what it prints, the log, the way to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from redengine.abc import Controller
from redengine.control import messages as m

#: Seconds between two looks.
LOOK_EVERY = 0.25
#: Most bytes of an output that are read at a time.
PIECE = 1024 * 1024
#: And how many more, where it grows meanwhile.
SLACK = 256 * 1024
#: Records that are read at a time.
PAGE = 500


class OutputReader:
    """Gives what a run prints, piece by piece, as it comes."""

    def __init__(self, controller: Controller, run_id: str, start: float | None = None) -> None:
        self._controller = controller
        self._run_id = run_id
        self._start = start
        self._seen = 0
        #: Size at which it ended within a character, perhaps, and how often it did so in a row.
        self._cut, self._cuts = -1, 0

    async def new(self, *, last: bool = False) -> str:
        """What came since the last time. With ``last`` nothing more will come, so that all of it is given."""
        size = (await self._read(0)).size
        if size <= self._seen:
            return ""
        text, missed = "", 0
        # What is given is always the end: where more comes meanwhile, more than what is new is asked for.
        for slack in (0, SLACK):
            limit = min(size - self._seen, PIECE) + slack
            found = await self._read(limit)
            size = found.size
            missed = size - self._seen - min(limit, size)
            text = _without(found.text, -missed)
            if missed <= 0:
                break
        if text.endswith("\ufffd") and not last and self._cut != size and self._cuts < 3:
            # Perhaps the first half of a character. If the rest does not come, it is none.
            self._cut, self._cuts = size, self._cuts + 1
            return ""
        self._cuts = 0
        self._seen = size
        return f"[{missed} bytes are left out]\n{text}" if missed > 0 else text

    async def _read(self, limit: int) -> m.Output:
        found: m.Output = await self._controller.ask(m.ReadOutput(self._run_id, limit, self._start))
        return found


def _without(text: str, count: int) -> str:
    """The text without its first bytes, as many as UTF-8 takes for them. What cannot be decoded was one byte each."""
    at = 0
    while count > 0 and at < len(text):
        count -= 1 if text[at] == "\ufffd" else len(text[at].encode())
        at += 1
    return text[at:]


async def follow_run(controller: Controller, ticket: str, show: Callable[[str], None]) -> m.RunStatus:
    """Wait for the end of a run that was asked for, and show what it prints.

    ``unknown``: the scheduler does not know of it, or not any more.
    """
    output: OutputReader | None = None
    while True:
        status: m.RunStatus = await controller.ask(m.FollowRun(ticket))
        link = controller.link()
        if link is not None and link.state == "lost":
            await asyncio.sleep(LOOK_EVERY)
            continue
        if status.run_id and output is None:
            output = OutputReader(controller, status.run_id, status.started)
        ended = status.state in ("ended", "unknown")
        if output is not None and (piece := await output.new(last=ended)):
            show(piece)
        if ended:
            return status
        await asyncio.sleep(LOOK_EVERY)


async def newest(controller: Controller, count: int, where: m.LogFilter) -> m.LogPage:
    """The newest records that fit, however far back they are. As one page, whose ``last`` is where to go on."""
    page: m.LogPage = await controller.ask(m.ReadLog(limit=min(count, PAGE), where=where))
    entries, last = page.entries, page.last
    while not page.failed and not page.at_start and len(entries) < count:
        page = await controller.ask(m.ReadLog(limit=min(count - len(entries), PAGE), before=page.first, where=where))
        entries = page.entries + entries
    return m.LogPage(entries, page.first, last, failed=page.failed, epoch=page.epoch)


async def following(controller: Controller, after: int, where: m.LogFilter) -> AsyncIterator[m.LogEntry]:
    """The records after a cursor, as they come, until the scheduler stops. A lost link is waited for."""
    while True:
        page: m.LogPage = await controller.ask(m.ReadLog(limit=PAGE, after=after, where=where))
        for entry in page.entries:
            yield entry
        if not page.failed:
            after = page.last
        link = controller.link()
        if link is not None and link.state == "ended":
            return
        if page.failed or page.at_end:
            await asyncio.sleep(LOOK_EVERY)


async def until_stopped(
    controller: Controller, tell: Callable[[str], None], is_gone: Callable[[], bool] = lambda: False
) -> bool:
    """Wait for a scheduler that was asked to stop, and tell what it waits for when that changes.

    ``is_gone``: whether there is no process any more, asked while nothing is heard of it. Whether it has stopped; else
    somebody had it kept running.
    """
    told: tuple[str, ...] = ()
    ever_stopping = False
    while True:
        link = controller.link()
        seen = controller.snapshot()
        if seen.scheduler.state in ("stopped", "failed") or (link is not None and link.state == "ended"):
            return True
        if link is not None and link.state == "lost" and is_gone():
            return True
        ever_stopping = ever_stopping or seen.scheduler.state in ("draining", "stopping")
        if ever_stopping and seen.scheduler.state in ("running", "held"):
            return False
        waits_for = tuple(task.name for task in seen.tasks if task.runs)
        if waits_for != told:
            told = waits_for
            if told:
                more = f" and {len(told) - 5} more" if told[5:] else ""
                tell(f"Waiting for {', '.join(map(repr, told[:5]))}{more} …")
        await asyncio.sleep(LOOK_EVERY / 2)
