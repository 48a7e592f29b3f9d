"""The manual, as the screen shows it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from textual.widgets import Markdown

from redengine.docs import pages
from redengine_tui.app import RedEngineTUI
from redengine_tui.cli import COMMANDS
from redengine_tui.screens.help import HelpScreen
from redengine_tui.screens.manual import PAGE_KEYS, ManualScreen


@pytest.fixture
def app(controller: Any, clock: Any) -> RedEngineTUI:
    return RedEngineTUI(controller, clock=clock)


@pytest.mark.parametrize("number", range(1, len(pages()) + 1))
async def test_help_opens_every_page_and_comes_back(number: int, app: Any) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await pilot.press(PAGE_KEYS[number - 1][0])
        await pilot.pause()
        assert isinstance(app.screen, ManualScreen)
        assert app.screen.shown == pages()[number - 1]
        assert app.screen.query_one(Markdown).source == pages()[number - 1].text
        await pilot.press("escape")
        assert isinstance(app.screen, HelpScreen)


async def test_a_link_leads_to_its_page_and_others_nowhere(app: Any) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.read(pages()[0])
        await pilot.pause()
        markdown = app.screen.query_one(Markdown)
        app.screen.follow(Markdown.LinkClicked(markdown, "https://example.org"))
        await pilot.pause()
        assert app.screen.shown.name == "language"
        app.screen.follow(Markdown.LinkClicked(markdown, "time.md#zones"))
        await pilot.pause()
        assert app.screen.shown.name == "time"


async def test_the_palette_offers_every_page(app: Any) -> None:
    async with app.run_test():
        titles = [entry.title for entry in app.palette_entries()]
    assert [f"Manual: {page.title}" for page in pages()] == [title for title in titles if title.startswith("Manual")]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_commands_of_the_manual_exist(page: Any) -> None:
    for name in re.findall(r"redengine-tui ([a-z]+)\b(?!\.py)", page.text):
        assert name in COMMANDS, name
