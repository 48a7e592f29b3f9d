"""The list of completions: it opens at a word, takes tab, and leaves enter to the text until it is asked for."""

from __future__ import annotations

import pytest
from piloting import until
from textual.app import App

from redengine.control import messages as m
from redengine_tui.panes.condition import ConditionPane

WORDS = (("daily", "keyword"), ("daily between", "keyword"), ("fetch-prices", "task"), ("is open", "custom"))


def complete(query: m.Complete) -> m.Completions:
    start = query.position
    while start and query.condition[start - 1].isalpha():
        start -= 1
    begun = query.condition[start : query.position]
    return m.Completions(tuple(m.Completion(text, start, kind) for text, kind in WORDS if text.startswith(begun)))


@pytest.fixture
def app(controller, clock):
    controller.answers[m.Complete] = complete
    controller.change("send-mail", start_cond="")

    class Host(App):
        def compose(self):
            yield ConditionPane(controller, clock)

        def on_mount(self):
            self.pane.show_task(controller.tasks["send-mail"])
            self.pane.edit()

        @property
        def pane(self):
            return self.query_one(ConditionPane)

    return Host()


async def test_opens_at_a_word_and_tab_takes_it(app):
    async with app.run_test() as pilot:
        await pilot.press("d", "a")
        await until(pilot, lambda: app.pane.completions.is_open)
        assert [item.text for item in app.pane.completions.items] == ["daily", "daily between"]
        await pilot.press("tab")
        assert app.pane.editor.text == "daily"
        assert not app.pane.completions.is_open
        assert app.pane.editor.has_focus


async def test_enter_stays_the_text_s_until_something_is_chosen(app):
    async with app.run_test() as pilot:
        await pilot.press("d")
        await until(pilot, lambda: app.pane.completions.is_open)
        await pilot.press("enter")
        assert app.pane.editor.text == "d\n"
        await pilot.press("d")
        await until(pilot, lambda: app.pane.completions.is_open and app.pane.completions.items[0].start == 2)
        await pilot.press("down", "down", "enter")
        assert app.pane.editor.text == "d\ndaily between"


@pytest.mark.parametrize("key", ["ctrl+space", "ctrl+@", "ctrl+n"])
async def test_asked_for_anywhere(app, key):
    async with app.run_test() as pilot:
        await pilot.press(key)
        await until(pilot, lambda: app.pane.completions.is_open)
        assert len(app.pane.completions.items) == len(WORDS)
        await pilot.press("up", "enter")
        assert app.pane.editor.text == "is open"


async def test_escape_closes_the_list_first(app):
    async with app.run_test() as pilot:
        await pilot.press("d")
        await until(pilot, lambda: app.pane.completions.is_open)
        await pilot.press("escape")
        assert not app.pane.completions.is_open
        assert app.pane.editor.text == "d"
        assert app.pane.editor.editing
        await pilot.press("escape")
        assert app.pane.editor.text == ""
        assert not app.pane.editor.editing


async def test_moving_away_closes_it(app):
    async with app.run_test() as pilot:
        await pilot.press("d")
        await until(pilot, lambda: app.pane.completions.is_open)
        await pilot.press("left")
        await until(pilot, lambda: not app.pane.completions.is_open)
        assert app.pane.editor.text == "d"


async def test_stays_on_the_screen(app):
    async with app.run_test(size=(30, 8)) as pilot:
        await pilot.press(*"aaaa bbbb cccc dd d")
        await until(pilot, lambda: app.pane.completions.is_open)
        await pilot.pause()
        assert app.screen.region.contains_region(app.pane.completions.region)


async def test_replaces_from_where_the_word_begins_on_a_later_line(app):
    async with app.run_test() as pilot:
        await pilot.press(*"true &", "enter", "f", "e")
        await until(pilot, lambda: app.pane.completions.is_open)
        await pilot.press("tab")
        assert app.pane.editor.text == "true &\nfetch-prices"


async def test_clicked(app):
    async with app.run_test() as pilot:
        await pilot.press("d")
        await until(pilot, lambda: app.pane.completions.is_open)
        await pilot.pause()
        await pilot.click("#condition-completions", offset=(3, 2))
        await until(pilot, lambda: app.pane.editor.text == "daily between")
        assert app.pane.editor.has_focus
