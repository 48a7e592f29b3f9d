"""The screen of one scheduler: colours, keys, and the way out. What it shows comes from a controller alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

from textual.command import Provider
from textual.dom import DOMNode
from textual.events import Event, Paste

from redengine.abc import Controller
from redengine.control.messages import Reply, SchedulerView, ShutDown
from redengine.docs import Page, pages
from redengine_tui import themes
from redengine_tui.actions import ACTIONS, Act, bindings, keys_of
from redengine_tui.frames import SPARING_FRAMES
from redengine_tui.palette import ActionProvider, Entry, Palette, ThemeProvider
from redengine_tui.screens.confirm import Choice, ConfirmScreen
from redengine_tui.screens.main import MainScreen
from redengine_tui.settings import DEFAULT_THEME, Settings
from redengine_tui.text import safe_block, safe_line
from redengine_tui.typeahead import KeysInOrder
from redengine_tui.viewonly import ViewOnly

#: Seconds a short message stays.
TOLD_FOR = 4.0
ENDED = ("stopped", "failed")

Leaving = Literal["wait", "terminate", "at once", "stay"]


class RedEngineTUI(KeysInOrder[None]):
    """Shows a scheduler and lets an operator steer it. Ends when the operator quits and the scheduler has stopped."""

    CSS_PATH = "styles/app.tcss"
    BINDINGS = bindings("app")

    def __init__(
        self,
        controller: Controller,
        *,
        clock: Callable[[], float] = time.time,
        settings: Settings | None = None,
        read_only: bool = False,
        slow_link: bool = False,
        shown: Callable[[], object] | None = None,
    ) -> None:
        """``clock`` gives epoch seconds; ``shown`` is called once the screen is there. With ``read_only`` nothing that
        steers the scheduler is offered, and quitting leaves it running. With ``slow_link`` little is sent to the
        terminal, and little asked of the scheduler."""
        super().__init__()
        if slow_link:
            self.frames = SPARING_FRAMES
        self.animation_level = "none"
        self.controller = ViewOnly(controller) if read_only else controller
        self.clock = clock
        self.settings = settings or Settings()
        self.read_only = read_only
        self._shown = shown
        self.main = MainScreen(self.controller, clock, read_only=read_only, slow_link=slow_link)
        #: What was asked of the scheduler on the way out; empty: nothing yet.
        self._leaving: Literal["", "wait", "terminate"] = ""
        self._themes, self._theme_problems = themes.load(self.settings.themes)
        for theme, _about in self._themes.values():
            self.register_theme(theme)
        self.theme = self._known_theme()

    def _known_theme(self) -> str:
        if self.settings.theme in self.available_themes:
            return self.settings.theme
        there = ", ".join(sorted(self._themes))
        self._theme_problems += (safe_line(f'There is no theme "{self.settings.theme}"; there are {there}.'),)
        return DEFAULT_THEME

    def on_mount(self) -> None:
        self.set_keymap(dict(self.settings.keys))
        self.push_screen(self.main)
        self.title = safe_line(self.controller.snapshot().scheduler.project)
        for problem in (*self.settings.problems, *self._theme_problems):
            self.tell(problem, bad=True)

    def on_ready(self) -> None:
        if self._shown is not None:
            self._shown()

    async def on_event(self, event: Event) -> None:
        """Make pasted text safe before any input takes it: inputs show what they hold as it is."""
        if isinstance(event, Paste):
            # Terminals send the line ends of what is pasted as those of the enter key.
            event.text = safe_block(event.text.replace("\r\n", "\n").replace("\r", "\n"))
        await super().on_event(event)

    def tell(self, text: str, *, bad: bool = False) -> None:
        """Show a short message for a moment. ``text`` may be raw."""
        self.notify(
            safe_line(text, 300),
            severity="warning" if bad else "information",
            timeout=TOLD_FOR * 2 if bad else TOLD_FOR,
            markup=False,
        )

    def keys_shown(self, act: Act) -> str:
        """The keys of an action as they are now, for people to read."""
        binding = act.binding()
        return " ".join(self.get_key_display(binding.with_key(key)) for key in keys_of(act, self.settings.keys))

    def action_redraw(self) -> None:
        """Draw the screen again, whatever the terminal shows."""
        self.redraw()

    # Themes

    def action_theme(self) -> None:
        """Choose a theme from a list."""
        self._open_palette(ThemeProvider, "Choose a theme")

    def action_command_palette(self) -> None:
        """Find an action or a theme by its name."""
        self._open_palette(ActionProvider, "Search for commands …")

    def _open_palette(self, provider: type[Provider], placeholder: str) -> None:
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette([provider], placeholder=placeholder))

    def choose_theme(self, name: str) -> None:
        """Show another theme, and keep it."""
        self.theme = name
        if problem := self.settings.keep_theme(name):
            self.tell(problem, bad=True)

    def theme_entries(self) -> Iterator[Entry]:
        """What the palette offers of themes."""
        for name, (_theme, about) in sorted(self._themes.items()):
            yield Entry(f"Theme: {name}", about, partial(self.choose_theme, name))

    # Palette and help

    def palette_entries(self) -> Iterator[Entry]:
        """What the command palette offers: actions that make sense where it was opened, and themes."""
        for act in ACTIONS:
            if act.palette and not (act.steers and self.read_only):
                holder = self if act.where == "app" else self.main.holder(act.where)
                keys = self.keys_shown(act)
                yield Entry(act.palette, act.help, partial(self._run, act, holder), keys)
        for page in pages():
            yield Entry(f"Manual: {page.title}", "Read this page", partial(self.read, page))
        yield from self.theme_entries()

    async def _run(self, act: Act, holder: DOMNode) -> None:
        await self.run_action(act.action, holder)

    def read(self, page: Page) -> None:
        """Show a page of the manual."""
        # Here, and for help below: what both need to read Markdown takes a while to import.
        from redengine_tui.screens.manual import ManualScreen

        self.push_screen(ManualScreen(page))

    def action_help(self) -> None:
        """Show the help page."""
        from redengine_tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.keys_shown, self.main.helps()))

    # The way out

    async def action_quit(self) -> None:
        """Leave: at once when nothing runs, else ask what is to become of what runs."""
        if isinstance(self.screen, ConfirmScreen):
            self.screen.action_harmless()
            return
        view = self.main.model.scheduler
        if self.read_only or view.state in ENDED:
            self.exit()
        elif self._leaving == "terminate":
            self._ask(
                "The scheduler has not stopped yet.",
                "It was told to terminate what runs. You can leave without waiting for it.",
                (Choice("l", "Leave now", "at once", costs=True), Choice("w", "Wait", "stay")),
            )
        elif self._leaving:
            self._ask(
                f"Still waiting for {_tasks(view.running)}.",
                "Terminated tasks lose the work they have under way.",
                (Choice("t", "Terminate them", "terminate", costs=True), Choice("w", "Wait", "stay")),
            )
        elif view.running:
            self._ask(
                f"Quit while {_tasks(view.running)} {'runs' if view.running == 1 else 'run'}?",
                "Nothing new is started while the scheduler waits for them.",
                (
                    Choice("w", "Wait for them", "wait"),
                    Choice("t", "Terminate them", "terminate", costs=True),
                    Choice("s", "Stay", "stay"),
                ),
            )
        else:
            await self._leave("wait")

    def _ask(self, question: str, detail: str, choices: tuple[Choice[Leaving], ...]) -> None:
        self.push_screen(ConfirmScreen(question, detail, choices), self._leave)

    async def _leave(self, how: Leaving | None) -> None:
        if how == "at once":
            self.exit()
        elif how in ("wait", "terminate"):
            before, self._leaving = self._leaving, how
            reply: Reply = await self.controller.send(ShutDown(force=how == "terminate"))
            if not reply.ok:
                self._leaving = before
                self.tell(f"Not stopped: {reply.message}", bad=True)
            elif self.main.model.scheduler.running:
                self.tell("Stopping …")

    def on_main_screen_scheduler_changed(self, event: MainScreen.SchedulerChanged) -> None:
        """End once the scheduler has stopped as it was asked to."""
        self._note(event.view)

    def _note(self, view: SchedulerView) -> None:
        if self._leaving and view.state in ENDED:
            self.exit()


def _tasks(count: int) -> str:
    return "a task" if count == 1 else f"{count} tasks"
