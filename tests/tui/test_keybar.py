"""The footer: what is left of it when other keys are offered."""

from __future__ import annotations

import gc

from textual.widgets._footer import FooterKey

from redengine_tui.app import RedEngineTUI
from redengine_tui.widgets.keybar import KeyBar


def alive() -> int:
    gc.collect()
    return sum(isinstance(thing, FooterKey) for thing in gc.get_objects())


async def test_keys_that_are_offered_no_more_are_not_kept(controller, clock):
    app = RedEngineTUI(controller, clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        bar = app.main.query_one(KeyBar)

        async def go_round():
            for key in ("l", "slash", "escape", "escape"):
                await pilot.press(key)
                await pilot.pause()

        await go_round()
        before = alive()
        for _ in range(3):
            await go_round()
        assert bar.children
        # Some may still be on their way out.
        assert alive() < before + len(bar.children)


async def test_in_80_columns_the_log_offers_its_filters_and_what_is_done_with_a_hit(controller, clock):
    app = RedEngineTUI(controller, clock=clock)

    def offered():
        return [key.description for key in app.main.query_one(KeyBar).query(FooterKey)]

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("l")
        await pilot.pause()
        assert offered() == ["Open", "Find", "Kind", "Task", "Time", "Go to", "Around", "Tasks", "Help", "Leave"]
        await pilot.press("a")
        await pilot.pause()
        await pilot.pause()
        assert offered() == ["Open", "Find", "Kind", "Task", "Time", "All", "Around", "Tasks", "Help", "Leave"]
