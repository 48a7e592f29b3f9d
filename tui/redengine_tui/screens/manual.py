"""A page of the manual: what the README links to, read in the program."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Markdown

from redengine.docs import Page, page, pages
from redengine_tui.screens.reading import ReadingScreen

#: The keys of the pages, in their order.
PAGE_KEYS = tuple(zip("1234567890", pages(), strict=False))


class ManualScreen(ReadingScreen):
    """One page of the manual. Links lead to other pages."""

    BINDINGS = [Binding(key, f"turn({each.name!r})", each.title, show=False) for key, each in PAGE_KEYS]

    def __init__(self, shown: Page) -> None:
        super().__init__()
        self.shown = shown

    def headline(self) -> Content:
        """Which page it is, of how many."""
        return Content(f"Manual {self.shown.order + 1} of {len(PAGE_KEYS)} · {self.shown.title}")

    def page(self) -> ComposeResult:
        """The page."""
        yield Markdown(self.shown.text, open_links=False)

    def action_turn(self, name: str) -> None:
        """Show another page."""
        self.app.switch_screen(ManualScreen(page(name)))

    @on(Markdown.LinkClicked)
    def follow(self, event: Markdown.LinkClicked) -> None:
        """Go where a link leads, if that is a page of the manual."""
        event.stop()
        try:
            found = page(event.href)
        except KeyError:
            return
        self.action_turn(found.name)


def manual_rows(tint: Callable[[str], Content]) -> Sequence[tuple[Content, Content]]:
    """The pages with their keys, for the help page."""
    return [(tint(key), Content(each.title)) for key, each in PAGE_KEYS]
