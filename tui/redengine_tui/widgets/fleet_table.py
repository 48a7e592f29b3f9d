"""The list of the tasks of many schedulers: that of one, and beside each task whose it is."""

from __future__ import annotations

from dataclasses import replace

from redengine.control.messages import TaskView
from redengine_tui.fleet import FleetController, FleetTask, Member
from redengine_tui.states import ENDING
from redengine_tui.text import safe_line
from redengine_tui.widgets.columns import COLUMNS, Cell, Column, Moment
from redengine_tui.widgets.roster import Roster
from redengine_tui.widgets.task_table import TaskTable


def _scheduler(view: TaskView) -> str:
    return view.scheduler if isinstance(view, FleetTask) else ""


def _own_name(view: TaskView) -> str:
    return view.task if isinstance(view, FleetTask) else view.name


def _columns() -> tuple[Column, ...]:
    """Those of one scheduler, but that a condition gives way early: which task of whom it is matters more."""
    of_one = {column.id: column for column in COLUMNS}
    show_name = of_one["name"].cell
    of_one["name"] = replace(
        of_one["name"],
        cell=lambda view, at: Cell(safe_line(_own_name(view)), show_name(view, at).colour),
        key=lambda view: _own_name(view).casefold(),
    )
    of_one["condition"] = replace(of_one["condition"], wide=110)
    scheduler = Column(
        "scheduler",
        "Scheduler",
        lambda view, at: Cell(safe_line(_scheduler(view))),
        lambda view: _scheduler(view).casefold(),
        10,
    )
    state, *others = of_one.values()
    return (state, scheduler, *others)


FLEET_COLUMNS = _columns()


class FleetTable(TaskTable):
    """Tasks of which each is shown at the time of its own scheduler, and faint when nothing is heard from that."""

    def __init__(self, fleet: FleetController, *, id: str | None = None) -> None:
        super().__init__(Roster(FLEET_COLUMNS), fleet.clock, id=id)
        self.fleet = fleet
        #: Those that are not heard from, and those in which nothing starts any more.
        self._old: frozenset[Member] = frozenset()
        self._ended: frozenset[Member] = frozenset()

    def moment(self, view: TaskView) -> Moment:
        member = self.fleet.member_of(view.name)
        return Moment(self.clock() if member is None else member.clock(), self.zone, self.sparing)

    def is_stale(self, view: TaskView) -> bool:
        member = self.fleet.member_of(view.name)
        return member is not None and member in self._old

    def is_ending(self, view: TaskView) -> bool:
        member = self.fleet.member_of(view.name)
        return member is not None and member in self._ended

    def look_at_links(self) -> None:
        """Show what is known of schedulers that are not heard from as what it was."""
        members = self.fleet.members
        old = frozenset(member for member in members if member.is_stale)
        ended = frozenset(
            member for member in members if member.scheduler is not None and member.scheduler.state in ENDING
        )
        if (old, ended) != (self._old, self._ended):
            self._old, self._ended = old, ended
            self._edition += 1
            self.refresh()
