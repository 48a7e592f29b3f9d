"""A scheduler that exists only in memory, and a clock that stands still, for the tests of the screen."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any

import msgspec
import pytest

from redengine.abc import Controller, Listener
from redengine.control import messages as m
from redengine.scheduling.forecast import Forecast

#: 2026-11-24 14:05:00 UTC, a Tuesday: the instant at which the clock of every test stands.
NOW = datetime(2026, 11, 24, 14, 5, tzinfo=timezone.utc).timestamp()


class FakeClock:
    """Epoch seconds, moved by the test."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def task(name: str, **fields: Any) -> m.TaskView:
    """A task that has never run, but for the given fields."""
    defaults: dict[str, Any] = {
        "state": "idle",
        "start_cond": "daily",
        "end_cond": "",
        "execution": "process",
        "priority": 0,
        "next": m.NextStart("never"),
    }
    return m.TaskView(name=name, **{**defaults, **fields})


class FakeController(Controller):
    """Holds views, records what it is asked, and answers what it is told to answer.

    ``replies``: by type of command, a reply or a function of the command. ``answers``: the same for queries.
    """

    def __init__(self, tasks: Iterable[m.TaskView] = (), **scheduler: Any) -> None:
        fields: dict[str, Any] = {
            "project": "shop", "path": "/srv/shop/project.py", "host": "atlas", "pid": 4321, "state": "running",
            "started": NOW - 3600, "timezone": "UTC",
        }  # fmt: skip
        self.tasks: dict[str, m.TaskView] = {}
        self.scheduler = m.SchedulerView(**{**fields, **scheduler})
        self.seq = 1
        self.sent: list[m.Command] = []
        self.asked: list[m.Command] = []
        self.replies: dict[type, Any] = {}
        self.answers: dict[type, Any] = {}
        self.log: list[m.LogEntry] = []
        self.pulls = 0
        #: How it is connected; ``None``: it is in this process. A command is refused while that is lost.
        self.link_view: m.Link | None = None
        #: Seconds that every answer takes, and the pace it was asked to keep.
        self.delay = 0.0
        self.pace: float | None = None
        self._changed: dict[str, int] = {}
        self._removed: dict[str, int] = {}
        self._listeners: list[Listener] = []
        self._pending = False
        self._put(tasks)

    def _put(self, views: Iterable[m.TaskView]) -> None:
        for view in views:
            known = self.tasks.get(view.name)
            last = max((other.order for other in self.tasks.values()), default=-1)
            order = known.order if known else view.order or last + 1
            self.tasks[view.name] = msgspec.structs.replace(view, order=order)
            self._changed[view.name] = self.seq
            self._removed.pop(view.name, None)
        self.scheduler = msgspec.structs.replace(
            self.scheduler,
            tasks=len(self.tasks),
            running=sum(len(view.runs) for view in self.tasks.values()),
        )

    def push(self, *views: m.TaskView, removed: Iterable[str] = (), **scheduler: Any) -> None:
        """Change tasks, remove some, change the scheduler; then wake the listeners as the core does."""
        self.seq += 1
        for name in removed:
            self.tasks.pop(name, None)
            self._removed[name] = self.seq
        self.scheduler = msgspec.structs.replace(self.scheduler, **scheduler)
        self._put(views)
        self.wake()

    def change(self, name: str, **fields: Any) -> None:
        """Change some fields of one task."""
        self.push(msgspec.structs.replace(self.tasks[name], **fields))

    def append_log(self, *entries: m.LogEntry) -> None:
        """Add records to the log and say so."""
        self.log.extend(entries)
        self.push()

    def wake(self) -> None:
        if not self._pending:
            self._pending = True
            for listener in list(self._listeners):
                listener()

    def snapshot(self) -> m.Snapshot:
        return m.Snapshot(self.seq, self.scheduler, tuple(self.tasks.values()))

    def changes(self, since: int) -> m.Delta:
        self._pending = False
        self.pulls += 1
        changed = tuple(self.tasks[name] for name, seq in self._changed.items() if seq > since and name in self.tasks)
        removed = tuple(name for name, seq in self._removed.items() if seq > since)
        return m.Delta(self.seq, self.scheduler, changed, removed)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def link(self) -> m.Link | None:
        return self.link_view

    def set_link(self, state: str = "connected", **fields: Any) -> None:
        """Be far away, in this way, and tell the listeners."""
        self.link_view = m.Link(**{"where": "ssh build7", "state": state, **fields})  # type: ignore[arg-type]
        self.wake()

    def set_pace(self, seconds: float) -> None:
        self.pace = seconds

    async def send(self, command: m.Command) -> m.Reply:
        if self.link_view is not None and self.link_view.state == "lost":
            return m.Reply(False, "The link to the scheduler is lost: nothing was done")
        if self.delay:
            await asyncio.sleep(self.delay)
        self.sent.append(command)
        reply = self.replies.get(type(command), m.Reply(True))
        return reply(command) if callable(reply) else reply

    async def ask(self, query: m.Command) -> Any:
        self.asked.append(query)
        if self.delay:
            await asyncio.sleep(self.delay)
        if type(query) in self.answers:
            answer = self.answers[type(query)]
            return answer(query) if callable(answer) else answer
        if isinstance(query, m.ReadLog):
            return self._page(query)
        return {
            m.CheckCondition: m.ConditionReport(True, description="Every day.", verdict="Not now."),
            m.Explain: m.ConditionReport(True, description="Every day.", verdict="Not now."),
            m.Foretell: Forecast(NOW, NOW),
            m.FollowRun: m.RunStatus("unknown"),
            m.Complete: m.Completions(),
            m.ListParameters: m.ParameterList(),
            m.EvaluateParameter: m.Reply(True, "42"),
            m.ReadOutput: m.Output(),
        }[type(query)]

    def _page(self, query: m.ReadLog) -> m.LogPage:
        where = query.where
        fits = [
            entry
            for entry in self.log
            if (not where.task or entry.task == where.task)
            and (not where.actions or entry.action in where.actions)
            and where.text.lower() in f"{entry.task} {entry.action} {entry.message} {entry.exc_text}".lower()
        ]
        if query.at is not None:
            page = [entry for entry in fits if entry.created >= query.at][: query.limit]
        elif query.after is not None:
            page = [entry for entry in fits if entry.cursor > query.after][: query.limit]
        else:
            before = [entry for entry in fits if query.before is None or entry.cursor < query.before]
            page = before[-query.limit :]
        if not page:
            end = self.log[-1].cursor if self.log else 0
            asked = query.after if query.after is not None else query.before or 0
            first = asked if query.at is None else end + 1
            return m.LogPage(first=first, last=first, at_start=query.at is None, at_end=True, searched=1.0)
        at_start, at_end = page[0] is fits[0], page[-1] is fits[-1]
        return m.LogPage(
            tuple(page), page[0].cursor, page[-1].cursor, at_start=at_start, at_end=at_end,
            searched=1.0 if at_start or at_end else 0.5,
        )  # fmt: skip


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    """No test reads or writes the settings of whoever runs it, nor lets their terminal decide on colours."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    # Not in pytest's folder: the path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="redengine-", dir="/tmp") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        yield


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at ``clock.now`` until it is moved."""
    return FakeClock()


@pytest.fixture
def make_task() -> Callable[..., m.TaskView]:
    """``make_task(name, **fields)``: a task view."""
    return task


@pytest.fixture
def make_controller() -> Callable[..., FakeController]:
    """``make_controller(tasks, **scheduler)``: a scheduler in memory."""
    return FakeController


@pytest.fixture
def some_tasks() -> list[m.TaskView]:
    """Six tasks that show most states, with times around the frozen clock."""
    return [
        task("fetch-prices", state="success", start_cond="every 10 min", next=m.NextStart("at", NOW + 200),
             last_run=NOW - 400, last_result="success", last_finish=NOW - 388, duration=12.2,
             description="Downloads the price list of every supplier."),
        task("build-report", state="running", start_cond="after task 'fetch-prices'",
             next=m.NextStart("after", text="fetch-prices"), runs=(m.RunView("r1", NOW - 75),),
             last_run=NOW - 75, last_result="success", last_finish=NOW - 4000, duration=80.0),
        task("send-mail", state="fail", start_cond="daily between 07:00 and 10:00",
             next=m.NextStart("at", NOW + 61200), last_run=NOW - 25000, last_result="fail",
             last_finish=NOW - 24999, duration=0.31, execution="thread"),
        task("vacuum", state="disabled", start_cond="weekly on Sunday", disabled=True, execution="async"),
        task("sync-stock", state="blocked", start_cond="is warehouse open", problem="no such condition",
             next=m.NextStart("when", text="the warehouse opens")),
        task("cleanup", state="idle", start_cond="daily & ~has running 'fetch-prices'",
             next=m.NextStart("at", NOW + 33000)),
    ]  # fmt: skip


@pytest.fixture
def controller(some_tasks) -> FakeController:
    """A scheduler in memory with :func:`some_tasks`."""
    return FakeController(some_tasks, next_at=NOW + 200, next_task="fetch-prices")
