"""The log pane: follows, stays where it is put, filters, reads on at its edges, opens a record."""

from __future__ import annotations

from datetime import datetime, timezone
from unicodedata import category
from zoneinfo import ZoneInfo

import msgspec
import pytest
from piloting import screen, until
from textual.app import App

from redengine.control import messages as m
from redengine_tui.panes.log import LogPane
from redengine_tui.panes.log_lines import Today, record_row, when
from redengine_tui.panes.log_prompt import LogPrompt
from redengine_tui.screens.record import RecordScreen

OSC = "\x1b]52;c;aGVsbG8=\x07"
TRACEBACK = """\
Traceback (most recent call last):
  File "/srv/shop/project.py", line 12, in send
    smtp.send(mail)
smtplib.SMTPException: connection refused
  by peer 10.0.0.1
"""


class Host(App):
    """One log pane, told of changes as the main screen tells it."""

    CSS = "LogPane { border: round $border; }"

    def __init__(self, controller, clock):
        super().__init__()
        self.controller = controller
        self.pane = LogPane(controller, clock)
        self.pane.zone = timezone.utc

    def compose(self):
        yield self.pane

    def on_mount(self):
        self.controller.subscribe(lambda: self.call_later(self.pull))
        self.pane.show_task(self.controller.tasks["send-mail"])
        self.pane.take_focus()

    def pull(self):
        self.pane.changed(self.controller.changes(0))


@pytest.fixture
def entry(clock):
    """``entry(cursor, **fields)``: a record, ten seconds after the one before it."""

    def make(cursor, **fields):
        defaults = {"task": "fetch-prices", "action": "success", "run_id": f"run-{cursor}", "message": f"no {cursor}."}
        return m.LogEntry(cursor=cursor, created=clock.now - 3600 + cursor, **{**defaults, **fields})

    return make


@pytest.fixture
def app(controller, clock, entry):
    controller.log = [entry(number) for number in range(1, 501)]
    return Host(controller, clock)


async def started(pilot, app) -> None:
    await until(pilot, lambda: len(app.pane.window) and app.pane.lines.row_width)
    await pilot.pause()


def top(app) -> int:
    """Cursor of the first record that is seen."""
    return app.pane.window.entries[round(app.pane.lines.scroll_offset.y)].cursor


async def test_shows_the_newest_and_follows(app, entry):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        assert "no 500." in screen(app)
        assert "no 490." not in screen(app)
        app.controller.append_log(entry(501), entry(502))
        await until(pilot, lambda: "no 502." in screen(app))
        assert app.pane.window.entries[app.pane.lines.cursor].cursor == 502
        assert not app.pane.border_subtitle


async def test_first_page_only(app):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        assert len(app.pane.window) == 200
        assert [type(query) for query in app.controller.asked] == [m.ReadLog]


async def test_stays_where_it_was_put_and_counts_what_is_new(app, entry):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        await pilot.press("pageup")
        before, cursor = top(app), app.pane.window.entries[app.pane.lines.cursor].cursor
        app.controller.append_log(*(entry(number) for number in range(501, 513)))
        await until(pilot, lambda: "+12 new" in screen(app))
        assert top(app) == before
        assert app.pane.window.entries[app.pane.lines.cursor].cursor == cursor
        await pilot.press("end")
        await until(pilot, lambda: "no 512." in screen(app))
        assert "new" not in screen(app)
        app.controller.append_log(entry(513))
        await until(pilot, lambda: "no 513." in screen(app))


async def test_wheel_ends_following_and_the_end_begins_it_again(app, entry):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        lines = app.pane.lines
        lines.scroll_up(animate=False)
        await pilot.pause()
        assert not lines.following
        app.controller.append_log(entry(501))
        await until(pilot, lambda: "+1 new" in screen(app))
        lines.scroll_end(animate=False)
        await until(pilot, lambda: lines.following)
        assert app.pane.lines.fresh == 0


async def test_older_pages_are_read_without_a_jump(app):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        app.pane.lines.go(0)
        await until(pilot, lambda: len(app.pane.window) > 200)
        await pilot.pause()
        # The oldest that was held then is still where it was put.
        assert top(app) == 301
        assert app.pane.window.entries[app.pane.lines.cursor].cursor == 301
        app.pane.lines.go(0)
        await until(pilot, lambda: app.pane.window.at_start)
        await pilot.press("home")
        assert top(app) == 1
        assert len(app.pane.window) == 500


async def test_home_is_the_oldest_record_and_end_the_newest(app, entry):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        await pilot.press("home")
        await until(pilot, lambda: "no 1." in screen(app))
        assert app.pane.current.cursor == top(app) == 1
        assert not app.pane.lines.following
        assert len(app.pane.window) == 200
        app.controller.append_log(*(entry(number) for number in range(501, 1_601)))
        await until(pilot, lambda: "+1,100 new" in screen(app))
        assert top(app) == 1
        await pilot.press("end")
        await until(pilot, lambda: "no 1600." in screen(app))


async def test_bounded_and_read_again(app, entry):
    app.pane.window.kept = 400
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        for _ in range(3):
            app.pane.lines.go(0)
            await until(pilot, lambda: not app.pane.feed.reading)
            await pilot.pause()
        assert len(app.pane.window) == 400
        assert not app.pane.window.at_end
        app.controller.append_log(entry(501))
        await until(pilot, lambda: "+1 new" in screen(app))
        # Down again: what was dropped comes back.
        for _ in range(60):
            await pilot.press("pagedown")
        await until(pilot, lambda: app.pane.window.at_end and app.pane.window.entries[-1].cursor == 501)
        numbers = [item.cursor for item in app.pane.window.entries]
        assert numbers == list(range(numbers[0], 502))
        assert len(numbers) == 400


async def test_what_is_looked_at_is_not_dropped(app, entry):
    app.pane.window.kept = 200
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        await pilot.press("pageup", "pageup")
        before = top(app)
        for number in range(501, 561, 20):
            app.controller.append_log(*(entry(number + more) for more in range(20)))
            await until(pilot, lambda number=number: f"+{number - 481} new" in screen(app))
            assert top(app) == before
        assert len(app.pane.window) == 200


async def test_filters(app, entry):
    app.controller.log += [
        entry(501, task="send-mail", action="fail", exc_text=TRACEBACK),
        entry(502, task="send-mail", action="crash"),
        entry(503, task="send-mail"),
    ]
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("f")
        await until(pilot, lambda: len(app.pane.window) == 3)
        await pilot.pause()
        assert "task send-mail" in screen(app)
        await pilot.press("a")
        await until(pilot, lambda: len(app.pane.window) == 2)
        await pilot.pause()
        assert "only failures" in screen(app)
        assert "smtplib.SMTPException: connection refused" in screen(app)
        assert app.controller.asked[-1].where == m.LogFilter(task="send-mail", actions=("fail", "crash"))
        await pilot.press("slash", *"NO 502")
        await until(pilot, lambda: len(app.pane.window) == 1)
        await pilot.pause()
        assert "text NO 502" in screen(app)
        await pilot.press("enter")
        assert app.pane.lines.has_focus
        await pilot.press("f", "a", "a", "a", "a", "a", "a")
        await until(pilot, lambda: app.pane.chosen.where == m.LogFilter(text="NO 502"))
        await pilot.press("slash", "escape")
        await until(pilot, lambda: len(app.pane.window) == 200)
        assert app.pane.lines.has_focus


async def test_the_task_is_that_of_the_record_under_the_cursor(app, entry):
    app.controller.log += [entry(501, task="gone"), entry(502, task="", action="hold")]
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("f")
        assert "This record is of no task" in [note.message for note in app._notifications]
        assert not app.pane.chosen.any
        # Neither in the project any more, nor under the cursor of the task list.
        await pilot.press("up", "f")
        await until(pilot, lambda: len(app.pane.window) == 1)
        await pilot.pause()
        assert "task gone" in screen(app)
        await pilot.press("f")
        await until(pilot, lambda: len(app.pane.window) == 200)
        # Elsewhere it is the task that is selected.
        app.screen.set_focus(None)
        app.pane.action_toggle_task_filter()
        await until(pilot, lambda: "task send-mail" in screen(app))


async def test_blanks_that_are_looked_for_are_seen(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("slash", "space", "space", "enter")
        await until(pilot, lambda: 'text "  "' in screen(app))


async def test_filter_leaves_out_new_records_too(app, entry):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        app.pane.filter_task("vacuum")
        await until(pilot, lambda: "No record fits the filter. ⌫ drops it." in screen(app))
        app.controller.append_log(entry(501), entry(502, task="vacuum"))
        await until(pilot, lambda: "no 502." in screen(app))
        assert len(app.pane.window) == 1
        app.pane.filter_task(None)
        await until(pilot, lambda: "no 501." in screen(app))


async def test_asks_are_coalesced(app, entry):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        asked = len(app.controller.asked)
        for number in range(501, 551):
            app.controller.append_log(entry(number))
            app.pull()
        await until(pilot, lambda: "no 550." in screen(app))
        assert len(app.controller.asked) - asked <= 4


async def test_answers_to_another_filter_are_dropped(app, entry):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        app.controller.log.append(entry(501))
        app.pull()
        app.pane.filter_task("vacuum")
        await until(pilot, lambda: "No record fits" in screen(app))
        await pilot.pause(0.15)
        assert not app.pane.window.entries


async def test_columns(app, entry, clock):
    app.controller.log = [
        entry(1, action="run", message=""),
        entry(2, action="fail", exc_text=TRACEBACK, runtime=1.5),
        entry(3, message="Task 'fetch-prices' status: 'success'", runtime=75.0),
        entry(4, task="", action="set_condition", message="by root"),
    ]
    async with app.run_test(size=(100, 12)) as pilot:
        await started(pilot, app)
        rows = [line.strip("│ ") for line in screen(app).splitlines()[1:5]]
        assert rows == [
            "13:05:01  ► run         fetch-prices",
            "13:05:02  ✗ fail        fetch-prices     1.5s  smtplib.SMTPException: connection refused",
            "13:05:03  ✓ success     fetch-prices   1m 15s",
            "13:05:04  ? set_condi…                         by root",
        ]


async def test_other_days_say_so(app, entry, clock):
    clock.advance(86_400)
    app.controller.log.append(m.LogEntry(501, clock.now, "fetch-prices", "run"))
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        assert "24 Nov 13:13  ✓ success" in screen(app)
        assert " 14:05:00  ► run" in screen(app)
        await pilot.resize_terminal(60, 12)
        await pilot.pause()
        assert "Tue 13:13  ✓ success" in screen(app)


async def test_when_a_day_is_over_its_records_say_so(app, entry, clock):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        app.pane.filter_task("fetch-prices")
        app.pane._given(LogPrompt.Given("span", "since 13:00"))
        await until(pilot, lambda: "time since 13:00:00" in screen(app))
        await until(pilot, lambda: " 13:13:20  ✓ success" in screen(app))
        clock.advance(86_400)
        app.pane.tick()
        await pilot.pause()
        assert "24 Nov 13:13  ✓ success" in screen(app)
        assert "time since 24 Nov 13:00" in screen(app)
        app.controller.append_log(m.LogEntry(501, clock.now, "fetch-prices", "run"))
        await until(pilot, lambda: "    14:05:00  ► run" in screen(app))


async def test_a_new_day_is_noted_with_its_first_record_too(app, entry, clock):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        clock.advance(86_400)
        app.controller.append_log(m.LogEntry(501, clock.now, "fetch-prices", "run"))
        await until(pilot, lambda: "    14:05:00  ► run" in screen(app))
        assert "24 Nov 13:13  ✓ success" in screen(app)


async def test_one_record_of_another_day_amid_those_of_today(app, entry):
    log = app.controller.log
    log[494] = msgspec.structs.replace(log[494], created=log[494].created - 86_400)
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        assert " 23 Nov 13:13  ✓ success" in screen(app)
        assert "     13:13:20  ✓ success" in screen(app)


@pytest.mark.parametrize(
    ("width", "far", "said"),
    [
        (50, 1, "   15 Sep"),
        (75, 1, "15 Sep 12:34"),
        (75, 2, "15 Sep 12:34"),
        (100, 2, "     15 Sep 12:34"),
        # Measured before the day was over.
        (75, 0, "15 Sep 12:34"),
    ],
)
def test_times_of_other_days(width, far, said, clock):
    at = datetime(2026, 9, 15, 12, 34, tzinfo=timezone.utc).timestamp()
    assert when(at, clock.now, timezone.utc, width, far) == said


@pytest.mark.parametrize(("width", "said"), [(50, " Sep 2025"), (75, " 15 Sep 2025"), (100, "15 Sep 2025 12:34")])
def test_times_of_other_years(width, said, clock):
    at = datetime(2025, 9, 15, 12, 34, tzinfo=timezone.utc).timestamp()
    assert when(at, clock.now, timezone.utc, width, 2) == said
    assert when(clock.now, clock.now, timezone.utc, width, 2).strip() == "14:05:00"


@pytest.mark.parametrize("zone", [timezone.utc, ZoneInfo("America/Havana"), ZoneInfo("Asia/Beirut"), None])
def test_today_is_from_midnight_to_midnight(zone):
    # Also where there is no midnight, or two, as daylight saving begins or ends at it.
    for month, day in ((3, 8), (3, 29), (10, 25), (11, 1), (12, 31)):
        noon = datetime(2026, month, day, 12, tzinfo=zone)
        today = Today.of(noon.timestamp(), zone)
        for hours in range(-40, 40):
            at = noon.timestamp() + hours * 1800
            then = datetime.fromtimestamp(at, zone)
            assert today.distance(at) == (0 if then.date() == noon.date() else 1 if then.year == noon.year else 2)


async def test_wide_characters_have_the_room_they_need(app, entry):
    app.controller.log = [entry(1, task="☕☕☕☕☕"), entry(2, task="a\nb")]
    async with app.run_test(size=(100, 12)) as pilot:
        await started(pilot, app)
        assert "success     ☕☕☕☕☕  " in screen(app)


async def test_notice_is_told_once(app, entry):
    page = app.controller._page

    def with_notice(query):
        answer = page(query)
        return msgspec.structs.replace(answer, notice=f"half a record {OSC}\nreplaced")

    app.controller.answers[m.ReadLog] = with_notice
    async with app.run_test(size=(80, 20)) as pilot:
        await started(pilot, app)
        app.controller.append_log(entry(501))
        await until(pilot, lambda: "no 501." in screen(app))
        assert [note.message for note in app._notifications] == ["half a record ␛]52;c;aGVsbG8=␇", "replaced"]


async def test_empty(controller, clock):
    app = Host(controller, clock)
    async with app.run_test() as pilot:
        await until(pilot, lambda: "Nothing has happened yet." in screen(app))
        await pilot.press("enter", "up", "down", "pageup", "home", "end")
        assert not isinstance(app.screen, RecordScreen)
        controller.append_log(m.LogEntry(1, clock.now, "vacuum", "run"))
        await until(pilot, lambda: "vacuum" in screen(app))
        assert "Nothing has happened" not in screen(app)


async def test_enter_opens_the_record_and_the_cursor_follows_it(app):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        await pilot.press("up", "up", "enter")
        await until(pilot, lambda: isinstance(app.screen, RecordScreen))
        assert app.screen.entry.cursor == 498
        await pilot.press("p")
        await until(pilot, lambda: app.screen.entry.cursor == 497)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, RecordScreen))
        assert app.pane.window.entries[app.pane.lines.cursor].cursor == 497


async def test_clicking_a_record_twice_opens_it(app):
    async with app.run_test(size=(80, 12)) as pilot:
        await started(pilot, app)
        await pilot.click("#log-lines", offset=(5, 2))
        await until(pilot, lambda: app.pane.window.entries[app.pane.lines.cursor].cursor == top(app) + 2)
        assert not app.pane.lines.following
        assert not isinstance(app.screen, RecordScreen)
        await pilot.click("#log-lines", offset=(5, 2))
        await until(pilot, lambda: isinstance(app.screen, RecordScreen))


async def test_follows_through_a_resize(app, entry):
    async with app.run_test(size=(80, 30)) as pilot:
        await started(pilot, app)
        for height in (12, 40, 9):
            await pilot.resize_terminal(80, height)
            await until(pilot, lambda: "no 500." in screen(app))
            assert app.pane.lines.following


async def test_nothing_from_outside_reaches_the_terminal(app, entry):
    evil = f"x{OSC}\x9b31m\u202e\n[red]"
    app.controller.log = [
        entry(1, task=evil, message=evil, level=evil),
        entry(2, task=evil, action=evil, exc_text=f"{TRACEBACK}{evil}: {evil}"),
    ]
    async with app.run_test(size=(100, 12)) as pilot:
        await started(pilot, app)
        app.pane.filter_task(evil)
        await until(pilot, lambda: "task x␛]52" in screen(app))
        shown = screen(app)
        assert not [char for char in shown if char != "\n" and category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")]


@pytest.mark.parametrize("width", [30, 40, 49, 50, 80])
def test_however_narrow_a_line_names_the_task(entry, width):
    record = entry(1, task="fetch")
    assert " fetch" in record_row(record, width, record.created, timezone.utc, names=5).truncate(width).plain
