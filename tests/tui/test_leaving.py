"""The way out: nothing that runs is lost without a question, and the screen ends when the scheduler has."""

from __future__ import annotations

import pytest
from textual.widgets import Input, TextArea

from redengine.control import messages as m
from redengine_tui.app import RedEngineTUI
from redengine_tui.screens.confirm import ConfirmScreen


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


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_with_nothing_running_it_stops_the_scheduler_and_ends(app, quiet, key):
    async with app.run_test() as pilot:
        await pilot.press(key)
        await frames(pilot)
        assert quiet.sent == [m.ShutDown(force=False)]
        assert app.is_running
        quiet.push(state="stopping")
        await frames(pilot)
        assert app.is_running
        quiet.push(state="stopped")
        await frames(pilot)
        assert not app.is_running


@pytest.mark.parametrize("keys", ["/x", "ex", "l/x", "lsx", "l\x07x", "\x10x"], ids=repr)
async def test_to_cancel_what_is_typed_is_not_to_leave(app, quiet, keys):
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
        assert quiet.sent == []
        await pilot.press("ctrl+c")
        await frames(pilot)
        assert quiet.sent == [m.ShutDown(force=False)]


@pytest.mark.parametrize(("key", "sent"), [("w", [m.ShutDown(False)]), ("t", [m.ShutDown(True)]), ("s", [])])
async def test_with_tasks_running_it_asks(app, controller, key, sent):
    async with app.run_test() as pilot:
        await pilot.press("q")
        assert isinstance(app.screen, ConfirmScreen)
        assert "a task runs" in app.screen.question
        await pilot.press(key)
        await frames(pilot)
        assert controller.sent == sent
        assert app.is_running


@pytest.mark.parametrize("key", ["enter", "escape", "ctrl+c", "ctrl+q"])
async def test_to_stay_is_the_default(app, controller, key):
    async with app.run_test() as pilot:
        await pilot.press("q", key)
        await frames(pilot)
        assert controller.sent == []
        assert not isinstance(app.screen, ConfirmScreen)


async def test_a_second_quit_offers_force_and_a_third_to_leave(app, controller):
    async with app.run_test() as pilot:
        await pilot.press("q", "w")
        controller.push(state="stopping")
        await frames(pilot)
        await pilot.press("q")
        assert "Still waiting" in app.screen.question
        await pilot.press("t")
        await frames(pilot)
        assert controller.sent == [m.ShutDown(False), m.ShutDown(True)]
        await pilot.press("q")
        assert "not stopped yet" in app.screen.question
        await pilot.press("l")
        await frames(pilot)
        assert not app.is_running


async def test_a_refused_shutdown_leaves_everything_as_it_was(app, quiet):
    quiet.replies[m.ShutDown] = m.Reply(False, "not yours")
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("q")
        await frames(pilot)
        quiet.push(state="stopped")
        await frames(pilot)
        assert app.is_running
        assert any("not yours" in note.message for note in app._notifications)
        await pilot.press("q")
        await frames(pilot)
        assert not app.is_running


async def test_a_scheduler_that_ended_by_itself_leaves_the_screen_open(app, controller):
    async with app.run_test() as pilot:
        controller.push(state="failed", problem="boom")
        await frames(pilot)
        assert app.is_running
        await pilot.press("q")
        await frames(pilot)
        assert controller.sent == []
        assert not app.is_running


async def test_the_question_can_be_answered_in_a_small_window(app, controller):
    async with app.run_test(size=(20, 10)) as pilot:
        await pilot.press("q")
        await frames(pilot)
        assert all(label.region.bottom <= 10 and label.region.right <= 20 for label in app.screen.query("ChoiceLabel"))
        await pilot.press("w")
        await frames(pilot)
        assert controller.sent == [m.ShutDown(False)]
