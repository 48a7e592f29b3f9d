"""The task list: what runs, how it went, what is next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from redengine.abc import Controller
from redengine.control.messages import Delta, Snapshot, TaskView
from redengine_tui.actions import bindings
from redengine_tui.panes.ink import write_border
from redengine_tui.panes.pane import Pane
from redengine_tui.panes.rows import Rows
from redengine_tui.screens.task import TaskScreen
from redengine_tui.states import ENDING
from redengine_tui.text import safe_line
from redengine_tui.widgets.roster import Roster
from redengine_tui.widgets.task_table import TaskHeading, TaskTable


class TasksPane(Pane):
    """The list of tasks, which can be filtered and sorted."""

    TITLE = "Tasks"
    HELP = """
# Tasks

Every task of the project. What you do with `r`, `d` and `t` is done to the task under the cursor, and the other panes
show that task.

**Took** is how long the newest ended run took, or how long a live one has been going. **Before**, on
a wide screen, is how the newest ended run went of a task whose state tells something else: that it runs, for one.
**Next run** is a time where one is known (in brackets while nothing starts at it, as the scheduler is on hold), *after*
other tasks, *when* something happens that has no time, or *never* by itself.
"""
    BINDINGS = bindings("tasks")
    #: What the filter looks at.
    FILTERS_BY: ClassVar[str] = "name, state or condition"

    DEFAULT_CSS = """
    TasksPane {
        & > #filter {
            display: none;
            height: 1;
            border: none;
            padding: 0 1;
            margin: 0;
            background: $surface;
            &.-open {
                display: block;
            }
        }
    }
    """

    class TaskHighlighted(Message):
        """The cursor is on another task, or the view of the task it is on changed; ``None``: on no task."""

        def __init__(self, view: TaskView | None) -> None:
            self.view = view
            super().__init__()

    def __init__(self, controller: Controller, clock: Callable[[], float], **kwargs: Any) -> None:
        super().__init__(controller, clock, **kwargs)
        self.table = self._make_table()
        self.roster = self.table.roster
        self._entry = Input(placeholder=self.FILTERS_BY, id="filter", select_on_focus=False)
        self._entry.cursor_blink = False
        #: The task that was under the cursor when the filter was gone to.
        self._before: str | None = None
        #: Where a project without tasks is, so that one can be written into it.
        self._path = ""

    def _make_table(self) -> TaskTable:
        return TaskTable(Roster(), self.clock, id="list")

    def _none_at_all(self) -> tuple[str, ...]:
        """What is said where there is no task, filter or not."""
        return (
            "This project has no tasks yet. Declare one in",
            safe_line(self._path) or "the project file",
            'with @app.task("daily") above a function, and start again.',
        )

    def compose(self) -> ComposeResult:
        yield self._entry
        yield TaskHeading(self.table)
        yield self.table

    # What is shown

    def load(self, snapshot: Snapshot) -> None:
        """Show these tasks and no others."""
        self.table.end(snapshot.scheduler.state in ENDING)
        self.table.zone = self.zone
        self._path = snapshot.scheduler.path
        self.roster.replace(snapshot.tasks)
        self._count()
        self.table.load()

    def changed(self, delta: Delta) -> None:
        self.table.end(delta.scheduler.state in ENDING)
        if not delta.tasks and not delta.removed:
            return
        self.table.show(self.roster.update(delta.tasks, delta.removed), delta.tasks)
        self._count()
        if any(view.name == self.table.current for view in delta.tasks):
            self._tell()

    def tick(self) -> None:
        self.table.tick()

    def spare(self, sparing: bool) -> None:
        super().spare(sparing)
        self.table.spare(sparing)

    def fade(self, stale: bool) -> None:
        self.table.fade(stale)

    @property
    def current(self) -> TaskView | None:
        """The task under the cursor."""
        return None if self.table.current is None else self.roster.views.get(self.table.current)

    def take_focus(self) -> None:
        self.screen.set_focus(self.table)

    def _tell(self) -> None:
        self.post_message(self.TaskHighlighted(self.current))

    def _rearranged(self, onto: str | None = None) -> None:
        self._count()
        self.table.rearranged(onto)

    def _count(self) -> None:
        shown, known = len(self.roster), len(self.roster.views)
        if self.roster.filter:
            count = f"{shown} of {known}"
        else:
            count = f"{known} tasks" if known > 1 else ""
        write_border(self, subtitle=Content(count))
        if shown:
            return
        self.table.nothing = (
            (
                f'No task has "{safe_line(self.roster.filter, 40)}" in its {self.FILTERS_BY}.',
                "Press escape to see all tasks.",
            )
            if known
            else self._none_at_all()
        )
        self.table.refresh()

    @on(TaskTable.Moved)
    def _moved(self, event: TaskTable.Moved) -> None:
        event.stop()
        self._tell()

    @on(TaskTable.Relaid)
    def _relaid(self, event: TaskTable.Relaid) -> None:
        event.stop()
        self.query_one(TaskHeading).refresh()

    # Moving about

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.table.move(by)

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self.table.page(by)

    def action_first(self) -> None:
        """Go to the first task."""
        self.table.go(0)

    def action_last(self) -> None:
        """Go to the last task."""
        self.table.go(len(self.roster) - 1)

    def action_details(self) -> None:
        """Show all there is to know of the task under the cursor."""
        if self.current is not None:
            self.app.push_screen(TaskScreen(self.current, self.clock(), self.zone))

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.action_details()

    # Sorting

    def action_sort(self) -> None:
        """Sort by the next column that is shown; after the last one, in the order of the project."""
        ids = [None, *(slot.column.id for slot in self.table.slots)]
        now = self.roster.column.id if self.roster.column else None
        # A column may have sorted the list before it lost its room.
        at = ids.index(now) if now in ids else 0
        self._sort(ids[(at + 1) % len(ids)], falling=False)

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._sort(self.roster.column.id if self.roster.column else None, falling=not self.roster.falling)

    @on(TaskHeading.Clicked)
    def _heading_clicked(self, event: TaskHeading.Clicked) -> None:
        event.stop()
        again = self.roster.column is not None and self.roster.column.id == event.column
        self._sort(event.column, falling=again and not self.roster.falling)

    def _sort(self, column: str | None, *, falling: bool) -> None:
        self.roster.arrange(column=column, falling=falling)
        self._rearranged()

    # Filtering

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What has to do with the filter is there when it can be done."""
        if action == "clear_filter":
            return self._entry.has_class("-open")
        if action == "filter":
            return not self._entry.has_focus
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        """Open the filter, or go to it. While it is typed, the cursor is on the best hit."""
        self._before = self.table.current
        self._entry.add_class("-open")
        # At once: Widget.focus() waits its turn, and what is typed meanwhile would go to the list.
        self.screen.set_focus(self._entry)

    def filter_by(self, text: str) -> None:
        """Show only the tasks that have this text."""
        self._before = self.table.current
        self._entry.add_class("-open")
        self._entry.value = text
        self.roster.narrow(text)
        self._rearranged(self.roster.best)
        self.screen.set_focus(self.table)

    def action_clear_filter(self) -> None:
        """Close the filter and show all tasks. From within the filter, back to the task from before."""
        before = self._before if self.screen.focused is self._entry else None
        self.screen.set_focus(self.table)
        self._entry.value = ""
        self.roster.narrow("")
        self._rearranged(before)
        self._entry.remove_class("-open")
        self.refresh_bindings()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        text = event.value.strip()
        # What was typed before the filter was cleared, or taken, may be told after that.
        if event.value != self._entry.value or text.casefold() == self.roster.filter:
            return
        self.roster.narrow(text)
        self._rearranged(self.roster.best if text else self._before)

    @on(Input.Submitted, "#filter")
    def _filter_done(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            self._entry.remove_class("-open")
        self.screen.set_focus(self.table)
