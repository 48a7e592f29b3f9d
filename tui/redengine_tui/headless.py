"""Running a project without a screen: the scheduler on its thread, what happens as lines, and the signals on this one.

Nothing here, and nothing that it imports, is of a screen.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import tzinfo
from typing import Any, NoReturn

from redengine.abc import Topic
from redengine_tui.data import ProjectData
from redengine_tui.event_lines import Event, Format, formatter, level_of, log_event, task_event
from redengine_tui.format import clock_time
from redengine_tui.host import Host
from redengine_tui.line_writer import LineWriter
from redengine_tui.project import LoadedProject
from redengine_tui.sd_notify import ServiceManager
from redengine_tui.text import safe_line

#: Seconds after which a stop that takes so long is told of: longer than the scheduler waits for what it terminates.
SLOW_STOP = 12.0
#: Seconds between two lines for ``systemctl status``.
STATUS_EVERY = 2.0
#: Seconds that lines which nobody reads may hold up the end.
LAST_WORDS = 1.0


def in_journal(fd: int, environ: Mapping[str, str]) -> bool:
    """Whether what is written to this descriptor goes to systemd's journal."""
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        there = os.fstat(fd)
    except OSError:
        return False
    return (device, inode) == (str(there.st_dev), str(there.st_ino))


class Reporter:
    """Says what happens, a line each. ``quiet``: warnings and failures alone."""

    def __init__(self, fd: int, form: Format, *, quiet: bool = False, journal: bool = False) -> None:
        line = formatter(form, journal=journal)
        #: Of the times in the lines; ``None``: local time.
        self.zone: tzinfo | None = None
        self._writer: LineWriter[Event] = LineWriter(
            fd, lambda event: line(event, self.zone), lambda missing: line(_missing(missing), self.zone)
        )
        self._least = logging.WARNING if quiet else logging.NOTSET
        self.handler = _Handler(self)

    def say(self, level: int, message: str) -> None:
        """Say something of this program's own."""
        self._tell(Event(time.time(), level, message))

    def logged(self, record: logging.LogRecord) -> None:
        """Take what was logged in words."""
        if record.levelno >= self._least:
            self._tell(log_event(record))

    def recorded(self, values: Mapping[str, Any]) -> None:
        """Take a record of a task; on the scheduler's thread, as often as runs begin and end."""
        if self._least and level_of(values["action"]) < self._least:
            return
        self._writer.put(task_event(values))

    def _tell(self, event: Event) -> None:
        if event.level >= self._least:
            self._writer.put(event)

    def flush(self) -> None:
        """Have all of it written, if somebody reads it."""
        self._writer.flush(LAST_WORDS)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close(LAST_WORDS)


class _Handler(logging.Handler):
    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._reporter.logged(record)
        except Exception:
            self.handleError(record)


def _missing(count: int) -> Event:
    lines = "1 line is" if count == 1 else f"{count} lines are"
    return Event(time.time(), logging.WARNING, f"{lines} missing here: they could not be written fast enough")


def end_of(number: int) -> NoReturn:
    """End this process at once, as one that a signal has ended: that is how who started it tells it from a failure."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    # The first process of a container is not ended by a signal that it does nothing about.
    os._exit(128 + number)


class Headless:
    """One run of a project without a screen."""

    def __init__(self, host: Host, reporter: Reporter, manager: ServiceManager) -> None:
        self._host = host
        self._reporter = reporter
        self._manager = manager
        self._asked = False
        self._up = False
        self._seq = 0

    async def run(self) -> None:
        """Run until the scheduler has stopped."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        loop.add_signal_handler(signal.SIGHUP, self._host.lose_terminal)
        unlisten = self._host.session.listen(lambda topic: self._heard(topic, loop))
        self._host.start()
        self._host.shown(screen=False)
        helpers = [loop.create_task(work()) for work in (self._keep_alive, self._keep_status)]
        try:
            # On a thread of its own, since nobody can be asked to call when a thread has ended.
            await loop.run_in_executor(None, self._host.join)
        finally:
            unlisten()
            for helper in helpers:
                helper.cancel()

    def _signalled(self, number: int) -> None:
        name = signal.Signals(number).name
        if self._asked:
            self._reporter.say(logging.WARNING, f"{name} again: ending at once, whatever still runs")
            self._reporter.flush()
            end_of(number)
        self._asked = True
        self._reporter.say(logging.INFO, f"{name}: what runs is terminated; again to end at once")
        self._manager.tell("STOPPING=1", f"STATUS=Stopping: {name}")
        self._host.stop(force=True)
        asyncio.get_running_loop().call_later(SLOW_STOP, self._stops_slowly)

    def _stops_slowly(self) -> None:
        self._reporter.say(
            logging.WARNING,
            "The scheduler has not stopped yet: a task or a hook that runs on its own thread (execution main) keeps "
            "it busy. It is waited for; a second signal ends all at once",
        )

    # What happens, on the scheduler's thread

    def _heard(self, topic: Topic, loop: asyncio.AbstractEventLoop) -> None:
        if topic[0] == "up":
            _call(loop, self._came_up)
        elif topic[0] == "stopping":
            # What is to go on in this process afterwards is no end for a manager, who would wait for one.
            _call(loop, self._goes_down, "restart" in topic)
        elif topic[0] == "stopped":
            # Perhaps this process becomes another program now.
            self._reporter.flush()

    # On this thread

    def _came_up(self) -> None:
        self._up = True
        self._manager.tell("READY=1", f"STATUS={self._state()}")

    def _goes_down(self, again: bool) -> None:
        self._up = False
        self._manager.tell(*(["STATUS=Restarting"] if again else ["STOPPING=1", "STATUS=Stopping"]))

    async def _keep_alive(self) -> None:
        """Tell the manager that the scheduler lives, each time that it has answered."""
        if not self._manager.watchdog:
            return
        while True:
            answer = self._host.publisher.call(lambda: True)
            # Before it is there, and when it is on its way out, there is nobody to ask.
            if answer is None or await answer:
                self._manager.tell("WATCHDOG=1")
            await asyncio.sleep(self._manager.watchdog / 2)

    async def _keep_status(self) -> None:
        said = ""
        while self._manager.listens:
            await asyncio.sleep(STATUS_EVERY)
            state = self._state()
            if self._up and state != said:
                self._manager.status(state)
                said = state

    def _state(self) -> str:
        """One line of how things are."""
        delta = self._host.publisher.changes(self._seq)
        self._seq, view = delta.seq, delta.scheduler
        parts = ["1 task" if view.tasks == 1 else f"{view.tasks} tasks", f"{view.running} running"]
        if view.failing:
            parts.append(f"{view.failing} failing")
        if view.log_problem:
            parts.append(f"the log cannot be written: {view.log_problem}")
        if view.state == "held":
            parts.append("on hold")
        elif view.next_at is not None:
            parts.append(f"next: {view.next_task} at {clock_time(view.next_at, self._host.session.zone)}")
        return safe_line(", ".join(parts), 200)


def _call(loop: asyncio.AbstractEventLoop, func: Callable[..., None], *args: Any) -> None:
    with suppress(RuntimeError):  # it is over
        loop.call_soon_threadsafe(func, *args)


def run(project: LoadedProject, data: ProjectData, log: Mapping[str, Any], reporter: Reporter) -> int:
    """Run a project until it is stopped. Returns the exit code: 1 when the scheduler failed.

    Raises as :class:`~redengine_tui.host.Host` does.
    """
    session = project.session
    # Where people look for what their tasks say.
    session.worker_setup = replace(session.worker_setup, forward_records=True)
    loggers = (session.scheduler.logger, logging.getLogger("redengine"))
    for logger in loggers:
        logger.addHandler(reporter.handler)
    unlisten = session.listen_to_records(reporter.recorded)
    manager = ServiceManager.of(os.environ)
    try:
        host = Host(project, data, log)
        count = len(session.tasks)
        reporter.say(
            logging.INFO,
            f"{project.path.name}: {count} task{'' if count == 1 else 's'}, process {os.getpid()}, "
            f"data in {data.folder}",
        )
        asyncio.run(Headless(host, reporter, manager).run())
        if host.problem:
            reporter.say(logging.CRITICAL, f"The scheduler failed: {host.problem}. Details are in {data.scheduler_log}")
        host.close()
    finally:
        unlisten()
        for logger in loggers:
            logger.removeHandler(reporter.handler)
        manager.close()
    return 1 if host.problem else 0
