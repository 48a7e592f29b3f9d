"""What every controller does, near, far or made for tests: one suite for all of them.

A folder of tests makes a class of :class:`ControllerContract` for each of its controllers, with a fixture ``bench``.
"""

from __future__ import annotations

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from redengine.abc import Controller
from redengine.control import messages as m
from redengine.control.wire.protocol import ANSWERS

#: Seconds until something that has to happen counts as not happening.
PATIENCE = 20.0
#: One of each, about a task that is there (``first``), that is not, and about none.
QUERIES: list[m.Command] = [
    m.CheckCondition("first", "daily"),
    m.CheckCondition("first", "dayly & 'x"),
    m.CheckCondition("gone", "daily"),
    m.Explain("first"),
    m.Explain("gone"),
    m.Foretell(1.0),
    m.FollowRun("nobody made this one"),
    m.Complete("dai", 3),
    m.Complete("", 99),
    m.ListParameters("first"),
    m.ListParameters("gone"),
    m.ListParameters(),
    m.EvaluateParameter("first", "x"),
    m.EvaluateParameter("gone", "x", "session"),
    m.ReadLog(),
    m.ReadLog(before=10**9),
    m.ReadLog(after=-5),
    m.ReadLog(at=0.0, where=m.LogFilter("first", ("run", "fail"), "x", "INFO", 0.0, 1.0)),
    m.ReadOutput("../../etc/passwd"),
    m.ReadOutput("nothing-of-this-name"),
]
COMMANDS_TO_A_TASK: list[type[Any]] = [m.Run, m.Terminate, m.Disable, m.Enable]


class Bench(ABC):
    """A controller, and the scheduler that it shows, to be changed by a test."""

    controller: Controller

    @abstractmethod
    def add(self, name: str) -> None:
        """A task more."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """A task less."""

    @abstractmethod
    def rename(self, name: str, new: str) -> None:
        """The same task by another name."""

    @abstractmethod
    def toggle(self, name: str) -> None:
        """Disable a task, or enable it."""

    @abstractmethod
    def truth(self) -> dict[str, bool]:
        """The tasks that there are at the scheduler itself, and whether they are disabled."""

    async def arrived(self) -> None:
        """Wait until the controller knows all that there is."""
        await until(lambda: self._known() == (len(truth := self.truth()), truth))

    def _known(self) -> tuple[int, dict[str, bool]]:
        snapshot = self.controller.snapshot()
        return snapshot.scheduler.tasks, {view.name: view.disabled for view in snapshot.tasks}


class Model:
    """What a screen knows: one snapshot and the changes since."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        snapshot = controller.snapshot()
        self.seq, self.scheduler = snapshot.seq, snapshot.scheduler
        self.tasks = {view.name: view for view in snapshot.tasks}

    def pull(self) -> m.Delta:
        delta: m.Delta = self.controller.changes(self.seq)
        assert delta.seq >= self.seq
        self.apply(delta)
        return delta

    def apply(self, delta: m.Delta) -> None:
        self.seq, self.scheduler = delta.seq, delta.scheduler
        self.tasks.update({view.name: view for view in delta.tasks})
        for name in delta.removed:
            self.tasks.pop(name, None)

    def equals(self, snapshot: m.Snapshot) -> bool:
        """Whether it is the picture that somebody gets who comes now."""
        return self.scheduler == snapshot.scheduler and self.tasks == {view.name: view for view in snapshot.tasks}


async def until(what: Callable[[], Any], timeout: float = PATIENCE) -> Any:
    """Wait until a function is true, and let the loop run meanwhile."""
    end = time.monotonic() + timeout
    while not (value := what()):
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.005)
    return value


class ControllerContract:
    """To be inherited; ``bench`` is a fixture, with the tasks ``first`` and ``second``."""

    async def test_the_first_picture_is_whole(self, bench: Bench) -> None:
        snapshot = bench.controller.snapshot()

        assert [view.name for view in sorted(snapshot.tasks, key=lambda view: view.order)] == ["first", "second"]
        assert snapshot.scheduler.tasks == 2
        assert snapshot.scheduler.state == "running"

    async def test_nothing_new_is_nothing(self, bench: Bench) -> None:
        model = Model(bench.controller)

        delta = model.pull()

        assert (delta.tasks, delta.removed) == ((), ())

    @pytest.mark.parametrize("seed", range(3))
    async def test_a_snapshot_and_the_changes_since_are_a_snapshot(self, bench: Bench, seed: int) -> None:
        rng = random.Random(seed)
        names, models = ["first", "second"], [Model(bench.controller)]
        for number in range(60):
            what = rng.choice(["add", "remove", "rename", "toggle", "toggle"]) if names else "add"
            name = rng.choice(names) if names else ""
            # Old names come back, too.
            new = f"task {rng.randrange(12)}"
            if what == "add" and new not in names:
                bench.add(new)
                names.append(new)
            elif what == "remove":
                bench.remove(name)
                names.remove(name)
            elif what == "rename" and new not in names:
                bench.rename(name, new)
                names[names.index(name)] = new
            elif what == "toggle":
                bench.toggle(name)
            if rng.random() < 0.3:
                await asyncio.sleep(0.01)
                rng.choice(models).pull()
            if number % 20 == 10:
                models.append(Model(bench.controller))
        await bench.arrived()

        for model in models:
            model.pull()
            assert model.equals(bench.controller.snapshot())
            assert set(model.tasks) == set(names)

    async def test_changes_may_be_taken_twice(self, bench: Bench) -> None:
        model = Model(bench.controller)
        since = model.seq
        bench.toggle("first")
        bench.add("third")
        bench.remove("second")
        await bench.arrived()
        model.pull()

        # As one would whose first answer was lost.
        model.apply(bench.controller.changes(since))

        assert model.equals(bench.controller.snapshot())

    async def test_what_is_removed_is_told_and_may_come_back(self, bench: Bench) -> None:
        model = Model(bench.controller)
        bench.remove("first")
        await bench.arrived()
        assert model.pull().removed == ("first",)

        since = model.seq
        bench.add("first")
        await bench.arrived()
        delta = bench.controller.changes(since)

        assert ([view.name for view in delta.tasks], delta.removed) == (["first"], ())

    async def test_a_renamed_task_is_one_task(self, bench: Bench) -> None:
        model = Model(bench.controller)

        bench.rename("first", "other")
        await bench.arrived()
        model.pull()

        assert sorted(model.tasks) == ["other", "second"]
        assert model.scheduler.tasks == 2

    async def test_one_wake_up_waits_until_the_changes_are_asked_for(self, bench: Bench) -> None:
        model, woken = Model(bench.controller), []
        bench.controller.subscribe(lambda: woken.append(1))
        for _ in range(5):
            bench.toggle("first")
            await bench.arrived()
            await asyncio.sleep(0)
        await until(lambda: woken)
        assert woken == [1]

        model.pull()
        bench.toggle("first")
        await until(lambda: len(woken) == 2)

        assert model.pull().tasks

    async def test_all_who_listen_are_woken_until_they_leave(self, bench: Bench) -> None:
        one: list[int] = []
        other: list[int] = []
        leave = bench.controller.subscribe(lambda: one.append(1))
        bench.controller.subscribe(lambda: other.append(1))
        model = Model(bench.controller)
        bench.toggle("first")
        await until(lambda: one and other)
        await bench.arrived()
        model.pull()

        leave()
        one.clear()
        other.clear()
        bench.toggle("first")
        await until(lambda: other)

        assert one == []

    @pytest.mark.parametrize("query", QUERIES, ids=repr)
    async def test_every_query_is_answered_with_what_it_is_answered_with(self, bench: Bench, query: m.Command) -> None:
        answer = await bench.controller.ask(query)

        assert isinstance(answer, ANSWERS[type(query)])
        # And it can cross a wire as it is.
        assert msgspec.json.decode(msgspec.json.encode(answer), type=ANSWERS[type(query)]) == answer

    @pytest.mark.parametrize("command", COMMANDS_TO_A_TASK)
    async def test_every_command_is_answered_with_a_reply(self, bench: Bench, command: type[Any]) -> None:
        assert isinstance(await bench.controller.send(command("first")), m.Reply)

    async def test_many_may_ask_at_once(self, bench: Bench) -> None:
        queries = [QUERIES[number % len(QUERIES)] for number in range(100)]

        answers = await asyncio.gather(*map(bench.controller.ask, queries))

        for query, answer in zip(queries, answers, strict=True):
            assert isinstance(answer, ANSWERS[type(query)])


class SchedulerContract(ControllerContract):
    """Of those controllers behind which there is a scheduler."""

    @pytest.mark.parametrize("command", [*COMMANDS_TO_A_TASK, lambda name: m.SetCondition(name, "daily")])
    async def test_a_task_that_is_not_there_is_named(self, bench: Bench, command: Callable[[str], m.Command]) -> None:
        reply = await bench.controller.send(command("frist"))

        assert not reply.ok
        assert "'frist'" in reply.message
        assert "'first'" in reply.message, "what was meant"

    async def test_a_condition_that_is_wrong_is_refused_with_its_place(self, bench: Bench) -> None:
        reply = await bench.controller.send(m.SetCondition("first", "daily betwen 07:00"))

        assert not reply.ok
        assert "column 7" in reply.message

    async def test_commands_have_their_effect(self, bench: Bench) -> None:
        model = Model(bench.controller)

        async def shows(task: Callable[[m.TaskView], Any]) -> None:
            await until(lambda: (model.pull(), task(model.tasks["first"]))[1])

        assert (await bench.controller.send(m.Disable("first"))).ok
        await shows(lambda view: view.disabled and view.state == "disabled")
        assert (await bench.controller.send(m.Enable("first"))).ok
        await shows(lambda view: not view.disabled)
        assert (await bench.controller.send(m.SetCondition("first", "weekly on Monday"))).ok
        await shows(lambda view: view.start_cond == "weekly on Monday")
        assert (await bench.controller.send(m.Run("first"))).ok
        await shows(lambda view: view.last_result == "success")
        assert not (await bench.controller.send(m.Terminate("first"))).ok
        assert (await bench.controller.send(m.Hold())).ok
        await until(lambda: (model.pull(), model.scheduler.state == "held")[1])
        assert (await bench.controller.send(m.Resume())).ok
        await until(lambda: (model.pull(), model.scheduler.state == "running")[1])

    async def test_a_run_can_be_followed_by_its_ticket(self, bench: Bench) -> None:
        assert (await bench.controller.send(m.Run("first", ticket="mine"))).ok

        async def ended() -> m.RunStatus:
            while (status := await bench.controller.ask(m.FollowRun("mine"))).state != "ended":
                assert status.state in ("waiting", "running")
                await asyncio.sleep(0.01)
            return status

        status = await asyncio.wait_for(ended(), PATIENCE)
        assert (status.task, status.action) == ("first", "success")
        assert (await bench.controller.ask(m.FollowRun("yours"))).state == "unknown"

    @pytest.mark.parametrize("name", [
        "\x1b]52;c;aGk=\x07", "two\nlines", "quote ' and \"", "\u202egnp.exe", "\udcff", "x" * 20_000, "\0", "🚂" * 500,
    ], ids=ascii)  # fmt: skip
    async def test_any_name_crosses(self, bench: Bench, name: str) -> None:
        bench.add(name)
        # Text that no encoding has is shown in another way, but it is shown.
        await until(lambda: len(bench.controller.snapshot().tasks) == 3)
        shown = next(view for view in bench.controller.snapshot().tasks if view.name not in ("first", "second"))

        if name.isprintable() or "\udcff" not in name:
            assert shown.name == name
            assert (await bench.controller.send(m.Disable(name))).ok
        assert (await bench.controller.send(m.Disable("second"))).ok
