"""The screen of one scheduler: colours, keys, and the way out. What it shows comes from a controller alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from weakref import WeakKeyDictionary

from textual.command import Provider
from textual.dom import DOMNode
from textual.events import Event, Paste

from redengine.abc import Controller
from redengine.docs import Page, pages
from redengine_tui import themes
from redengine_tui.actions import ACTIONS, Act, bindings, keys_of
from redengine_tui.frames import SPARING_FRAMES
from redengine_tui.leaving import ENDED, STOPPED, WayOut
from redengine_tui.palette import ActionProvider, Entry, Palette, ThemeProvider
from redengine_tui.screens.confirm import ConfirmScreen
from redengine_tui.screens.main import MainScreen
from redengine_tui.screens.steering import SteeringScreen
from redengine_tui.settings import DEFAULT_THEME, Settings
from redengine_tui.text import safe_block, safe_line
from redengine_tui.typeahead import KeysInOrder
from redengine_tui.viewonly import ViewOnly

#: Seconds a short message stays.
TOLD_FOR = 4.0


class RedEngineTUI(KeysInOrder[str]):
    """Shows a scheduler and lets an operator steer it. Ends when the operator leaves, which it returns
    (:data:`~redengine_tui.leaving.LEFT`), or had the scheduler stop."""

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
        stops_on_quit: bool = False,
        base: SteeringScreen | None = None,
    ) -> None:
        """``clock`` gives epoch seconds; ``shown`` is called once the screen is there. With ``read_only`` nothing that
        steers the scheduler is offered. Who leaves leaves it running, unless it ``stops_on_quit``. With ``slow_link``
        little is sent to the terminal, and little asked of the scheduler. ``base``: the screen to begin with, by
        default that of the scheduler."""
        super().__init__()
        if slow_link:
            self.frames = SPARING_FRAMES
        self.animation_level = "none"
        self.controller = ViewOnly(controller) if read_only else controller
        #: What the program begins with: the screen of this scheduler, or one over many.
        self.base = base or MainScreen(self.controller, clock, read_only=read_only, slow_link=slow_link)
        self.clock = clock
        self.settings = settings or Settings()
        self.read_only = read_only
        self._shown = shown
        self.stops_on_quit = stops_on_quit
        self._ways: WeakKeyDictionary[SteeringScreen, WayOut] = WeakKeyDictionary()
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

    @property
    def here(self) -> SteeringScreen:
        """The screen of a scheduler, or over many, that is shown, perhaps below others that are closed again."""
        above = self.screen_stack[::-1] if self._screen_stacks else []
        return next((screen for screen in above if isinstance(screen, SteeringScreen)), self.base)

    @property
    def main(self) -> MainScreen:
        """The screen of the scheduler that is shown; ``LookupError`` where that is one over many."""
        if isinstance(here := self.here, MainScreen):
            return here
        raise LookupError("the screen over many schedulers is shown")

    def on_mount(self) -> None:
        self.set_keymap(dict(self.settings.keys))
        self.push_screen(self.base)
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
                holder = self if act.where == "app" else self.here.holder_of(act)
                if holder is not None:
                    yield Entry(act.palette, act.help, partial(self._run, act, holder), self.keys_shown(act))
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
            self.push_screen(HelpScreen(self.keys_shown, self.here.helps()))

    # The way out

    @property
    def wayout(self) -> WayOut:
        """The way out of the screen that is shown, which remembers what was asked for there."""
        return self._ways.setdefault(self.here, WayOut(self, self.here))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only the scheduler whose screen is shown can be stopped, and not from a view-only screen."""
        if action == "stop":
            if not isinstance(here := self.here, MainScreen):
                return False
            return None if here.read_only else True
        return super().check_action(action, parameters)

    async def action_quit(self) -> None:
        """Leave: the scheduler goes on, unless it is to end with its screen."""
        if self._answers_harmlessly():
            return
        view = self.base.model.scheduler if isinstance(self.base, MainScreen) else None
        if view is not None and view.state in ENDED:
            self.exit(STOPPED)
        elif view is not None and self.stops_on_quit and not self.read_only:
            await self.wayout.stop(asks=bool(view.running))
        else:
            self.wayout.leave()

    async def action_stop(self) -> None:
        """Stop the scheduler, and then leave: always asks."""
        if self._answers_harmlessly() or not self.check_action("stop", ()):
            return
        view = self.main.model.scheduler
        if view.state in ENDED:
            self.wayout.end()
        else:
            await self.wayout.stop(asks=bool(view.running) or not self.stops_on_quit)

    def _answers_harmlessly(self) -> bool:
        """Take a key that leads out for the harmless answer to the question that is asked."""
        if isinstance(self.screen, ConfirmScreen):
            self.screen.action_harmless()
            return True
        return False

    def on_main_screen_scheduler_changed(self, event: MainScreen.SchedulerChanged) -> None:
        """End once the scheduler has stopped as it was asked to."""
        if (way := self._ways.get(event.screen)) is not None:
            way.note(event.view)
