"""Finding something in a long log: filters, a search that is watched and stopped, a time to go to, context, copying."""

from __future__ import annotations

import asyncio
from datetime import timezone
from unicodedata import category

import pytest
from piloting import screen, until
from textual.app import App

from redengine.control import messages as m
from redengine.log import bird
from redengine.log.source import RepoLogSource
from redengine_tui.app import RedEngineTUI
from redengine_tui.panes import log_feed
from redengine_tui.panes.log import LogPane

HOUR = 3600
EVIL = "x\x1b]52;c;aGVsbG8=\x07\x9b31m\u202e"


@pytest.fixture
def records(clock):
    """3,000 records, one a minute, the newest an hour ago; one in 300 failed, one in 1,000 of those of 'rare'."""
    found = []
    for number in range(3_000):
        fails = number % 300 == 150
        found.append(
            {
                "task_name": "rare" if number % 1_000 == 500 else "often",
                "action": "fail" if fails else "success",
                "created": clock.now - HOUR - (2_999 - number) * 60,
                "message": f"no {number}.",
                "levelname": "ERROR" if fails else "WARNING" if number % 100 == 7 else "INFO",
                "exc_text": None,
            }
        )
    return found


class Slow:
    """Answers from a repository, 100 records looked at a page, and no more pages than it is let."""

    def __init__(self, records):
        self.repo = bird.MemoryRepo(collection=records)
        self.source = RepoLogSource(self.repo, budget=100)
        self.queries: list[m.ReadLog] = []
        self._left = 0
        self._more = asyncio.Event()
        self.let(1_000_000)

    def let(self, pages):
        self._left = pages
        self._more.set()

    async def answer(self, query):
        self.queries.append(query)
        while not self._left:
            self._more.clear()
            await self._more.wait()
        self._left -= 1
        return self.source.read(query)


class Host(App):
    CSS = "LogPane { border: round $border; }"

    def __init__(self, controller, clock, records):
        super().__init__()
        self.slow = Slow(records)
        asked = controller.ask

        def ask(query):
            return self.slow.answer(query) if isinstance(query, m.ReadLog) else asked(query)

        controller.ask = ask
        self.controller = controller
        self.pane = LogPane(controller, clock)
        self.pane.zone = timezone.utc

    def compose(self):
        yield self.pane

    def on_mount(self):
        self.pane.show_task(self.controller.tasks["send-mail"])
        self.pane.take_focus()


@pytest.fixture
def app(controller, clock, records, monkeypatch):
    # Whatever is under way is shown at once.
    monkeypatch.setattr(log_feed, "PATIENCE", 0.0)
    return Host(controller, clock, records)


async def started(pilot, app) -> None:
    await until(pilot, lambda: len(app.pane.window) and not app.pane.feed.reading)
    await pilot.pause()


def held(app) -> list[str]:
    return [entry.message for entry in app.pane.window.entries]


def under_cursor(app) -> str:
    return app.pane.current.message


def top(app) -> str:
    return app.pane.window.entries[round(app.pane.lines.scroll_offset.y)].message


# Filters


async def test_levels_are_gone_through(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        for level, count in (("INFO", 2_999 + 1), ("WARNING", 40), ("ERROR", 10), ("CRITICAL", 0)):
            await pilot.press("v")
            await until(pilot, lambda count=count: len(app.pane.window) == count and not app.pane.feed.reading)
            await pilot.pause()
            assert f"level {level} or worse" in screen(app)
            assert app.slow.queries[-1].where == m.LogFilter(level=level)
        assert "No record fits the filter." in screen(app)
        await pilot.press("v")
        await until(pilot, lambda: len(app.pane.window) == 100)
        assert "level" not in screen(app)


async def test_a_span_of_time_is_typed(app, clock):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("s", *"11:00-11:xx")
        await pilot.pause()
        assert "✗ '11:xx' is not a time" in screen(app)
        await pilot.press("enter")
        assert app.pane.prompt.is_open
        assert not app.pane.chosen.any
        await pilot.press("backspace", "backspace", *"10")
        await pilot.pause()
        assert "→ 11:00:00 to 11:10:00" in screen(app)
        await pilot.press("enter")
        await until(pilot, lambda: len(app.pane.window) == 10)
        assert app.pane.lines.has_focus
        await pilot.pause()
        assert "time 11:00:00 to 11:10:00" in screen(app)
        assert "10 hits" in screen(app)
        assert app.slow.queries[-1].where == m.LogFilter(since=clock.now - 185 * 60, until=clock.now - 175 * 60)
        # It can be changed, and nothing is all of time.
        await pilot.press("s", "enter")
        await until(pilot, lambda: app.pane.lines.has_focus)
        assert app.pane.chosen.where == app.slow.queries[-1].where
        await pilot.press("s", "backspace", "backspace", *"05")
        await pilot.pause()
        assert "→ 11:00:00 to 11:05:00" in screen(app)
        await pilot.press("ctrl+u", "enter")
        await until(pilot, lambda: len(app.pane.window) == 100)


async def test_escape_leaves_the_span_as_it_was(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("s", *"12:00", "enter", "s", "ctrl+u", *"9", "escape")
        await pilot.pause()
        assert app.pane.lines.has_focus
        assert "time since 12:00:00" in screen(app)


async def test_one_key_drops_all_filters(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("a", "v", "s", *"past 3h", "enter", "slash", *"no", "enter")
        await until(pilot, lambda: app.pane.chosen.text == "no")
        await pilot.pause()
        for said in ("only failures", "level INFO or worse", "time since 11:05:00", "text no"):
            assert said in screen(app)
        await pilot.press("backspace")
        await until(pilot, lambda: len(app.pane.window) == 100)
        await pilot.pause()
        assert not app.pane.chosen.any
        await pilot.press("s")
        assert app.pane.prompt.answer.value == ""
        await pilot.press("escape")
        assert "only" not in screen(app)


# Searching


async def test_hits_come_while_the_search_goes_on(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        app.slow.let(0)
        await pilot.press("a")
        await until(pilot, lambda: "searching ╌╌╌╌╌╌╌╌╌╌ 0% · escape stops" in screen(app))
        app.slow.let(15)
        await until(pilot, lambda: "searching ━━━━━╌╌╌╌╌ 50% · 5 hits · escape stops" in screen(app))
        assert "no 2850." in screen(app)
        app.slow.let(1_000)
        await until(pilot, lambda: "10 hits" in screen(app) and "searching" not in screen(app))
        assert app.pane.window.at_start
        # Each page looks at 100 records and none at any of another.
        befores = [query.before for query in app.slow.queries if query.where.actions and query.before is not None]
        assert befores == sorted(set(befores), reverse=True)
        assert len(befores) == 29


async def test_a_search_is_stopped_and_goes_on(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        app.slow.let(6)
        await pilot.press("a")
        await until(pilot, lambda: "20% · 2 hits" in screen(app))
        await pilot.press("escape")
        await until(pilot, lambda: "stopped at 20% · 2 hits · home goes on" in screen(app))
        asked, found = len(app.slow.queries), len(app.pane.window)
        app.slow.let(1_000)
        # Moving about does not begin it again by itself.
        await pilot.press("up", "down", "pageup", "pagedown")
        await pilot.pause(0.1)
        assert (len(app.slow.queries), len(app.pane.window)) == (asked, found)
        assert app.pane.lines.has_focus
        await pilot.press("home")
        await until(pilot, lambda: "10 hits" in screen(app) and "stopped" not in screen(app))


async def test_stopped_before_anything_came(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        app.slow.let(0)
        await pilot.press("a")
        await until(pilot, lambda: "searching" in screen(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Nothing found before the search was stopped." in screen(app))
        assert not app.pane.window.entries
        app.slow.let(1_000)
        await pilot.press("home")
        await until(pilot, lambda: "10 hits" in screen(app))
        assert "no 2850." in screen(app)


async def test_another_filter_ends_the_search(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        app.slow.let(0)
        await pilot.press("a", "v", "v")
        app.slow.let(1_000)
        await until(pilot, lambda: "10 hits" in screen(app))
        await pilot.press("a", "a", "a", "a", "a", "a")
        await until(pilot, lambda: "40 hits" in screen(app))
        before = len(app.slow.queries)
        await pilot.pause(0.1)
        assert len(app.slow.queries) == before


async def test_what_is_held_of_a_search_is_bounded(app):
    app.pane.window.kept = 500
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("a", "a")
        await until(pilot, lambda: "newest 500 hits" in screen(app))
        assert app.pane.lines.following
        # Up through all of it, and there is never more.
        most = 0
        while not app.pane.window.at_start:
            await pilot.press("home")
            await until(pilot, lambda: not app.pane.feed.reading)
            most = max(most, len(app.pane.window))
        assert most == 500
        assert held(app)[0] == "no 0."
        await pilot.press("end")
        await until(pilot, lambda: held(app)[-1] == "no 2999.")


async def test_long_texts_make_what_is_held_smaller(app, records):
    app.pane.window.kept_text = 30_000
    for record in records:
        record["exc_text"] = "x" * 1_000
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("slash", *"xx", "enter")
        await until(pilot, lambda: app.pane.chosen.text == "xx" and not app.pane.feed.reading)
        assert 20 < len(app.pane.window) <= 30
        assert held(app)[-1] == "no 2999."


async def test_hits_above_the_view_send_nothing(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        app.slow.let(1)
        await pilot.press("v")
        await until(pilot, lambda: "level INFO" in screen(app) and len(app.pane.window) == 50)
        await pilot.pause(0.3)
        rendered = []
        row = app.pane.lines.row
        app.pane.lines.row = lambda index, width: rendered.append(index) or row(index, width)
        app.slow.let(1_000)
        await until(pilot, lambda: "3,000 hits" in screen(app) and "searching" not in screen(app))
        # Once, as the first of another day make the column of times wider.
        assert len(rendered) == app.pane.lines.row_space
        assert "no 2999." in screen(app)


# Going to a time


async def test_a_time_is_gone_to(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("ctrl+g", *"yesterday 12:00")
        await pilot.pause()
        assert "→ 23 Nov 12:00" in screen(app)
        await pilot.press("enter")
        await until(pilot, lambda: under_cursor(app) == "no 1494.")
        await pilot.pause()
        # What led to it is seen too, and it is not near an edge of what is held.
        assert top(app) == "no 1491."
        assert not app.pane.lines.following
        assert not app.pane.lines.wants_older
        app.slow.repo.collection.append({**app.slow.repo.collection[-1], "message": "no 3000."})
        app.pane.changed(None)
        await until(pilot, lambda: "+1 new" in screen(app))
        assert under_cursor(app) == "no 1494."
        await pilot.press("end")
        await until(pilot, lambda: under_cursor(app) == "no 3000.")
        assert app.pane.lines.following


async def test_a_time_is_gone_to_within_the_filter(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("a", "ctrl+g", *"yesterday 12:00", "enter")
        await until(pilot, lambda: app.pane.current is not None and under_cursor(app) == "no 1650.")
        await until(pilot, lambda: len(app.pane.window) == 10)
        assert "only failures" in screen(app)


async def test_a_time_after_the_newest_record_is_its_end(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("home", "ctrl+g", *"14:00", "enter")
        await until(pilot, lambda: app.pane.lines.following and under_cursor(app) == "no 2999.")
        await until(pilot, lambda: "There is no record at 14:00:00 or later" in [n.message for n in app._notifications])


async def test_a_wrong_time_goes_nowhere(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("ctrl+g", "enter")
        assert app.pane.prompt.is_open
        await pilot.press(*"noon", "enter")
        await pilot.pause()
        assert "✗ 'noon' is not a time" in screen(app)
        await pilot.press("escape")
        assert app.pane.lines.has_focus
        assert app.pane.lines.following


# Context


async def test_a_hit_amid_its_neighbours_and_back(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("a")
        await until(pilot, lambda: len(app.pane.window) == 10)
        await pilot.press("up", "up", "x")
        await until(pilot, lambda: len(app.pane.window) > 10)
        await pilot.pause()
        assert under_cursor(app) == "no 2250."
        shown = screen(app)
        assert all(f"no {number}." in shown for number in range(2_247, 2_254))
        assert "around" in shown
        assert "fail often" in shown
        assert not app.pane.lines.following
        await pilot.press("down")
        assert under_cursor(app) == "no 2251."
        await pilot.press("escape")
        await until(pilot, lambda: len(app.pane.window) == 10)
        assert under_cursor(app) == "no 2250."
        assert not app.pane.lines.following
        assert "only failures" in screen(app)
        # What came meanwhile is there.
        await pilot.press("end", "x")
        await until(pilot, lambda: len(app.pane.window) > 10)
        app.slow.repo.collection.append({**app.slow.repo.collection[150], "message": "no 3000."})
        await pilot.press("x")
        await until(pilot, lambda: under_cursor(app) == "no 3000.")


async def test_back_from_the_context_the_search_goes_on(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        app.slow.let(6)
        await pilot.press("a")
        await until(pilot, lambda: "2 hits" in screen(app))
        await pilot.press("x")
        app.slow.let(6)
        await until(pilot, lambda: "around" in screen(app) and len(app.pane.window) > 10)
        app.slow.let(1_000)
        await pilot.press("x")
        await until(pilot, lambda: "10 hits" in screen(app))


async def test_a_context_that_does_not_come_can_be_left(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("a")
        await until(pilot, lambda: "10 hits" in screen(app))
        app.slow.let(0)
        await pilot.press("x")
        await until(pilot, lambda: "around" in screen(app) and app.pane.feed.searching)
        await pilot.press("escape")
        await until(pilot, lambda: not app.pane.feed.reading)
        await pilot.press("escape")
        await until(pilot, lambda: "only failures" in screen(app))
        assert len(app.pane.window) == 10
        assert under_cursor(app) == "no 2850."


async def test_without_a_filter_there_is_nothing_around(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("x")
        assert "No filter is on" in next(iter(app._notifications)).message
        assert len(app.pane.window) == 100


async def test_a_filter_ends_the_context(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("a")
        await until(pilot, lambda: len(app.pane.window) == 10)
        await pilot.press("x")
        await until(pilot, lambda: len(app.pane.window) > 10)
        await pilot.press("v", "v")
        await until(pilot, lambda: app.pane.chosen.level == 2 and len(app.pane.window) == 10)
        assert "around" not in screen(app)


@pytest.mark.parametrize(("title", "asks"), [("Go to a time in the log", "Go to"), ("Filter the log by time", "Time")])
async def test_the_palette_asks_in_the_log_wherever_it_is_opened(controller, clock, title, asks):
    app = RedEngineTUI(controller, clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p", *title)
        await until(pilot, lambda: screen(app).count(title) > 1)
        await pilot.press("enter")
        await until(pilot, lambda: app.main.pane == "log" and app.main.panes["log"].prompt.is_open)
        await pilot.press("9")
        await until(pilot, lambda: f"{asks} 9" in screen(app))


# Copying


async def test_the_line_is_copied_safely(app, records):
    records[-1].update(task_name=EVIL, message=EVIL)
    async with app.run_test(size=(100, 14)) as pilot:
        await started(pilot, app)
        await pilot.press("c")
        assert app.clipboard.startswith("2026-11-24 13:05:00  success  x␛]52;c;aGVsbG8=␇")
        assert not [char for char in app.clipboard if category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")]
        assert next(iter(app._notifications)).message.startswith("Copied: 2026-11-24 13:05:00  success")
        await pilot.press("up", "c")
        assert app.clipboard == "2026-11-24 13:04:00  success  often  no 2998."
