"""Many schedulers on one screen: each has its line, all their tasks are one list, and each command reaches its own."""

from __future__ import annotations

import asyncio
import time

import pytest
from piloting import screen, until

from redengine.control import messages as m
from redengine.exc import ControlError
from redengine_tui import fleet as fleets
from redengine_tui.app import RedEngineTUI
from redengine_tui.fleet import Candidate, Connected, FleetController
from redengine_tui.screens.confirm import ConfirmScreen
from redengine_tui.screens.fleet import FleetScreen
from redengine_tui.screens.main import MainScreen

SMALL, LARGE = (80, 24), (160, 45)


class Host:
    """A scheduler that can be connected to, or cannot yet."""

    def __init__(self, label, controller, clock, problem=""):
        self.label, self.controller, self.clock, self.problem = label, controller, clock, problem
        self.tries = 0
        self.closed = False

    async def connect(self) -> Connected:
        self.tries += 1
        await asyncio.sleep(0)
        if self.problem:
            raise ControlError(self.problem)
        return Connected(self.controller, self.clock, self.close)

    async def close(self):
        self.closed = True

    @property
    def candidate(self) -> Candidate:
        return Candidate(self.label, f"ssh {self.label.partition('/')[0]}", self.connect)


@pytest.fixture
def hosts(make_controller, make_task, clock, some_tasks):
    """Two schedulers with a task of one name each, and one that is down."""
    now = clock.now
    shop = make_controller(some_tasks, next_at=now + 200, next_task="fetch-prices", failing=2, host="build7")
    etl = make_controller(
        [
            make_task("load", state="running", runs=(m.RunView("r9", now - 30),), last_run=now - 30),
            make_task("fetch-prices", state="success", next=m.NextStart("at", now + 500)),
        ],
        project="etl", host="db1", next_at=now + 500, next_task="fetch-prices",
    )  # fmt: skip
    shop.set_link(where="ssh build7", round_trip=0.042)
    etl.set_link(where="ssh db1", round_trip=0.31)
    return [
        Host("build7/shop", shop, clock),
        Host("db1/etl", etl, clock),
        Host("build9/web", make_controller([make_task("ping")]), clock, "Connection refused"),
    ]


@pytest.fixture
def make_app(clock):
    def make(hosts, **kwargs):
        fleet = FleetController([host.candidate for host in hosts], clock)
        options = {name: kwargs[name] for name in ("read_only", "slow_link") if name in kwargs}
        app = RedEngineTUI(fleet, clock=clock, base=FleetScreen(fleet, **options), **kwargs)
        app.fleet = fleet
        return app

    return make


@pytest.fixture
def app(make_app, hosts):
    return make_app(hosts)


def names(app) -> list[tuple[str, str]]:
    return [(view.scheduler, view.task) for view in app.base.tasks.roster]


def told(app) -> list[str]:
    return [note.message for note in app._notifications]


async def there(pilot, app, count=8):
    """Be connected to all that can be."""
    app.fleet.start()
    await until(pilot, lambda: len(app.base.tasks.roster) == count)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_line_for_each_and_all_tasks_below(app, size):
    async with app.run_test(size=size) as pilot:
        assert "No scheduler is connected yet" in screen(app)
        await there(pilot, app)
        await until(pilot, lambda: "Connection refused; again in " in screen(app))
        lines = screen(app).splitlines()
        shop, etl, web = (
            next(line for line in lines if label in line) for label in ("build7/shop", "db1/etl", "build9")
        )
        assert "► running" in shop
        assert "1 of 6" in shop
        assert "✗ 2" in shop
        assert "in 3m 20s" in shop
        assert "42 ms" in shop
        assert "310 ms" in etl
        assert "✗ down" in web
        assert "2 of 3 connected" in screen(app)
        assert names(app)[-2:] == [("db1/etl", "load"), ("db1/etl", "fetch-prices")]
        assert len({view.name for view in app.base.tasks.roster}) == 8
        assert "3 schedulers" in lines[0]
        assert "2 failing" in lines[0]
        assert "2 running" in lines[0]


async def test_hosts_that_are_down_cost_nothing_but_their_line(make_app, make_controller, make_task, clock):
    slow = asyncio.Event()

    class Stuck(Host):
        async def connect(self):
            await slow.wait()
            raise ControlError("too late")

    near = Host("near", make_controller([make_task("ping")]), clock)
    app = make_app([*(Stuck(f"far-{n}", None, clock) for n in range(5)), near])
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app, 1)
        assert screen(app).count("· connecting") == 5
    await app.fleet.close()
    assert near.closed


async def test_one_that_comes_up_is_there_by_itself(app, hosts, monkeypatch):
    monkeypatch.setattr(fleets, "FIRST_RETRY", 0.02)
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        await until(pilot, lambda: hosts[2].tries > 1)
        hosts[2].problem = ""
        await until(pilot, lambda: len(app.base.tasks.roster) == 9)
        assert "3 connected" in screen(app)


async def test_commands_reach_the_right_one(app, hosts):
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        shop, etl = hosts[0].controller, hosts[1].controller
        await pilot.press("G", "r")
        await until(pilot, lambda: etl.sent == [m.Run("fetch-prices")])
        assert shop.sent == []
        await until(pilot, lambda: "Started fetch-prices on db1/etl" in told(app))
        await pilot.press("g", "d")
        await until(pilot, lambda: shop.sent == [m.Disable("fetch-prices")])
        await pilot.press("G", "k", "t")
        assert isinstance(app.screen, ConfirmScreen)
        assert "Terminate load on db1/etl?" in screen(app)
        await pilot.press("t", "y")
        await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))
        assert m.Terminate("load") in etl.sent or etl.sent == [m.Run("fetch-prices")]


async def test_a_scheduler_is_held_by_its_line(app, hosts):
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        etl = hosts[1].controller
        await pilot.press("tab", "j", "h")
        await until(pilot, lambda: etl.sent == [m.Hold()])
        assert hosts[0].controller.sent == []
        etl.push(state="held")
        await until(pilot, lambda: "until resumed" in screen(app))
        await pilot.press("h")
        await until(pilot, lambda: etl.sent == [m.Hold(), m.Resume()])
        # No task is meant there.
        await pilot.press("r", "d", "t")
        await pilot.pause()
        assert etl.sent == [m.Hold(), m.Resume()]
        await pilot.press("j", "h")
        await until(
            pilot, lambda: any("build9/web is not connected (Connection refused)" in text for text in told(app))
        )


async def test_the_filter_matches_the_scheduler_too(app):
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        await pilot.press("slash", *"db1")
        await until(pilot, lambda: names(app) == [("db1/etl", "load"), ("db1/etl", "fetch-prices")])
        await pilot.press("escape")
        await until(pilot, lambda: len(names(app)) == 8)
        await pilot.press("slash", *"fetch", "enter")
        await until(pilot, lambda: len(names(app)) == 4)
        await pilot.press("escape", "tab", "j", "slash")
        await until(pilot, lambda: {label for label, _ in names(app)} == {"db1/etl"})


async def test_sorted_by_scheduler_and_by_name(app):
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        app.base.tasks._sort("name", falling=False)
        assert [name for _, name in names(app)] == sorted(name for _, name in names(app))
        app.base.tasks._sort("scheduler", falling=True)
        assert names(app)[0][0] == "db1/etl"


async def test_changes_arrive_one_by_one(app, hosts):
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        shop, etl = hosts[0].controller, hosts[1].controller
        before = app.fleet.changes(0).seq
        etl.change("fetch-prices", state="fail")
        delta = app.fleet.changes(before)
        assert [(view.scheduler, view.task, view.state) for view in delta.tasks] == [
            ("db1/etl", "fetch-prices", "fail")
        ]
        await until(
            pilot, lambda: any(view.state == "fail" and view.scheduler == "db1/etl" for view in app.base.tasks.roster)
        )
        pulls = shop.pulls
        etl.push(removed=["load"])
        await until(pilot, lambda: ("db1/etl", "load") not in names(app))
        assert shop.pulls == pulls


async def test_enter_opens_its_screen_on_the_task_and_escape_comes_back(app, hosts):
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        await pilot.press("G", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert app.screen is app.main
        assert app.main.controller is hosts[1].controller
        assert app.main.tasks.current.name == "fetch-prices"
        await until(pilot, lambda: "ssh db1" in screen(app))
        await pilot.press("e", "x")
        await pilot.press("tab")
        await until(pilot, lambda: app.main.condition.modified)
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, FleetScreen))
        assert names(app)[app.base.tasks.table.cursor] == ("db1/etl", "fetch-prices")
        # What was typed there waits there.
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen) and app.main.condition.modified)


async def test_a_scheduler_opens_from_its_line_and_one_that_is_down_says_why(app, hosts):
    async with app.run_test(size=SMALL) as pilot:
        await there(pilot, app)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert app.main.controller is hosts[0].controller
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, FleetScreen))
        await pilot.press("G", "enter")
        await until(pilot, lambda: "build9/web is not connected: Connection refused" in told(app))
        assert isinstance(app.screen, FleetScreen)


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_q_leaves_and_stops_nothing(app, hosts, key):
    async with app.run_test(size=SMALL) as pilot:
        await there(pilot, app)
        await pilot.press(key)
        await pilot.pause(0.1)
        assert not app.is_running
    assert hosts[0].controller.sent == hosts[1].controller.sent == []


async def test_what_is_not_heard_from_stands_still(app, hosts, clock):
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        table = app.base.tasks.table
        view = next(view for view in app.base.tasks.roster if view.task == "load")
        assert not table.is_stale(view)
        hosts[1].controller.set_link("connected", where="ssh db1", silent_for=7.0)
        clock.advance(7)
        app.base._tick()
        await until(pilot, lambda: "! no answer for 7 s" in screen(app))
        assert table.is_stale(view)
        assert "! 2 not heard from" in screen(app).splitlines()[0]
        row = next(line for line in screen(app).splitlines() if " load " in line)
        assert "30s" in row
        hosts[1].controller.set_link("lost", where="ssh db1", problem="Broken pipe", retry_in=2.0, silent_for=12.0)
        await until(pilot, lambda: "✗ lost" in screen(app))
        assert "Broken pipe; again in 2 s" in screen(app)
        assert "load" in screen(app)
        hosts[1].controller.set_link("ended", where="ssh db1", silent_for=20.0)
        await until(pilot, lambda: "watched for its next start" in screen(app))


async def test_view_only_is_offered_nothing(make_app, hosts):
    app = make_app(hosts, read_only=True)
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        assert "view-only" in screen(app)
        await pilot.press("r", "d", "t", "h", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await pilot.press("r", "d", "h")
        await pilot.pause()
        assert hosts[0].controller.sent == []


async def test_of_who_may_only_look_nothing_is_asked(app, hosts):
    hosts[1].controller.set_link(where="ssh db1", role="read")
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        assert app.base.check_action("run_task", ())
        await pilot.press("G")
        assert app.base.check_action("run_task", ()) is None


async def test_labels_are_told_apart_and_safe(make_app, make_controller, make_task, clock):
    hosts = [Host(label, make_controller([make_task("a")]), clock) for label in ("x/y", "x/y", "e\x1b[31m\tvil")]
    app = make_app(hosts)
    assert [member.label for member in app.fleet.members][:2] == ["x/y", "x/y (2)"]
    assert len({member.key("a") for member in app.fleet.members}) == 3
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app, 3)
        assert "\x1b" not in screen(app)


async def test_a_palette_offers_what_works_here(app):
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        titles = [entry.title for entry in app.palette_entries()]
        assert "Open the scheduler's own screen" in titles
        assert "Run the task now" in titles
        assert "Edit the condition" not in titles
        await pilot.press("question_mark")
        await until(pilot, lambda: "Help" in screen(app))


async def test_a_slow_link_is_spared(make_app, hosts):
    app = make_app(hosts, slow_link=True)
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        await until(pilot, lambda: hosts[0].controller.pace == 0.5)
        assert "14:08:20" in screen(app)


async def test_the_one_at_the_end_of_a_slow_link_is_spared(app, hosts):
    hosts[1].controller.set_link(where="ssh db1", slow=True)
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        assert (hosts[0].controller.pace, hosts[1].controller.pace) == (None, 0.5)
        hosts[1].controller.set_link(where="ssh db1")
        await until(pilot, lambda: hosts[1].controller.pace == 0.0)


async def test_twenty_schedulers_with_ten_thousand_tasks(make_app, make_controller, make_task, clock):
    hosts = [
        Host(f"host{n:02}/jobs", make_controller([make_task(f"task-{k:03}", order=k + 1) for k in range(500)]), clock)
        for n in range(20)
    ]
    app = make_app(hosts)
    async with app.run_test(size=LARGE) as pilot:
        began = time.monotonic()
        await there(pilot, app, 10_000)
        took = time.monotonic() - began
        hosts[7].controller.change("task-007", state="running")
        began = time.process_time()
        app.fleet.changes(app.fleet.snapshot().seq)
        await pilot.pause()
        assert time.process_time() - began < 0.5
        assert took < 6, f"{took:.1f} s"


async def test_a_scheduler_that_is_stopped_from_its_screen_leads_back(app, hosts):
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        # From here it is not said which one would be meant.
        await pilot.press("Q")
        await pilot.pause()
        assert isinstance(app.screen, FleetScreen)
        await pilot.press("G", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await pilot.press("Q")
        await until(pilot, lambda: "Stop the scheduler of etl?" in screen(app))
        await pilot.press("w")
        etl = hosts[1].controller
        await until(pilot, lambda: etl.sent == [m.ShutDown(force=False)])
        etl.push(state="stopped")
        await until(pilot, lambda: isinstance(app.screen, FleetScreen))
        assert hosts[0].controller.sent == []


async def test_what_was_typed_on_any_of_them_is_asked_about(app):
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)
        await pilot.press("G", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await pilot.press("e", "x", "tab", "escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, FleetScreen))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Typed and not applied, for fetch-prices on db1/etl" in screen(app)
        await pilot.press("l")
        await pilot.pause(0.1)
        assert not app.is_running


async def test_of_one_that_has_stopped_nothing_is_said_to_start(app, hosts):
    async with app.run_test(size=LARGE) as pilot:
        await there(pilot, app)

        def row() -> str:
            return next(line for line in screen(app).splitlines() if "db1/etl      fetch-prices" in line)

        assert "in 8m 20s" in row()
        hosts[1].controller.push(state="stopped")
        await until(pilot, lambda: "in 8m 20s" not in row())


async def test_a_long_reason_gives_way_to_what_comes_next(app, hosts):
    hosts[2].problem = "kex_exchange_identification: Connection closed by remote host " * 3
    async with app.run_test(size=SMALL) as pilot:
        await there(pilot, app)
        await until(pilot, lambda: "…; again in " in screen(app))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_how_it_looks(snap_compare, make_app, hosts, size):
    class Stuck(Host):
        async def connect(self):
            await asyncio.Event().wait()

    async def connect(pilot):
        await there(pilot, app, 9)
        shop, etl, web = (host.controller for host in hosts)
        shop.push(state="held")
        etl.push(failing=1)
        web.set_link("lost", where="ssh build9", problem="Connection refused", retry_in=8.0, silent_for=12.0)
        app.base._tick()
        await pilot.press("j")
        await pilot.pause(0.2)
        await until(pilot, lambda: "3 failing" in screen(app) and "again in 8 s" in screen(app))

    hosts[2].problem = ""
    app = make_app([*hosts, Stuck("mail1/bounces", None, hosts[0].clock)])
    assert snap_compare(app, terminal_size=size, run_before=connect)
