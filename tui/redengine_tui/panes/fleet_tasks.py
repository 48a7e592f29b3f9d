"""The tasks of many schedulers in one list."""

from __future__ import annotations

from typing import Any, ClassVar

from redengine.control.messages import Delta
from redengine_tui.fleet import FleetController
from redengine_tui.panes.tasks import TasksPane
from redengine_tui.widgets.fleet_table import FleetTable
from redengine_tui.widgets.task_table import TaskTable


class FleetTasksPane(TasksPane):
    """The task list, with the scheduler of each task."""

    FILTERS_BY: ClassVar[str] = "scheduler, name, state or condition"
    HELP: ClassVar[str] = ""

    def __init__(self, fleet: FleetController, **kwargs: Any) -> None:
        self.fleet = fleet
        super().__init__(fleet, fleet.clock, **kwargs)

    def _make_table(self) -> TaskTable:
        return FleetTable(self.fleet, id="list")

    def _none_at_all(self) -> tuple[str, ...]:
        if any(member.controller is not None for member in self.fleet.members):
            return ("The schedulers that are connected have no tasks.",)
        return ("No scheduler is connected yet: each line above says why.",)

    def changed(self, delta: Delta) -> None:
        super().changed(delta)
        if not delta.tasks:
            self._count()

    def look_at_links(self) -> None:
        """Show what is known of schedulers that are not heard from as what it was."""
        if isinstance(self.table, FleetTable):
            self.table.look_at_links()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # What the key does here is to open the scheduler's own screen, which has them.
        return False if action == "details" else super().check_action(action, parameters)

    def action_details(self) -> None:
        """A row was clicked once more: open its scheduler's own screen."""
        self.call_later(self.screen.run_action, "open_scheduler")
