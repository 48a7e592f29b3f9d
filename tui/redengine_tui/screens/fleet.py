"""One screen over many schedulers: a line for each, and below one list of all their tasks."""

from __future__ import annotations

from asyncio import TimerHandle, get_running_loop
from collections.abc import Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.dom import DOMNode
from textual.events import DescendantFocus

from redengine.abc import Controller
from redengine.control.messages import Hold, Resume, TaskView
from redengine_tui.actions import ACTIONS, SHARED, bindings, shared_bindings
from redengine_tui.fleet import FleetController, FleetTask, Member
from redengine_tui.panes.fleet_tasks import FleetTasksPane
from redengine_tui.panes.pace import later
from redengine_tui.panes.pane import Pane
from redengine_tui.panes.rows import Rows
from redengine_tui.panes.schedulers import SchedulersPane
from redengine_tui.panes.tasks import TasksPane
from redengine_tui.screens.main import FRAMES, SPARING_FRAMES, SPARING_PACE, MainScreen
from redengine_tui.screens.steering import SteeringScreen
from redengine_tui.viewonly import ViewOnly
from redengine_tui.widgets.fleet_header import FleetHeader
from redengine_tui.widgets.keybar import KeyBar

_STEERING = frozenset(act.action for act in ACTIONS if act.id in SHARED and act.steers)
_OF_THE_TASK = _STEERING - {"toggle_hold"}
#: Lines of the list of schedulers beside its rows: its frame, and its titles.
FRAME = 3
#: Share of the screen that it has, at most.
SHARE = 0.4


class FleetScreen(SteeringScreen):
    """Watches many schedulers, and steers each."""

    BINDINGS = [*bindings("fleet"), *shared_bindings()]
    SHARED = SHARED

    def __init__(self, fleet: FleetController, *, read_only: bool = False, slow_link: bool = False) -> None:
        super().__init__()
        self.fleet = fleet
        self.controller: Controller = ViewOnly(fleet) if read_only else fleet
        self.clock: Callable[[], float] = fleet.clock
        self.read_only = read_only
        self.slow_link = slow_link
        self._seq = 0
        self.schedulers = SchedulersPane(fleet, id="schedulers")
        self.tasks = self._list = FleetTasksPane(fleet, id="tasks")
        #: By name, in the order in which ``tab`` goes through them.
        self.panes: dict[str, Pane] = {"tasks": self.tasks, "schedulers": self.schedulers}
        self._unsubscribe: Callable[[], None] | None = None
        self._pull_timer: TimerHandle | None = None
        self._pulled = 0.0

    def compose(self) -> ComposeResult:
        yield FleetHeader(self.fleet, self.clock, read_only=self.read_only)
        yield self.schedulers
        yield self.tasks
        yield KeyBar()

    def on_mount(self) -> None:
        self._unsubscribe = self.fleet.subscribe(self._wake)
        snapshot = self.fleet.snapshot()
        self._seq = snapshot.seq
        if self.slow_link:
            self.query_one(FleetHeader).sparing = True
            self.fleet.set_pace(SPARING_PACE)
            for pane in self.panes.values():
                pane.spare(True)
        self.query_one(FleetHeader).show(snapshot.scheduler)
        self.tasks.load(snapshot)
        self.set_interval(1, self._tick)
        self._wake()
        self._arrange()
        self.tasks.take_focus()

    def on_unmount(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()

    # The way of the data

    def _wake(self) -> None:
        """Something is new: pull it, but no more often than the eye can follow."""
        if self._pull_timer is None:
            pause = 1 / (SPARING_FRAMES if self.slow_link else FRAMES)
            wait = max(self._pulled + pause - get_running_loop().time(), 0)
            self._pull_timer = later(self, wait, self._pull)

    def _pull(self) -> None:
        self._pull_timer = None
        self._pulled = get_running_loop().time()
        delta = self.fleet.changes(self._seq)
        self._seq = delta.seq
        self.query_one(FleetHeader).show(delta.scheduler)
        self.tasks.changed(delta)
        self._look_at_links()

    def _look_at_links(self) -> None:
        self.schedulers.update()
        self._list.look_at_links()

    def _tick(self) -> None:
        self.query_one(FleetHeader).tick()
        self._look_at_links()
        self.tasks.tick()

    # Where the panes are

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Give the list of schedulers what it needs, but never most of the screen."""
        most = max(int(self.size.height * SHARE), FRAME + 1)
        self.schedulers.styles.height = min(len(self.fleet.members) + FRAME, most)

    @on(DescendantFocus)
    def _focused(self) -> None:
        self.refresh_bindings()

    def holder(self, where: str) -> DOMNode | None:
        return self if where == "fleet" else self.panes.get(where)

    def drafts(self) -> list[str]:
        return [f"{name} on {member.label}" for member in self.fleet.members for name in member.drafts]

    def helps(self) -> list[str]:
        return [self.schedulers.HELP, TasksPane.HELP]

    def action_next_pane(self) -> None:
        """Go to the other list."""
        (self.tasks if self._in_schedulers else self.schedulers).take_focus()

    action_previous_pane = action_next_pane

    @property
    def _in_schedulers(self) -> bool:
        return self.focused is self.schedulers.rows

    @on(SchedulersPane.Only)
    def _only(self, event: SchedulersPane.Only) -> None:
        event.stop()
        # As the filter sees it: the label, and what parts it from the name.
        self.tasks.filter_by(event.member.label)

    # Steering

    @property
    def member(self) -> Member | None:
        """The scheduler under the cursor, or of the task under the cursor."""
        if self._in_schedulers:
            return self.schedulers.current
        view = self.tasks.current
        return None if view is None else self.fleet.member_of(view.name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is offered that the scheduler under the cursor would refuse."""
        if action == "open_scheduler":
            return self.member is not None
        if action not in _STEERING:
            return True
        if action in _OF_THE_TASK and self._in_schedulers:
            # The cursor is on a scheduler: which task is meant?
            return False
        member = self.member
        may = not self.read_only and member is not None and member.link.role == "operate"
        return True if may else None

    def called(self, view: TaskView) -> str:
        return f"{view.task} on {view.scheduler}" if isinstance(view, FleetTask) else view.name

    def time_of(self, view: TaskView) -> float:
        member = self.fleet.member_of(view.name)
        return self.clock() if member is None else member.clock()

    def action_toggle_hold(self) -> None:
        """Hold the scheduler under the cursor, or resume it."""
        if (member := self.member) is None:
            self._tell("There is no scheduler under the cursor", bad=True)
            return
        send = partial(self.fleet.send_to, member)
        if member.scheduler is not None and member.scheduler.state == "held":
            self._send(Resume(), f"Resumed {member.label}: tasks start by their conditions again", send)
        else:
            self._send(Hold(), f"Held {member.label}: nothing starts by condition until you resume", send)

    @on(Rows.Chosen)
    def _chosen_again(self, event: Rows.Chosen) -> None:
        event.stop()
        self.action_open_scheduler()

    def action_open_scheduler(self) -> None:
        """Open the own screen of the scheduler under the cursor, or of the task under the cursor."""
        member = self.member
        if member is None:
            return
        if member.controller is None:
            why = member.link.problem
            self._tell(f"{member.label} is not connected{f': {why}' if why else ' yet'}", bad=True)
            return
        view = None if self._in_schedulers else self.tasks.current
        screen = MainScreen(
            ViewOnly(member.controller) if self.read_only else member.controller,
            member.now,
            read_only=self.read_only,
            slow_link=self.slow_link,
            task=view.task if isinstance(view, FleetTask) else None,
            visited=True,
        )
        screen.condition.drafts = member.drafts
        self.app.push_screen(screen)
