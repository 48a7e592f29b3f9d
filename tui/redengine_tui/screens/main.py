"""The main screen: the task list, and what there is to know of the task under its cursor."""

from __future__ import annotations

from asyncio import TimerHandle, get_running_loop
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.dom import DOMNode
from textual.events import DescendantFocus
from textual.message import Message
from textual.widgets import Static

from redengine.abc import Controller
from redengine.control.messages import Hold, Link, Resume, SchedulerView
from redengine_tui import format
from redengine_tui.actions import ACTIONS, BY_ID, bindings
from redengine_tui.model import Model
from redengine_tui.panes.condition import ConditionPane
from redengine_tui.panes.log import LogPane
from redengine_tui.panes.pace import later
from redengine_tui.panes.pane import Pane
from redengine_tui.panes.parameters import ParametersPane
from redengine_tui.panes.tasks import TasksPane
from redengine_tui.screens.steering import SteeringScreen
from redengine_tui.staleness import PictureClock, is_stale
from redengine_tui.widgets.header import Header
from redengine_tui.widgets.keybar import KeyBar
from redengine_tui.widgets.tabs import PaneTabs

if TYPE_CHECKING:
    from redengine_tui.app import RedEngineTUI

#: Pulls of changes a second, at most, and where the link is to be spared.
FRAMES = 20
SPARING_FRAMES = 2
#: Seconds between two states that are sent over a link that is to be spared.
SPARING_PACE = 0.5
#: Cells and lines from which two panes find room side by side, and one above the other; below the least: none.
WIDE, HIGH = 110, 30
STACKED_HIGH = 36
LEAST = (40, 12)

_STEERING = frozenset(act.action for act in ACTIONS if act.where == "main" and act.steers)
_OF_THE_TASK = frozenset({"run_task", "toggle_task", "terminate_task"})


class MainScreen(SteeringScreen):
    """All panes at once where they find room, else the task list and one other, or one at a time."""

    BINDINGS = bindings("main")

    class SchedulerChanged(Message):
        """There is a new view of the scheduler."""

        def __init__(self, screen: MainScreen, view: SchedulerView) -> None:
            self.screen = screen
            self.view = view
            super().__init__()

    def __init__(
        self,
        controller: Controller,
        clock: Callable[[], float],
        *,
        read_only: bool = False,
        slow_link: bool = False,
        task: str | None = None,
        visited: bool = False,
    ) -> None:
        """``clock`` gives the scheduler's time in epoch seconds; with ``slow_link`` the link is spared from the start,
        else when it is found to be slow. ``task``: the one to put the cursor on; ``visited``: whether one comes from a
        screen over many schedulers, and goes back there."""
        super().__init__()
        self.visited = visited
        self._begin_at = task
        self.controller = controller
        self.clock = clock = PictureClock(clock, controller.link)
        self._read_only = read_only
        self.slow_link = slow_link
        #: How the link was when it was looked at last.
        self._sparing = self._stale = self._lost = False
        self.model = Model(controller.snapshot())
        self.tasks = TasksPane(controller, clock, id="tasks")
        self.condition = ConditionPane(controller, clock, id="condition")
        #: By name, in the order in which ``tab`` goes through them.
        self.panes: dict[str, Pane] = {
            "tasks": self.tasks,
            "condition": self.condition,
            "parameters": ParametersPane(controller, clock, id="parameters"),
            "log": LogPane(controller, clock, id="log"),
        }
        #: The pane that has, or had last, the keyboard; and the last one that was not the task list.
        self.pane = "tasks"
        self._other = "condition"
        self._unsubscribe: Callable[[], None] | None = None
        self._pull_timer: TimerHandle | None = None
        self._pulled = 0.0

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed from here."""
        link: Link | None = self.controller.link()
        return self._read_only or (link is not None and link.role == "read")

    def compose(self) -> ComposeResult:
        yield Header(self.clock, self.controller.link)
        yield PaneTabs()
        with Container(id="body"):
            yield from self.panes.values()
        yield Static(id="small")
        yield KeyBar()

    def on_mount(self) -> None:
        self._unsubscribe = self.controller.subscribe(self._wake)
        # Again, now that no change can be missed; and a wake-up that is pending since before is answered.
        snapshot = self.controller.snapshot()
        self.model = Model(snapshot)
        self._tell_zone()
        self._wake()
        header = self.query_one(Header)
        header.read_only = self._read_only
        header.show(snapshot.scheduler)
        self.tasks.load(snapshot)
        if self._begin_at is not None:
            self.tasks.table.rearranged(self._begin_at)
        self._look_at_link()
        self.set_interval(1, self._tick)
        self._arrange()
        self.tasks.take_focus()

    def on_unmount(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()

    # The way of the data

    def _wake(self) -> None:
        """Something is new: pull it, but no more often than the eye can follow."""
        if self._pull_timer is None:
            wait = max(self._pulled + 1 / (SPARING_FRAMES if self._sparing else FRAMES) - get_running_loop().time(), 0)
            self._pull_timer = later(self, wait, self._pull)

    def _pull(self) -> None:
        self._pull_timer = None
        self._pulled = get_running_loop().time()
        delta = self.controller.changes(self.model.seq)
        before = self.model.scheduler
        self._look_at_link()
        self.model.apply(delta)
        if delta.scheduler.timezone != before.timezone:
            self._tell_zone()
        self.query_one(Header).show(delta.scheduler)
        for pane in self.panes.values():
            pane.changed(delta)
        if delta.scheduler != before:
            self.post_message(self.SchedulerChanged(self, delta.scheduler))

    def _tell_zone(self) -> None:
        zone = format.zone(self.model.scheduler.timezone)
        self.query_one(Header).zone = zone
        for pane in self.panes.values():
            pane.zone = zone

    def _look_at_link(self) -> None:
        """Show what is known of a link that is lost as what it was, and spare a slow one."""
        link: Link | None = self.controller.link()
        stale, before = is_stale(link), self._lost
        self._lost = link is not None and link.state != "connected"
        if before and not self._lost:
            for pane in self.panes.values():
                pane.reconnected()
        if stale != self._stale:
            self._stale = stale
            for pane in self.panes.values():
                pane.fade(stale)
        sparing = self.slow_link or (link is not None and link.slow)
        if sparing != self._sparing:
            self._sparing = self.query_one(Header).sparing = sparing
            self.controller.set_pace(SPARING_PACE if sparing else 0.0)
            for pane in self.panes.values():
                pane.spare(sparing)

    def _tick(self) -> None:
        self._look_at_link()
        self.query_one(Header).tick()
        for pane in self.panes.values():
            pane.tick()

    @on(TasksPane.TaskHighlighted)
    def _highlighted(self, event: TasksPane.TaskHighlighted) -> None:
        event.stop()
        # The cursor is seen in its new place first: the other panes have more to draw.
        self.call_after_refresh(self._follow_cursor)

    def _follow_cursor(self) -> None:
        """Have the other panes show the task under the cursor as it is now: a message may have been overtaken."""
        view = self.tasks.current
        for name, pane in self.panes.items():
            if name != "tasks":
                pane.show_task(view)

    # Where the panes are

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Show the panes that find room."""
        width, height = self.size
        small = width < LEAST[0] or height < LEAST[1]
        every = width >= WIDE and height >= HIGH
        beside = width >= WIDE and not every
        stacked = width < WIDE and height >= STACKED_HIGH
        self.set_class(small, "-small")
        body = self.query_one("#body")
        for name, holds in (("-every", every), ("-beside", beside), ("-stacked", stacked)):
            body.set_class(holds, name)
        self.query_one("#small", Static).update(
            Content(f"{width}×{height} is too small.\n{LEAST[0]}×{LEAST[1]} is needed.")
        )
        for name, pane in self.panes.items():
            if beside or stacked:
                pane.display = name in ("tasks", self._other)
            else:
                pane.display = every or name == self.pane
        tabs = self.query_one(PaneTabs)
        tabs.display = not every and not small
        tabs.show(
            [(name, pane.TITLE, self._key(name)) for name, pane in self.panes.items()],
            self.pane,
        )

    def _key(self, pane: str) -> str:
        return cast("RedEngineTUI", self.app).keys_shown(BY_ID[f"pane.{pane}"]).split(" ")[0]

    def _go(self, name: str) -> None:
        self.pane = name
        if name != "tasks":
            self._other = name
        self._arrange()
        self.panes[name].take_focus()

    @on(DescendantFocus)
    def _focused(self, event: DescendantFocus) -> None:
        for name, pane in self.panes.items():
            if name != self.pane and pane in event.widget.ancestors:
                self.pane = name
                self._other = name if name != "tasks" else self._other
                self._arrange()
                self.refresh_bindings()

    @on(PaneTabs.Clicked)
    def _tab_clicked(self, event: PaneTabs.Clicked) -> None:
        event.stop()
        self._go(event.pane)

    def holder(self, where: str) -> DOMNode | None:
        if where == "main":
            return self
        return self.panes.get(where)

    def drafts(self) -> list[str]:
        return list(self.condition.drafts)

    def helps(self) -> list[str]:
        return [pane.HELP for pane in self.panes.values() if pane.HELP]

    def action_show_pane(self, name: str) -> None:
        """Show a pane and give it the keyboard."""
        self._go(name)

    def action_edit_condition(self) -> None:
        """Show the condition and let it be edited."""
        self._follow_cursor()
        self._go("condition")
        self.condition.edit()

    def action_show_tasks(self) -> None:
        """Back to the task list."""
        self._go("tasks")

    def action_leave_visit(self) -> None:
        """Back to the screen over many schedulers."""
        self.dismiss()

    def action_next_pane(self) -> None:
        """Go to the next pane."""
        self._step(1)

    def action_previous_pane(self) -> None:
        """Go to the previous pane."""
        self._step(-1)

    def _step(self, by: int) -> None:
        names = list(self.panes)
        self._go(names[(names.index(self.pane) + by) % len(names)])

    # Steering

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is done to what cannot be seen, and on a view-only screen nothing at all."""
        if action == "show_tasks":
            # Where it leads nowhere it is not named either.
            return self.pane != "tasks"
        if action == "leave_visit":
            return self.visited and self.pane == "tasks"
        if action not in _STEERING:
            return True
        if self.has_class("-small"):
            return False
        if action in _OF_THE_TASK and self.pane == "log" and not self.tasks.display:
            # The cursor of the log is on a record, perhaps of another task than the one this would be done to.
            return False
        return None if self.read_only else True

    def action_toggle_hold(self) -> None:
        """Hold the scheduler, or resume it."""
        if self.model.scheduler.state == "held":
            self._send(Resume(), "Resumed: tasks start by their conditions again")
        else:
            self._send(Hold(), "Held: nothing starts by condition until you resume")
