"""The main screen: what it shows, what it sends, and how it takes in what changes."""

from __future__ import annotations

import msgspec
import pytest
from piloting import screen, until

from redengine.control import messages as m
from redengine_tui.app import RedEngineTUI
from redengine_tui.panes.tasks import TasksPane
from redengine_tui.screens.confirm import ConfirmScreen
from redengine_tui.screens.help import HelpScreen
from redengine_tui.screens.main import FRAMES
from redengine_tui.screens.task import TaskScreen
from redengine_tui.settings import Settings
from redengine_tui.widgets.header import Header
from redengine_tui.widgets.keybar import KeyBar
from redengine_tui.widgets.tabs import PaneTabs


@pytest.fixture
def make_app(clock):
    def make(controller, **kwargs):
        return RedEngineTUI(controller, clock=clock, **kwargs)

    return make


@pytest.fixture
def app(controller, make_app):
    return make_app(controller)


def rows(app) -> list[str]:
    """The lines of the task list, as they are drawn."""
    table = app.main.tasks.table
    return [table.render_line(y).text.strip() for y in range(table.row_space)]


def names(app) -> list[str]:
    return [view.name for view in app.main.tasks.roster]


def header(app) -> str:
    return app.main.query_one(Header).render().plain


def told(app) -> list[tuple[str, str]]:
    return [(note.severity, note.message) for note in app._notifications]


async def settle(pilot, app):
    """Let a pull that waits for its frame happen."""
    await pilot.pause(1.5 / FRAMES)
    await app.workers.wait_for_complete()
    await pilot.pause()


async def test_rows_show_state_times_and_next_start(app):
    async with app.run_test(size=(160, 45)):
        shown = rows(app)
        assert shown[0].split("  ")[0] == "✓ success"
        assert "fetch-prices" in shown[0]
        assert "in 3m 20s" in shown[0]
        assert "13:58:20" in shown[0]
        assert "12s" in shown[0]
        assert "► running" in shown[1]
        assert "1m 10s" in shown[1]
        assert "after fetch-prices" in shown[1]
        assert "Wed 07:05" in shown[2]
        assert "never" in shown[3]
        assert "when the warehouse opens" in shown[4]


async def test_the_header_says_how_far_the_log_is_read(app):
    app.controller.scheduler = msgspec.structs.replace(app.controller.scheduler, state="starting", reading="43%")
    async with app.run_test(size=(80, 24)):
        assert "starting   reading the log: 43%  " in header(app)


async def test_a_long_name_of_the_next_task_leaves_room_for_when_that_is(app):
    app.controller.scheduler = msgspec.structs.replace(app.controller.scheduler, next_task="x" * 40)
    async with app.run_test(size=(80, 24)):
        assert "next in 3m 20s xxxxxxxxxxx… " in header(app)


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (120, 20)])
async def test_every_pane_is_reached_by_key_and_by_tab(app, size):
    async with app.run_test(size=size) as pilot:
        for key, name in (("e", "condition"), ("escape", "tasks"), ("p", "parameters"), ("l", "log")):
            await pilot.press(key)
            await pilot.pause()
            assert app.main.pane == name
            assert app.main.panes[name].display
            assert app.main.panes[name] in app.focused.ancestors
            if name == "condition":
                await pilot.press("escape")
        await pilot.press("escape")
        seen = []
        for _ in app.main.panes:
            seen.append(app.main.pane)
            await pilot.press("tab")
        assert seen == ["tasks", "condition", "parameters", "log"]
        await pilot.press("shift+tab")
        assert app.main.pane == "log"


async def test_all_panes_at_once_where_there_is_room(app):
    async with app.run_test(size=(160, 45)) as pilot:
        assert all(pane.display and pane.size.height > 5 for pane in app.main.panes.values())
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert [name for name, pane in app.main.panes.items() if pane.display] == ["tasks"]
        await pilot.resize_terminal(80, 40)
        await pilot.pause()
        assert [name for name, pane in app.main.panes.items() if pane.display] == ["tasks", "condition"]


@pytest.mark.parametrize("size", [(20, 10), (1, 1)])
async def test_a_terminal_too_small_says_what_it_needs(app, size):
    async with app.run_test(size=size) as pilot:
        await pilot.press("j", "l", "question_mark", "escape", "t")
        await pilot.pause()
        assert app.main.has_class("-small")
        assert "40×12 is needed" in app.main.query_one("#small").render().plain
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert not app.main.has_class("-small")
        assert any(pane.display for pane in app.main.panes.values())


async def test_run_disable_enable(app, controller):
    async with app.run_test() as pilot:
        await pilot.press("r", "d")
        controller.change("fetch-prices", disabled=True, state="disabled")
        await settle(pilot, app)
        await pilot.press("d")
        await settle(pilot, app)
        assert controller.sent == [m.Run("fetch-prices"), m.Disable("fetch-prices"), m.Enable("fetch-prices")]


async def test_terminate_asks_and_its_default_is_harmless(app, controller):
    async with app.run_test() as pilot:
        await pilot.press("j", "t")
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("enter")
        await pilot.press("t", "escape")
        await pilot.press("t", "n")
        assert controller.sent == []
        await pilot.press("t", "y")
        await settle(pilot, app)
        assert controller.sent == [m.Terminate("build-report")]
        await pilot.press("t", "left", "enter")
        await settle(pilot, app)
        assert controller.sent == [m.Terminate("build-report")] * 2


async def test_terminating_says_what_else_it_takes_back(app, controller):
    async with app.run_test() as pilot:
        controller.change("build-report", asked=2)
        await settle(pilot, app)
        await pilot.press("j", "t")
        assert "and 2 more that were asked for. The work under way is lost." in app.screen.detail
        await pilot.press("escape", "k")
        # What has not begun is taken back without a question.
        controller.change("fetch-prices", asked=1)
        await settle(pilot, app)
        await pilot.press("t")
        await settle(pilot, app)
        assert controller.sent == [m.Terminate("fetch-prices")]


async def test_terminating_what_does_not_run_is_said_not_asked(app, controller):
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("t")
        await pilot.pause()
        assert not isinstance(app.screen, ConfirmScreen)
        assert ("warning", "fetch-prices is not running") in told(app)


async def test_hold_and_resume(app, controller):
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.press("h")
        controller.push(state="held")
        await settle(pilot, app)
        assert "‖ held" in header(app)
        assert "nothing starts by itself until resumed" in header(app)
        await pilot.press("h")
        await settle(pilot, app)
        assert controller.sent == [m.Hold(), m.Resume()]


async def test_a_scheduler_that_waits_to_stop_says_so(app, controller):
    async with app.run_test(size=(100, 24)) as pilot:
        controller.push(state="draining")
        await settle(pilot, app)
        assert "▿ draining" in header(app)
        assert "nothing starts; stops once nothing runs" in header(app)


async def test_replies_are_shown(app, controller):
    controller.replies[m.Run] = m.Reply(False, "no free process [red]\x1b[31m")
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("r", "d")
        await settle(pilot, app)
        assert ("warning", "no free process [red]␛[31m") in told(app)
        assert ("information", "Disabled fetch-prices") in told(app)


async def test_a_view_only_screen_sends_nothing(controller, make_app):
    app = make_app(controller, read_only=True)
    async with app.run_test() as pilot:
        await pilot.press("r", "d", "j", "t", "h")
        await settle(pilot, app)
        assert not isinstance(app.screen, ConfirmScreen)
        assert not any(entry.title == "Run the task now" for entry in app.palette_entries())
        assert not (await app.controller.send(m.SetCondition("vacuum", "daily"))).ok
        assert not (await app.controller.ask(m.EvaluateParameter("vacuum", "x"))).ok
        assert (await app.controller.ask(m.CheckCondition("vacuum", "daily"))).ok
        await pilot.press("q")
        await pilot.pause()
        assert controller.sent == []
        assert not app.is_running


async def test_the_header_tells_the_scheduler(app, controller, clock):
    async with app.run_test(size=(120, 35)) as pilot:
        shown = " ".join(header(app).split())
        assert shown == "shop ► running 1 running / 6 tasks next in 3m 20s fetch-prices atlas 14:05:00"
        clock.advance(20)
        assert "next in 3m 00s" in header(app)
        controller.push(state="failed", problem="disk \x1b[5mfull")
        await settle(pilot, app)
        assert "✗ failed" in header(app)
        assert "disk ␛[5mfull" in header(app)


async def test_the_header_says_that_the_log_cannot_be_written_until_it_can(app, controller):
    async with app.run_test(size=(100, 24)) as pilot:
        controller.push(log_problem="No space left on device")
        await settle(pilot, app)
        lost = "! the log cannot be written: No space left on device; nothing is started"
        assert header(app) == f"shop   {lost}"
        controller.push(state="stopping")
        await settle(pilot, app)
        assert header(app).startswith("shop   ▪ stopping   ! the log cannot be written")
        controller.push(state="running", log_problem="")
        await settle(pilot, app)
        assert "shop   ► running   1 running" in header(app)


async def test_the_header_fits_its_line(app):
    async with app.run_test(size=(160, 24)) as pilot:
        for width in (100, 80, 60, 40):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            assert len(header(app)) <= width - 2
            assert "shop   ► running" in header(app)


async def test_why_the_scheduler_failed_finds_room(app, controller):
    async with app.run_test(size=(60, 24)) as pilot:
        controller.push(state="failed", problem="OSError: no space left on the device " * 5)
        await settle(pilot, app)
        assert "✗ failed   OSError: no space left on" in header(app)
        assert header(app).endswith("…")
        assert len(header(app)) <= 58


async def test_help_shows_every_key_and_sign(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        page = "\n".join(section.render().plain for section in app.screen.query("Section"))
        assert "Run the task once" in page
        assert "† crash" in page
        assert app.screen.query_one("#page").max_scroll_y > 0
        await pilot.press("end")
        assert app.screen.query_one("#page").scroll_y > 0
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)


async def test_keys_are_the_operators(controller, make_app):
    app = make_app(controller, settings=Settings(keys={"task.run": "f5", "pane.log": "f6"}))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("r", "f5")
        await settle(pilot, app)
        assert controller.sent == [m.Run("fetch-prices")]
        footer = {key.description: key.key_display for key in app.main.query("FooterKey")}
        assert footer["Run"] == "f5"
        await pilot.press("f6")
        assert app.main.pane == "log"


@pytest.mark.parametrize("pane", ["tasks", "log", "condition"])
async def test_the_footer_fits_and_keeps_the_way_out(app, pane):
    async with app.run_test(size=(120, 24)) as pilot:
        for width in (40, 60, 80):
            await pilot.resize_terminal(width, 24)
            app.main.panes[pane].take_focus()
            await pilot.pause()
            keys = list(app.main.query_one(KeyBar).query("FooterKey"))
            assert all(key.region.right <= width for key in keys)
            assert {"Help", "Leave"} <= {key.description for key in keys}


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_the_footer_names_the_way_back_to_the_task_list(app, size):
    def back():
        return [key.description for key in app.main.query_one(KeyBar).query("FooterKey") if key.key == "escape"]

    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert back() == []
        for key, named in (("p", "Tasks"), ("l", "Tasks"), ("e", "Put back"), ("escape", "Tasks")):
            await pilot.press(key)
            await until(pilot, lambda named=named: back() == [named])
        assert app.main.pane == "condition"
        await pilot.press("escape")
        await until(pilot, lambda: back() == [])
        assert app.main.pane == "tasks"


async def test_a_key_that_does_nothing_to_a_condition_says_which_do(app, controller):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e", "escape", "ctrl+z")
        await until(pilot, lambda: "e edits the condition, esc goes back to the task list" in screen(app))
        await pilot.press("enter", *" & ")
        await until(pilot, lambda: "● modified" in screen(app))
        assert "goes back to the task list" not in screen(app)
        await pilot.press("escape", "s", "escape", "escape")
        assert app.main.pane == "tasks"
        assert controller.sent == []


async def test_details_of_a_task(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, TaskScreen)
        page = "\n".join(section.render().plain for section in app.screen.query("Section"))
        assert "every 10 min" in page
        assert "2026-11-24 14:08:20 (in 3m 20s)" in page
        await pilot.press("q")
        assert not isinstance(app.screen, TaskScreen)


async def test_details_of_a_running_task_tell_its_runs_apart(app, controller):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "enter")
        await pilot.pause()
        page = "\n".join(section.render().plain for section in app.screen.query("Section"))
        assert "since 2026-11-24 14:03:45, for 1m 10s" in page
        before = page[page.index("Run before") : page.index("Conditions")]
        assert "Ended" in before
        assert "14:03:45" not in before
        await pilot.press("escape")
        controller.change("build-report", last_finish=None, last_result=None, duration=None)
        await settle(pilot, app)
        await pilot.press("enter")
        await pilot.pause()
        assert "Run before" not in [section.title for section in app.screen.query("Section")]


async def test_wakes_are_coalesced_into_frames(app, controller):
    async with app.run_test() as pilot:
        await settle(pilot, app)
        before = controller.pulls
        for number in range(50):
            controller.change("fetch-prices", duration=float(number))
        await settle(pilot, app)
        assert controller.pulls == before + 1
        assert app.main.model.tasks["fetch-prices"].duration == 49.0


async def test_tasks_come_and_go(app, controller, make_task):
    async with app.run_test() as pilot:
        controller.push(make_task("zebra"), removed=["fetch-prices", "send-mail"])
        await settle(pilot, app)
        assert names(app) == ["build-report", "vacuum", "sync-stock", "cleanup", "zebra"]
        assert app.main.tasks.current.name == "build-report"
        controller.push(removed=names(app))
        await settle(pilot, app)
        assert app.main.tasks.current is None
        assert "This project has no tasks yet." in rows(app)[1]
        await pilot.press("r", "d", "t", "enter", "j", "end")
        await settle(pilot, app)
        assert controller.sent == []


async def test_choosing_a_theme_keeps_it(controller, make_app, tmp_path):
    app = make_app(controller, settings=Settings(chosen=tmp_path / "state" / "screen.toml"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.press(*"theme: paper")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert app.theme == "paper"
    assert 'theme = "paper"' in (tmp_path / "state" / "screen.toml").read_text()


async def test_the_palette_runs_actions(app, controller):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.press(*"hold or resume")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await settle(pilot, app)
        assert controller.sent == [m.Hold()]


async def test_what_is_wrong_with_the_settings_is_told(controller, make_app):
    app = make_app(controller, settings=Settings(theme="nope", problems=("config.toml: bad [b]key",)))
    async with app.run_test(notifications=True) as pilot:
        await pilot.pause()
        messages = [message for _, message in told(app)]
        assert "config.toml: bad [b]key" in messages
        assert any('no theme "nope"' in message for message in messages)
        assert app.theme == "ember"


async def test_nothing_blinks_or_moves(app):
    async with app.run_test(size=(160, 45)) as pilot:
        assert app.animation_level == "none"
        for keys in ("slash", "escape", "l", "slash", "escape", "e", "escape", "ctrl+p"):
            await pilot.press(keys)
            for widget in app.screen.query("*"):
                assert not getattr(widget, "cursor_blink", False), widget
        assert not any(widget.display and widget.visible for widget in app.screen.query("LoadingIndicator"))


async def test_the_theme_action_lists_themes_only(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await app.run_action("theme")
        await pilot.pause(0.3)
        prompts = [str(option.prompt) for option in app.screen.query_one("CommandList").options]
        assert len(prompts) == 5
        assert all("Theme: " in prompt for prompt in prompts)


async def test_nothing_is_done_to_a_task_that_cannot_be_seen(app, controller):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("l", "r", "d", "t")
        assert controller.sent == []
        assert not isinstance(app.screen, ConfirmScreen)
        assert "Run" not in {key.description for key in app.main.query("FooterKey")}
        await pilot.resize_terminal(20, 10)
        await pilot.pause()
        await pilot.press("escape", "r", "d", "h")
        assert controller.sent == []
        await pilot.resize_terminal(160, 45)
        await pilot.pause()
        await pilot.press("l", "r")
        await settle(pilot, app)
        assert controller.sent == [m.Run("fetch-prices")]


async def test_the_names_of_the_panes_find_room_and_can_be_clicked(app):
    async with app.run_test(size=(80, 24)) as pilot:
        wide, narrow = "Tasks esc   Condition e   Parameters p   Log l", "Tasks  Condition  Parameters  Log"
        for width, shown in ((80, wide), (40, narrow)):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            assert app.main.query_one(PaneTabs).render().plain == shown
            await pilot.click(PaneTabs, offset=(shown.index("Log") + 3, 0))
            assert app.main.pane == "log"
            await pilot.click(PaneTabs, offset=(3, 0))
            assert app.main.pane == "tasks"


async def test_edit_is_of_the_task_under_the_cursor_even_if_the_panes_have_not_heard_of_it_yet(app):
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(pilot, app)
        stale, wanted = names(app)[0], names(app)[2]
        app.main.tasks.table.go(2)
        app.main.action_edit_condition()
        await settle(pilot, app)
        assert app.main.condition._view.name == wanted
        # Word of where the cursor was before comes late, and changes nothing.
        app.main.post_message(TasksPane.TaskHighlighted(app.main.model.tasks[stale]))
        await pilot.press("x")
        await settle(pilot, app)
        assert app.main.condition._view.name == wanted
        assert list(app.main.condition.drafts) == [wanted]
