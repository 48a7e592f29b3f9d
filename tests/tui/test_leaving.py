"""The way out: who leaves leaves the scheduler running, and nothing that runs or was typed is lost unasked."""

from __future__ import annotations

import msgspec
import pytest
from textual.widgets import Input, TextArea

from redengine.control import messages as m
from redengine_tui.app import RedEngineTUI
from redengine_tui.leaving import LEFT, STOPPED, goes_on
from redengine_tui.screens.confirm import ConfirmScreen
from redengine_tui.settings import Settings


@pytest.fixture
def app(controller, clock):
    return RedEngineTUI(controller, clock=clock)


@pytest.fixture
def quiet(controller):
    """Nothing runs."""
    controller.change("build-report", runs=(), state="success")
    return controller


async def frames(pilot):
    await pilot.pause(0.1)
    await pilot.pause()


@pytest.fixture
def ending(controller, clock):
    """A program whose scheduler is to end with its screen."""
    return RedEngineTUI(controller, clock=clock, stops_on_quit=True)


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
@pytest.mark.parametrize("state", ["running", "held", "starting", "draining", "stopping"])
async def test_to_leave_leaves_the_scheduler_to_itself(app, controller, key, state):
    controller.push(state=state)
    async with app.run_test() as pilot:
        await pilot.press(key)
        await frames(pilot)
        assert not app.is_running
        assert controller.sent == []
        assert app.return_value == LEFT


@pytest.mark.parametrize("state", ["stopped", "failed"])
@pytest.mark.parametrize("key", ["q", "Q"])
async def test_a_scheduler_that_has_ended_is_not_left_to_itself(app, controller, state, key):
    async with app.run_test() as pilot:
        controller.push(state=state, problem="boom" if state == "failed" else "")
        await frames(pilot)
        assert app.is_running
        await pilot.press(key)
        await frames(pilot)
        assert not app.is_running
        assert controller.sent == []
        assert app.return_value == STOPPED


@pytest.mark.parametrize("keys", ["/x", "ex", "l/x", "lsx", "l\x07x", "\x10x"], ids=repr)
async def test_to_cancel_what_is_typed_is_not_to_leave(app, controller, keys):
    async with app.run_test() as pilot:
        await pilot.pause()
        for key in keys:
            await pilot.press({"/": "slash", "\x07": "ctrl+g", "\x10": "ctrl+p"}.get(key, key))
        await frames(pilot)
        typed = app.focused
        assert isinstance(typed, (Input, TextArea))
        await pilot.press("ctrl+c")
        await frames(pilot)
        assert app.focused is not typed
        assert app.is_running
        await pilot.press("ctrl+c")
        await frames(pilot)
        assert not app.is_running


@pytest.mark.parametrize(("key", "leaves"), [("l", True), ("s", False), ("escape", False), ("enter", False)])
async def test_what_was_typed_and_not_applied_is_asked_about(app, controller, key, leaves):
    async with app.run_test() as pilot:
        await pilot.press("e", "x")
        await frames(pilot)
        assert list(app.main.condition.drafts) == ["fetch-prices"]
        await app.run_action("quit")
        await frames(pilot)
        assert isinstance(app.screen, ConfirmScreen)
        assert "for fetch-prices: lost" in app.screen.detail
        await pilot.press(key)
        await frames(pilot)
        assert app.is_running is not leaves
        assert controller.sent == []


async def test_who_stops_the_scheduler_hears_of_what_was_typed_too(app):
    async with app.run_test() as pilot:
        await pilot.press("e", "x")
        await frames(pilot)
        await app.run_action("stop")
        await frames(pilot)
        assert "Typed and not applied, for fetch-prices" in app.screen.detail


async def test_what_was_typed_is_not_lost_where_all_ends_without_a_question(ending, quiet):
    async with ending.run_test() as pilot:
        await pilot.press("e", "x")
        await frames(pilot)
        await ending.run_action("quit")
        await frames(pilot)
        assert "Typed and not applied, for fetch-prices" in ending.screen.detail
        assert quiet.sent == []


async def test_to_stop_asks_even_if_nothing_runs(app, quiet):
    async with app.run_test() as pilot:
        await pilot.press("Q")
        assert app.screen.question == "Stop the scheduler of shop?"
        assert app.screen.detail == "Nothing runs.\nNext would be fetch-prices: in 3m 20s."
        await pilot.press("y")
        await frames(pilot)
        assert quiet.sent == [m.ShutDown(force=False)]
        quiet.push(state="stopping")
        await frames(pilot)
        assert app.is_running
        quiet.push(state="stopped")
        await frames(pilot)
        assert not app.is_running
        assert app.return_value == STOPPED


@pytest.mark.parametrize(("key", "sent"), [("w", [m.ShutDown(False)]), ("t", [m.ShutDown(True)]), ("n", [])])
async def test_to_stop_names_what_runs(app, controller, key, sent):
    async with app.run_test() as pilot:
        await pilot.press("Q")
        assert isinstance(app.screen, ConfirmScreen)
        assert "Running: build-report (for 1m 10s)." in app.screen.detail
        await pilot.press(key)
        await frames(pilot)
        assert controller.sent == sent
        assert app.is_running


async def test_of_many_that_run_some_are_named(app, controller, make_task, clock):
    names = ["a", "b\x1b[31m", "c", "d", "e"]
    controller.push(*(make_task(name, state="running", runs=(m.RunView(name, clock() - 0.2),)) for name in names))
    async with app.run_test() as pilot:
        await pilot.press("Q")
        assert "build-report (for 1m 10s), a (for 1s), b␛[31m (for 1s) and 3 more." in app.screen.detail


@pytest.mark.parametrize("key", ["enter", "escape", "ctrl+c", "ctrl+q"])
async def test_to_stay_is_the_default(app, controller, key):
    async with app.run_test() as pilot:
        await pilot.press("Q", key)
        await frames(pilot)
        assert controller.sent == []
        assert app.is_running
        assert not isinstance(app.screen, ConfirmScreen)


async def test_to_wait_can_be_taken_back(app, controller):
    controller.replies[m.KeepRunning] = m.Reply(True, "It goes on")
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("Q", "w")
        controller.push(state="draining")
        await frames(pilot)
        assert any("Stops once a task has ended; Q takes" in note.message for note in app._notifications)
        await pilot.press("Q")
        assert app.screen.question == "Still waiting for a task."
        assert [choice.label for choice in app.screen.choices] == ["Terminate now", "Keep running", "Go on waiting"]
        await pilot.press("escape")
        await frames(pilot)
        assert controller.sent == [m.ShutDown(False)]
        await pilot.press("Q", "k")
        await frames(pilot)
        assert controller.sent == [m.ShutDown(False), m.KeepRunning()]
        controller.push(state="running")
        await frames(pilot)
        # What happens to it later is no concern of who took it back.
        controller.push(state="stopped")
        await frames(pilot)
        assert app.is_running


async def test_whose_waiting_was_begun_elsewhere_is_not_thrown_out(app, controller):
    async with app.run_test() as pilot:
        controller.push(state="draining")
        await frames(pilot)
        await pilot.press("Q", "w")
        await frames(pilot)
        assert controller.sent == []
        controller.push(state="stopped")
        await frames(pilot)
        assert app.is_running


async def test_a_second_stop_terminates_and_a_third_leaves(app, controller):
    async with app.run_test() as pilot:
        await pilot.press("Q", "w")
        controller.push(state="stopping")
        await frames(pilot)
        await pilot.press("Q")
        assert "Still waiting" in app.screen.question
        # It stops for good: that is not taken back any more.
        assert "k" not in [choice.key for choice in app.screen.choices]
        await pilot.press("t")
        await frames(pilot)
        assert controller.sent == [m.ShutDown(False), m.ShutDown(True)]
        await pilot.press("Q")
        assert "not stopped yet" in app.screen.question
        await pilot.press("l")
        await frames(pilot)
        assert not app.is_running


async def test_a_refused_shutdown_leaves_everything_as_it_was(app, quiet):
    quiet.replies[m.ShutDown] = m.Reply(False, "not yours")
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("Q", "y")
        await frames(pilot)
        quiet.push(state="stopped")
        await frames(pilot)
        assert app.is_running
        assert any("not yours" in note.message for note in app._notifications)


async def test_on_a_view_only_screen_the_scheduler_cannot_be_stopped(controller, clock):
    app = RedEngineTUI(controller, clock=clock, read_only=True, stops_on_quit=True)
    async with app.run_test() as pilot:
        await pilot.press("Q")
        await frames(pilot)
        assert app.is_running
        assert not isinstance(app.screen, ConfirmScreen)
        await pilot.press("q")
        await frames(pilot)
        assert not app.is_running
        assert controller.sent == []


@pytest.mark.parametrize("key", ["q", "Q", "ctrl+c"])
async def test_a_scheduler_that_ends_with_its_screen_is_asked_about_while_it_runs_something(ending, controller, key):
    async with ending.run_test() as pilot:
        await pilot.press(key)
        await frames(pilot)
        assert ending.screen.question == "Stop the scheduler of shop?"
        await pilot.press("t")
        await frames(pilot)
        assert controller.sent == [m.ShutDown(True)]
        controller.push(state="stopped")
        await frames(pilot)
        assert not ending.is_running
        assert ending.return_value == STOPPED


@pytest.mark.parametrize("key", ["q", "Q"])
async def test_a_scheduler_that_ends_with_its_screen_and_runs_nothing_stops_at_once(ending, quiet, key):
    async with ending.run_test() as pilot:
        await pilot.press(key)
        await frames(pilot)
        assert quiet.sent == [m.ShutDown(False)]
        quiet.push(state="stopped")
        await frames(pilot)
        assert not ending.is_running


async def test_the_question_can_be_answered_in_a_small_window(app, controller):
    async with app.run_test(size=(20, 10)) as pilot:
        await pilot.press("Q")
        await frames(pilot)
        assert all(label.region.bottom <= 10 and label.region.right <= 20 for label in app.screen.query("ChoiceLabel"))
        await pilot.press("w")
        await frames(pilot)
        assert controller.sent == [m.ShutDown(False)]


@pytest.mark.parametrize(("spec", "typed"), [("project.py", "project.py"), ("my jobs.py:a", "'my jobs.py:a'")])
def test_what_is_said_of_a_scheduler_that_goes_on(spec, typed):
    text = goes_on(spec, 4711)
    assert text.startswith(f"The scheduler of {spec} goes on (process 4711).")
    assert f"redengine-tui attach {typed}" in text
    assert f"redengine-tui stop {typed}" in text
    assert "process" not in goes_on(spec, None)
    assert f"redengine-tui stop {typed} --data-dir /srv/data" in goes_on(spec, None, ("--data-dir", "/srv/data"))


def test_that_is_said_to_who_leaves_for_the_first_time(tmp_path):
    settings = Settings(chosen=tmp_path / "state" / "screen.toml")
    assert settings.first_time_left()
    assert not settings.first_time_left()
    (tmp_path / "file").touch()
    nowhere = Settings(chosen=tmp_path / "file" / "screen.toml")
    assert nowhere.first_time_left()
    assert nowhere.first_time_left()


async def shown_question(pilot, app):
    await frames(pilot)
    return app.screen if isinstance(app.screen, ConfirmScreen) else None


@pytest.mark.parametrize(
    ("became", "said"),
    [
        ({"state": "running"}, "somebody has kept it running"),
        ({"state": "stopped"}, "the scheduler has stopped"),
        ({"state": "draining", "pid": 9999}, "the scheduler was started anew"),
    ],
)
async def test_a_question_goes_with_its_reason(app, controller, became, said):
    controller.push(state="draining")
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("Q")
        assert await shown_question(pilot, app) is not None
        controller.push(**became)
        assert await shown_question(pilot, app) is None
        assert any(said in notice.message for notice in app._notifications)
        await pilot.press("t")
        await frames(pilot)
        assert not any(isinstance(command, m.ShutDown) for command in controller.sent)


async def test_an_answer_before_the_screen_knows_goes_to_nobody_else(app, controller):
    controller.push(state="draining")
    async with app.run_test() as pilot:
        await pilot.press("Q")
        assert await shown_question(pilot, app) is not None
        # The news is there, and not shown yet.
        controller.scheduler = msgspec.structs.replace(controller.scheduler, pid=9999, state="running")
        await pilot.press("t")
        await frames(pilot)
        assert controller.sent == []


async def test_a_run_that_has_ended_is_not_terminated_in_place_of_the_next(app, controller):
    async with app.run_test() as pilot:
        await pilot.press("j", "t")
        assert await shown_question(pilot, app) is not None
        controller.change("build-report", runs=(m.RunView("r2", 0.0),))
        await frames(pilot)
        await pilot.press("y")
        await frames(pilot)
        assert controller.sent == []
