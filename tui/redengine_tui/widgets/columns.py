"""The columns of the task list: what each shows of a task, how it sorts, how wide it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, NamedTuple

from redengine.control.messages import TaskView
from redengine_tui import format
from redengine_tui.states import action_look, task_look
from redengine_tui.text import safe_line

#: Blank cells between two columns.
GAP = 2
#: No column but the last one with room to spare gets wider than this.
WIDEST_NAME = 40


class Cell(NamedTuple):
    """What one column shows of one task: safe text, and the role of its colour."""

    text: str
    colour: str = "plain"


class Moment(NamedTuple):
    """The time at which it is shown."""

    #: Epoch seconds.
    now: float
    zone: tzinfo | None = None
    #: Whether nothing is to be told that changes with every second.
    sparing: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    id: str
    title: str
    #: What it shows of a task at a moment.
    cell: Callable[[TaskView, Moment], Cell]
    #: What it sorts by; ``None`` goes last, whichever way the list is sorted.
    key: Callable[[TaskView], Any]
    #: Narrowest useful width in cells.
    least: int
    #: The column of the highest rank gives way first when there is no room; that of rank 0 never does.
    rank: int = 0
    right: bool = False
    #: Narrowest list that has it, in cells, whatever room the others leave.
    wide: int = 0


class Slot(NamedTuple):
    """A column in its place."""

    column: Column
    width: int


def one_line(text: str) -> str:
    """A text that may run over lines, such as a condition, as one safe line."""
    return safe_line(" ".join(text.split()) if "\n" in text else text)


def _state(view: TaskView, at: Moment) -> Cell:
    look = task_look(view.state)
    if view.state == "running" and any(run.terminating for run in view.runs):
        return Cell(f"{look.glyph} ending", "warning")
    more = f" ×{len(view.runs)}" if len(view.runs) > 1 else ""
    return Cell(f"{look.glyph} {look.word}{more}", look.colour)


def _name(view: TaskView, at: Moment) -> Cell:
    return Cell(safe_line(view.name), "muted" if view.disabled and not view.runs else "plain")


def _condition(view: TaskView, at: Moment) -> Cell:
    text = one_line(view.start_cond)
    if text == "false":
        # As of a task that was given none.
        text = "at startup" if view.on_startup else "at shutdown" if view.on_shutdown else "only by hand"
    return Cell(text or "—", "muted")


def _last_run(view: TaskView, at: Moment) -> Cell:
    return Cell("—", "muted") if view.last_run is None else Cell(format.past(view.last_run, at.now, at.zone))


def _before(view: TaskView, at: Moment) -> Cell:
    """How the newest ended run went, where the state does not tell: of a task that runs, or cannot."""
    if view.last_result is None or view.last_result == view.state:
        return Cell("")
    return Cell(str(action_look(view.last_result)), "muted")


def _took(view: TaskView, at: Moment) -> Cell:
    if view.runs:
        told = format.elapsed_minutes if at.sparing else format.elapsed
        return Cell(told(at.now - min(run.started for run in view.runs)), "accent")
    return Cell("—", "muted") if view.duration is None else Cell(format.duration(view.duration))


def _next(view: TaskView, at: Moment) -> Cell:
    start = view.next
    colour = {"at": "plain", "now": "accent"}.get(start.kind, "muted")
    return Cell(one_line(format.next_start(start, at.now, at.zone, counted=not at.sparing)), colour)


#: Worst first, then what is going on, then what is quiet.
_URGENCY = {
    state: place
    for place, state in enumerate(
        ("crash", "fail", "blocked", "running", "queued", "terminate", "success", "inaction", "idle", "disabled")
    )
}
_NEXT_ORDER = {"now": 0, "at": 1, "after": 2, "when": 3, "never": 4}


def _next_key(view: TaskView) -> tuple[int, float]:
    return (_NEXT_ORDER.get(view.next.kind, len(_NEXT_ORDER)), view.next.at or 0.0)


COLUMNS: tuple[Column, ...] = (
    Column("state", "State", _state, lambda view: _URGENCY.get(view.state, len(_URGENCY)), 9, rank=1),
    Column("name", "Task", _name, lambda view: view.name.casefold(), 10),
    Column("condition", "Condition", _condition, lambda view: view.start_cond.casefold() or None, 20, rank=3),
    Column("last_run", "Last run", _last_run, lambda view: view.last_run, 8, rank=4),
    Column("last_result", "Before", _before, lambda view: view.last_result, 9, rank=6, wide=130),
    Column("took", "Took", _took, lambda view: view.duration, 7, rank=5, right=True),
    Column("next", "Next run", _next, _next_key, 12, rank=2),
)
#: Columns that take what their texts need, in the order in which they are given it.
GROWING = ("state", "last_run", "last_result", "name", "scheduler", "next", "condition")


def lay_out(width: int, needs: dict[str, int], columns: tuple[Column, ...] = COLUMNS) -> tuple[Slot, ...]:
    """Fit columns into ``width`` cells. ``needs``: the widest text of columns, in cells.

    Columns that find no room are left out, those of the highest rank first. What is left over goes to those of
    :data:`GROWING` that need it, and what nobody needs to the condition.
    """
    chosen = [column for column in columns if column.wide <= width]
    while _least(chosen) > width and len(chosen) > 1:
        chosen.remove(max(chosen, key=lambda column: column.rank))
    widths = {column.id: column.least for column in chosen}
    spare = width - _least(chosen)
    for name in GROWING:
        if name in widths and spare > 0:
            more = min(max(min(needs.get(name, 0), WIDEST_NAME) - widths[name], 0), spare)
            widths[name] += more
            spare -= more
    if spare > 0:
        # What nobody needs keeps the times at the right edge of the condition's column.
        widths["condition" if "condition" in widths else chosen[-1].id] += spare
    elif spare < 0:
        widths[chosen[-1].id] = max(width, 1)
    return tuple(Slot(column, widths[column.id]) for column in chosen)


def _least(columns: list[Column]) -> int:
    return sum(column.least for column in columns) + GAP * (len(columns) - 1)
