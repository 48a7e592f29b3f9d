"""A scheduler at the end of a long way: keys answer at once, nothing old replaces anything newer, and a link that is
lost leaves all that was there to be read."""

from __future__ import annotations

import time

import pytest
from piloting import screen, until
from textual.widgets import Static

from redengine.control import messages as m
from redengine_tui.app import RedEngineTUI
from redengine_tui.panes.condition_editor import ConditionEditor
from redengine_tui.panes.log_feed import PAGE, SMALL_PAGE
from redengine_tui.screens.export import ExportScreen
from redengine_tui.screens.record import RecordScreen

#: Seconds that an answer takes, and within which a key is to be answered whatever that is.
FAR, AT_ONCE = 3.0, 1.0


def log(count: int, clock) -> list[m.LogEntry]:
    return [m.LogEntry(n, clock.now - 9999 + n, f"task-{n}", "success", run_id=f"r{n}") for n in range(1, count + 1)]


@pytest.fixture
def far(controller, clock):
    """A controller over ssh whose answers take their time once it is told so."""
    controller.set_link(round_trip=FAR)
    controller.log = log(600, clock)
    return controller


@pytest.fixture
def app(far, clock):
    return RedEngineTUI(far, clock=clock)


def said(app) -> list[str]:
    return [note.message for note in app._notifications]


async def test_moving_waits_for_nobody(app, far):
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        far.delay = FAR
        began = time.monotonic()
        for place, name in enumerate(["build-report", "send-mail", "vacuum"], 1):
            app.main.tasks.action_move(1)
            assert app.main.tasks.table.cursor == place
            assert app.main.tasks.current.name == name
        await until(pilot, lambda: "Condition · vacuum" in screen(app))
        assert time.monotonic() - began < AT_ONCE


async def test_the_log_scrolls_and_asks_for_the_next_page_before_it_is_needed(app, far):
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("l")
        pane = app.main.panes["log"]
        await until(pilot, lambda: len(pane.window) == PAGE)
        far.delay = FAR
        asked = len(far.asked)
        began = time.monotonic()
        while not any(isinstance(query, m.ReadLog) and query.before for query in far.asked[asked:]):
            await pilot.press("pageup")
        # There are pages to go until what is asked for is there.
        assert pane.lines.cursor > 2 * pane.lines.row_space
        await pilot.press("pageup", "pageup")
        assert 0 < pane.lines.cursor < PAGE - 2 * pane.lines.row_space
        assert time.monotonic() - began < 2 * AT_ONCE


async def test_typing_is_instant_and_the_last_check_wins(app, far):
    checks = []

    def check(query):
        checks.append(query.condition)
        return m.ConditionReport(True, verdict=f"Verdict on {query.condition}.")

    far.answers[m.CheckCondition] = check
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("e")
        far.delay = 0.4
        editor = app.main.query_one(ConditionEditor)
        before = editor.text
        for count, key in enumerate("abcd", 1):
            await pilot.press(key)
            assert len(editor.text) == len(before) + count
            await pilot.pause(0.15)
        text = editor.text
        await until(pilot, lambda: f"Verdict on {text}." in screen(app))
        await pilot.pause(0.6)
        assert f"Verdict on {text}." in screen(app)


async def test_what_changes_all_the_time_does_not_keep_a_slow_answer_away(app, far):
    far.answers[m.CheckCondition] = lambda query: m.ConditionReport(True, verdict=f"Verdict {len(far.asked)}.")
    far.answers[m.ListParameters] = lambda query: m.ParameterList((m.ParameterView("rate", "task", "value", "12"),))
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        far.delay = 0.8
        app.main.tasks.action_move(1)
        for number in range(30):
            far.change("build-report", priority=number)
            await pilot.pause(0.1)
        assert "Verdict" in screen(app)
        assert "rate" in screen(app)


async def test_a_record_is_there_at_once_and_its_neighbours_too(app, far):
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("l")
        pane = app.main.panes["log"]
        await until(pilot, lambda: len(pane.window) == PAGE)
        far.delay = FAR
        await pilot.press("enter")
        assert isinstance(app.screen, RecordScreen)
        await until(pilot, lambda: "reading …" in screen(app))
        for name in ("task-599", "task-598", "task-597"):
            await pilot.press("p")
            assert app.screen.entry.task == name


async def test_steps_beyond_what_is_held_are_all_made(app, far):
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("l")
        await until(pilot, lambda: len(app.main.panes["log"].window) == PAGE)
        far.delay = 0.3
        screen_ = RecordScreen(far, app.clock, far.log[100])
        await app.push_screen(screen_)
        await pilot.press("p", "p", "p")
        await until(pilot, lambda: screen_.entry is far.log[97])


async def test_a_command_on_its_way_is_told_of(app, far):
    async with app.run_test(size=(160, 45)) as pilot:
        far.delay = 1.5
        await pilot.press("r")
        await until(pilot, lambda: "Sent; waiting for the answer …" in said(app))
        assert far.sent == []
        await until(pilot, lambda: "Started fetch-prices" in said(app))


async def test_a_lost_link_leaves_all_there_is_to_be_read(app, far):
    far.answers[m.CheckCondition] = m.ConditionReport(True, verdict="Not now: it ran today.")
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: "Not now: it ran today." in screen(app))
        await pilot.press("e", "x")
        await pilot.press("ctrl+c")
        far.set_link("lost", problem="Connection reset", retry_in=3.0, silent_for=12.0)
        far.answers[m.ReadLog] = m.LogPage(failed="The link to the scheduler is lost", at_end=True)
        await until(pilot, lambda: "link lost: Connection reset; again in 3 s" in screen(app))
        assert app.main.tasks.table.stale
        for name in ("fetch-prices", "send-mail", "task-599"):
            assert name in screen(app)
        await pilot.press("escape", "j", "r")
        await until(pilot, lambda: "The link to the scheduler is lost: nothing was done" in said(app))
        assert far.sent == []


async def test_what_was_said_of_a_condition_and_of_parameters_stays(app, far):
    far.answers[m.CheckCondition] = m.ConditionReport(True, verdict="Not now: it ran today.")
    far.answers[m.ListParameters] = m.ParameterList((m.ParameterView("rate", "task", "value", "12"),))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: "rate" in screen(app) and "Not now: it ran today." in screen(app))
        far.set_link("lost", silent_for=12.0)
        far.answers[m.CheckCondition] = m.ConditionReport(True, verdict="Not known: the link is lost.")
        far.answers[m.ListParameters] = m.ParameterList(failed="Not known: the link is lost.")
        far.change("fetch-prices", priority=3)
        await pilot.pause(0.8)
        assert "Not now: it ran today." in screen(app)
        assert "rate" in screen(app)
        # Of another task there is nothing to be shown, and it says why.
        await pilot.press("j")
        await until(pilot, lambda: screen(app).count("Not known: the link is lost.") == 2)
        assert "rate" not in screen(app)
        del far.answers[m.CheckCondition], far.answers[m.ListParameters]
        far.set_link()
        await until(pilot, lambda: "Not known" not in screen(app))


async def test_a_draft_outlives_a_lost_link(app, far):
    far.answers[m.CheckCondition] = m.ConditionReport(True, verdict="Checked.")
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("e", "x", "y")
        editor = app.main.query_one(ConditionEditor)
        text = editor.text
        far.set_link("lost", silent_for=12.0)
        await pilot.press("z", "ctrl+s")
        await until(pilot, lambda: "✗ not applied: The link to the scheduler is lost" in screen(app))
        assert editor.text == text + "z"
        asked = len(far.asked)
        far.set_link()
        # Another life of the scheduler may mean something else by it.
        await until(pilot, lambda: any(isinstance(query, m.CheckCondition) for query in far.asked[asked:]))
        assert app.main.condition.modified


async def test_the_log_goes_on_where_it_was_after_the_link_was_lost(app, far, clock):
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("l")
        pane = app.main.panes["log"]
        await until(pilot, lambda: len(pane.window) == PAGE)
        await pilot.press("pageup", "pageup")
        current = pane.current
        page = far.answers[m.ReadLog] = m.LogPage(failed="The link to the scheduler is lost", at_end=True)
        far.set_link("lost", silent_for=12.0)
        await until(pilot, lambda: pane.feed.failed == page.failed)
        await pilot.pause()
        # The top line says it: nothing has to make room for that.
        assert page.failed not in screen(app)
        assert page.failed not in said(app)
        assert pane.current == current
        assert current.task in screen(app)
        # Another scheduler went on with the same log meanwhile.
        del far.answers[m.ReadLog]
        far.log += [m.LogEntry(n, clock.now, f"task-{n}", "success") for n in range(601, 606)]
        far.push(pid=9999, started=clock.now)
        far.set_link()
        await until(pilot, lambda: not pane.feed.failed)
        assert pane.current == current
        assert current.task in screen(app)
        await pilot.press("end")
        await until(pilot, lambda: "task-605" in screen(app))


async def test_who_may_only_look_is_offered_nothing_else(app, far):
    far.set_link(role="read")
    async with app.run_test(size=(160, 45)) as pilot:
        assert "view-only" in screen(app)
        assert app.main.check_action("run_task", ()) is None
        await pilot.press("r", "d", "h")
        await pilot.pause()
        assert far.sent == []


async def test_an_export_is_written_where_the_screen_is(app, far, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # The log is there under the same path as a file here, which means nothing.
    far.push(log=str(tmp_path / "shop.csv"))
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("l", "w")
        assert isinstance(app.screen, ExportScreen)
        app.screen.query_one("#export-path").value = "shop.csv"
        await until(
            pilot, lambda: f"→ {tmp_path / 'shop.csv'}" in app.screen.query_one("#export-said", Static).content.plain
        )
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "shop.csv").exists())


async def test_a_slow_link_is_spared(far, clock):
    far.set_link(slow=True)
    app = RedEngineTUI(far, clock=clock)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: far.pace == 0.5)
        app.main.query_one("#list").focus()
        await pilot.press("l")
        pane = app.main.panes["log"]
        await until(pilot, lambda: pane.window.entries)
        shown = screen(app)
        assert "14:05   " in shown or shown.splitlines()[0].rstrip().endswith("14:05")
        assert "next 14:08:20" in shown
        assert " 1m " in shown
        before = screen(app).splitlines()[:12]
        clock.advance(20)
        app.main._tick()
        await pilot.pause(0.1)
        assert screen(app).splitlines()[:12] == before
        await pilot.press("home")
        await pilot.pause()
        assert all(query.limit <= SMALL_PAGE for query in far.asked[-1:] if isinstance(query, m.ReadLog))
        far.set_link(slow=False)
        await until(pilot, lambda: far.pace == 0.0)
        assert "next in " in screen(app)


async def test_a_slow_link_can_be_told(controller, clock):
    app = RedEngineTUI(controller, clock=clock, slow_link=True)
    async with app.run_test(size=(160, 45)):
        assert app.frames == 4
        assert "next 14:08:20" in screen(app)
        assert controller.pace == 0.5
