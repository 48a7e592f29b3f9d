"""The list of many schedulers: how each is, what runs there, what is next, and how it is connected."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from redengine_tui import format
from redengine_tui.actions import bindings
from redengine_tui.fleet import FleetController, Member
from redengine_tui.panes.ink import INK, MUTED, STRONG, fit, write_border
from redengine_tui.panes.pane import Pane
from redengine_tui.panes.rows import Rows
from redengine_tui.staleness import STALE_AFTER, how_long, is_far, round_trip
from redengine_tui.states import scheduler_look
from redengine_tui.text import safe_line

#: Blank cells between two columns, and cells of those that have a width of their own.
GAP = 2
STATE, RUNNING, FAILING, LINK = 12, 12, 7, 9
#: Cells of a label: at least, and at most.
LABEL = (10, 36)


def member_row(member: Member, width: int, label: int, *, sparing: bool = False) -> Content:
    """One scheduler in one line of ``width`` cells, its label in so many."""
    name = fit(Content.styled(safe_line(member.label), STRONG), label)
    view, link = member.scheduler, member.link
    rest = max(width - STATE - label - 2 * GAP, 1)
    between = Content(" " * GAP)
    if link.state != "connected" or view is None:
        state, text, colour = _why(member, rest)
        return between.join([fit(state, STATE), name, fit(Content.styled(text, INK[colour]), rest)])
    look = scheduler_look(view.state)
    silent = link.silent_for >= STALE_AFTER
    state = Content.styled(str(look), MUTED if silent else INK[look.colour])
    if silent:
        said = Content.styled(f"! no answer for {how_long(link.silent_for)}", INK["warning"])
        return between.join([fit(state, STATE), name, fit(said, rest)])
    running = Content.assemble(
        (f"{view.running:,}", INK["accent"] if view.running else ""), (f" of {view.tasks:,}", MUTED)
    )
    failing = Content.styled(f"✗ {view.failing:,}" if view.failing else "", INK["error"])
    far = round_trip(link) if is_far(link) else link.where
    parts = [
        fit(state, STATE),
        name,
        _right(running, RUNNING),
        _right(failing, FAILING),
        fit(_next(member, sparing=sparing), max(rest - RUNNING - FAILING - LINK - 3 * GAP, 0)),
        _right(Content.styled(far, INK["warning"] if link.slow else MUTED), LINK),
    ]
    return between.join(parts)


def _right(content: Content, width: int) -> Content:
    return fit(content, width) if content.cell_length >= width else content.pad_left(width - content.cell_length)


def _why(member: Member, room: int) -> tuple[Content, str, str]:
    """How one is that is not connected: its state, why in so many cells, and the role of the colour of that."""
    link = member.link
    if link.state == "ended":
        return Content.styled("■ stopped", MUTED), "watched for its next start", "muted"
    again = "connecting …" if link.retry_in is None else f"again in {max(-int(-link.retry_in // 1), 1)} s"
    if member.controller is None and not link.problem:
        return Content.styled("· connecting", MUTED), "", "muted"
    word = "✗ down" if member.controller is None else "✗ lost"
    # The reason gives way to what comes next.
    why = safe_line(link.problem, max(room - len(again) - 2, 10))
    return Content.styled(word, INK["error"]), f"{why}; {again}" if why else again, "error"


def _next(member: Member, *, sparing: bool) -> Content:
    view = member.scheduler
    if view is None:
        return Content()
    if view.problem or view.log_problem:
        said = view.problem or f"the log cannot be written: {view.log_problem}"
        return Content.styled(safe_line(said, 200), INK["error"])
    if view.reading:
        return Content.styled(f"reading the log: {safe_line(view.reading, 40)}", MUTED)
    if view.state == "held":
        return Content.styled("until resumed", MUTED)
    if view.next_at is None or view.state not in ("running", "starting"):
        return Content()
    # In the time zone of who looks: each scheduler has its own.
    when = (format.not_counted if sparing else format.future)(view.next_at, member.clock())
    return Content.assemble(when, (f" {safe_line(view.next_task, 60)}", MUTED))


class SchedulerRows(Rows):
    """The list itself, of which only the lines that read otherwise are drawn again."""

    DEFAULT_CSS = """
    SchedulerRows { background: transparent; }
    """

    class Moved(Message):
        """The cursor is on another scheduler."""

    def __init__(self, fleet: FleetController, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.fleet = fleet
        self.sparing = False
        self._drawn: dict[int, Content] = {}

    @property
    def label_width(self) -> int:
        """Cells of the column of labels: what the longest needs, within limits."""
        widest = max((Content(safe_line(member.label)).cell_length for member in self.fleet.members), default=0)
        return min(max(widest, LABEL[0]), LABEL[1], max(self.row_width // 4, LABEL[0]))

    def row(self, index: int, width: int) -> Content:
        content = member_row(self.fleet.members[index], width, self.label_width, sparing=self.sparing)
        self._drawn[index] = content
        return content

    def update(self) -> None:
        """Something may have changed: draw the lines that read otherwise."""
        top, width = round(self.scroll_offset.y), self.row_width
        for index in range(top, min(top + self.row_space, self.count)):
            known = self._drawn.get(index)
            member = self.fleet.members[index]
            if known is None or not known.is_same(member_row(member, width, self.label_width, sparing=self.sparing)):
                self.refresh_line(index)

    def cursor_moved(self) -> None:
        self.post_message(self.Moved())

    def on_mount(self) -> None:
        self.resize_to(len(self.fleet.members))


class SchedulerHeading(Widget):
    """The titles of the columns."""

    DEFAULT_CSS = """
    SchedulerHeading {
        height: 1;
        width: 1fr;
        color: $text-muted;
        text-style: bold;
        text-wrap: nowrap;
    }
    """

    def __init__(self, rows: SchedulerRows) -> None:
        super().__init__()
        self.rows = rows

    def render(self) -> Content:
        width, label = self.rows.row_width, self.rows.label_width
        rest = max(width - STATE - label - RUNNING - FAILING - LINK - 5 * GAP, 0)
        titles = [
            fit("State", STATE),
            fit("Scheduler", label),
            _right(Content("Running"), RUNNING),
            _right(Content("Failing"), FAILING),
            fit("Next run", rest),
            _right(Content("Link"), LINK),
        ]
        return Content.styled((" " * GAP).join(title.plain for title in titles), MUTED)


class SchedulersPane(Pane):
    """A line for each scheduler, connected or not."""

    TITLE: ClassVar[str] = "Schedulers"
    HELP: ClassVar[str] = """\
# Many schedulers

A line for each scheduler, and below one list of all their tasks; times are those of your own time zone. What you do
with `r`, `d` and `t` is done to the task under the cursor, by its own scheduler; `h` holds the scheduler under the
cursor, or that of the task. `enter` opens the scheduler's own screen with the cursor on that task, and `escape` comes
back. `/` in the list of schedulers shows only the tasks of that one.

A scheduler that cannot be reached says why and is tried again by itself, less and less often. What was known of its
tasks stays, faint, and its times stand still. Nobody is asked for a password here: log in to that machine once with
`ssh` for it to be connected (a `ControlMaster` keeps the way open), or use a key.
"""
    BINDINGS = bindings("schedulers")
    DEFAULT_CSS = """
    SchedulersPane { padding: 0 1; }
    """

    def __init__(self, fleet: FleetController, **kwargs: Any) -> None:
        super().__init__(fleet, fleet.clock, **kwargs)
        self.fleet = fleet
        self.rows = SchedulerRows(fleet, id="schedulers-rows")

    def compose(self) -> Any:
        yield SchedulerHeading(self.rows)
        yield self.rows

    @property
    def current(self) -> Member | None:
        """The scheduler under the cursor."""
        at = self.rows.cursor
        return self.fleet.members[at] if 0 <= at < len(self.fleet.members) else None

    def take_focus(self) -> None:
        self.screen.set_focus(self.rows)

    def update(self) -> None:
        """Something may have changed, or time has passed."""
        self.rows.update()
        there = sum(member.link.state == "connected" for member in self.fleet.members)
        known = len(self.fleet.members)
        write_border(
            self, subtitle=Content(f"{known} connected" if there == known else f"{there} of {known} connected")
        )

    def tick(self) -> None:
        self.update()

    def spare(self, sparing: bool) -> None:
        self.rows.sparing = sparing
        super().spare(sparing)

    def on_resize(self) -> None:
        self.rows.refresh()
        self.query_one(SchedulerHeading).refresh()

    # Moving about

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.rows.move(by)

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self.rows.page(by)

    def action_first(self) -> None:
        """Go to the first scheduler."""
        self.rows.go(0)

    def action_last(self) -> None:
        """Go to the last scheduler."""
        self.rows.go(self.rows.count - 1)

    class Only(Message):
        """Only the tasks of this scheduler are to be shown."""

        def __init__(self, member: Member) -> None:
            self.member = member
            super().__init__()

    def action_only(self) -> None:
        """Show only the tasks of the scheduler under the cursor."""
        if self.current is not None:
            self.post_message(self.Only(self.current))
