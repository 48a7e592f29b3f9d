"""The help page: every key, from the registry, and what every sign means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import cleandoc

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Markdown

from redengine.docs import page
from redengine_tui.actions import HEADINGS, Act, held_by
from redengine_tui.panes.ink import INK
from redengine_tui.screens.manual import PAGE_KEYS, ManualScreen, manual_rows
from redengine_tui.screens.reading import ReadingScreen, Section
from redengine_tui.states import SCHEDULER_STATES, TASK_STATES, Look


class HelpScreen(ReadingScreen):
    """Keys by where they work, the pages of the manual, what the signs mean, and what each pane is for."""

    BINDINGS = [Binding(key, f"read({each.name!r})", each.title, show=False) for key, each in PAGE_KEYS]

    def __init__(self, keys: Callable[[Act], str], panes: Sequence[str]) -> None:
        """``keys`` gives the keys of an act as they are shown; ``panes`` the Markdown about each pane."""
        super().__init__()
        self.keys = keys
        self.panes = panes

    def headline(self) -> Content:
        return Content("Help")

    def action_read(self, name: str) -> None:
        """Open a page of the manual; closing it comes back here."""
        self.app.push_screen(ManualScreen(page(name)))

    def page(self) -> ComposeResult:
        width = max(len(self.keys(act)) for where in HEADINGS for act in held_by(where))
        yield Section("Manual", manual_rows(lambda key: _tinted(key, "accent")), width)
        for where, heading in HEADINGS.items():
            rows = [(_tinted(keys, "accent"), Content(act.help)) for act in held_by(where) if (keys := self.keys(act))]
            yield Section(heading, rows, width)
        yield Section("States of a task", _signs(TASK_STATES, "The task "), width)
        yield Section("States of the scheduler", _signs(SCHEDULER_STATES, "It "), width)
        for text in self.panes:
            yield Markdown(cleandoc(text), open_links=False)


def _tinted(text: str, colour: str) -> Content:
    return Content.styled(text, INK[colour])


def _signs(looks: Mapping[str, Look], start: str) -> list[tuple[Content, Content]]:
    return [(_tinted(str(look), look.colour), Content(start + look.meaning)) for look in looks.values()]
