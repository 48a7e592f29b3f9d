"""The top line: which project, how its scheduler is, what runs, what is next, where, and what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from textual.content import Content
from textual.widget import Widget

from redengine.control.messages import SchedulerView
from redengine_tui import format
from redengine_tui.panes.ink import INK, MUTED, STRONG
from redengine_tui.states import scheduler_look
from redengine_tui.text import safe_line

#: Blank cells between two parts.
GAP = 3

#: Characters that the name of the next task may have, and that it may have where else something is left out for it.
LONGEST_NAMES = (30, 12)


class Header(Widget):
    """One line about the scheduler. Parts that find no room are left out, the least important first."""

    DEFAULT_CSS = """
    Header {
        dock: top;
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $foreground;
        text-wrap: nowrap;
    }
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.clock = clock
        self.zone: tzinfo | None = None
        self.view: SchedulerView | None = None
        self._shown: Content | None = None

    def show(self, view: SchedulerView) -> None:
        """Show this view of the scheduler."""
        self.view = view
        self.tick()

    def tick(self) -> None:
        """Time has passed: draw again if that changes anything."""
        if self._line() != self._shown:
            self.refresh()

    def render(self) -> Content:
        self._shown = self._line()
        return self._shown

    def _line(self) -> Content:
        view = self.view
        if view is None:
            return Content()
        now = self.clock()
        look = scheduler_look(view.state)
        project = Content.styled(safe_line(view.project, 40), STRONG)
        state = Content.styled(str(look), INK[look.colour])
        width = self.content_size.width
        if view.problem:
            return self._alarm([project, state], view.problem, width)
        if view.log_problem:
            lost = f"! the log cannot be written: {view.log_problem}; nothing is started"
            return self._alarm([project] if view.state == "running" else [project, state], lost, width)
        for longest in LONGEST_NAMES:
            parts = self._parts(view, now, project, state, longest)
            if _length(parts) <= width:
                break
        while len(parts) > 1 and _length(parts) > width:
            parts.remove(max(parts, key=lambda part: part[0]))
        gap = Content(" " * GAP)
        left = gap.join(part for _, right, part in parts if not right)
        right = gap.join(part for _, right, part in parts if right)
        return left + Content(" " * max(width - left.cell_length - right.cell_length, 0)) + right

    @staticmethod
    def _alarm(before: list[Content], text: str, width: int) -> Content:
        """What went wrong takes the room of all that is of no use any more."""
        room = max(width - sum(part.cell_length + GAP for part in before), 1)
        problem = Content.styled(safe_line(text, 300), INK["error"]).truncate(room, ellipsis=True)
        return Content(" " * GAP).join([*before, problem])

    def _parts(
        self, view: SchedulerView, now: float, project: Content, state: Content, longest: int
    ) -> list[tuple[int, bool, Content]]:
        """By how soon they give way, the last ones first: (importance, at the right, part)."""
        parts = [
            (0, False, project),
            (0, False, state),
            (1, False, Content(f"reading the log: {view.reading}") if view.reading else self._counts(view)),
            (2, False, self._next(view, now, longest)),
            (4, True, Content.styled(safe_line(view.host, 30), MUTED)),
            (3, True, Content.styled(format.clock_time(now, self.zone), MUTED)),
        ]
        return [part for part in parts if part[2].cell_length]

    def _counts(self, view: SchedulerView) -> Content:
        tasks = f"{view.tasks} task" if view.tasks == 1 else f"{view.tasks} tasks"
        running = Content.styled(str(view.running), INK["accent"] if view.running else "")
        return Content.assemble(running, " running", (f" / {tasks}", MUTED))

    def _next(self, view: SchedulerView, now: float, longest: int) -> Content:
        if view.state == "held":
            return Content.styled("nothing starts by itself until resumed", MUTED)
        if view.next_at is None or view.state not in ("running", "starting"):
            return Content()
        when = format.future(view.next_at, now, self.zone)
        return Content.assemble(("next ", MUTED), when, (f" {safe_line(view.next_task, longest)}", MUTED))


def _length(parts: list[tuple[int, bool, Content]]) -> int:
    return sum(part.cell_length for _, _, part in parts) + GAP * (len(parts) - 1)
