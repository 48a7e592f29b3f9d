"""The top line: which project, how its scheduler is, what runs, what is next, where, and what time it is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from textual.content import Content

from redengine.control.messages import Link, SchedulerView
from redengine_tui import format
from redengine_tui.panes.ink import INK, MUTED, STRONG
from redengine_tui.staleness import alarm, is_far, round_trip
from redengine_tui.states import scheduler_look
from redengine_tui.text import safe_line
from redengine_tui.widgets.top_line import GAP, TopLine

#: Characters that the name of the next task may have, and that it may have where else something is left out for it.
LONGEST_NAMES = (30, 12)
#: Importance from which a part is there only where all are.
SPARE = 8


class Header(TopLine):
    """One line about the scheduler. Parts that find no room are left out, the least important first."""

    def __init__(self, clock: Callable[[], float], link: Callable[[], Link | None] = lambda: None) -> None:
        """``link`` tells how a far scheduler is connected."""
        super().__init__(clock)
        self.link = link
        self.zone: tzinfo | None = None

    def _line(self) -> Content:
        view = self.view
        if view is None:
            return Content()
        link, now = self.link(), self.clock()
        look = scheduler_look(view.state)
        project = Content.styled(safe_line(view.project, 40), STRONG)
        state = Content.styled(str(look), INK[look.colour])
        width = self.content_size.width
        if link is not None and alarm(link)[0]:
            return self._lost(project, link, now, width)
        if view.problem:
            return self._alarm([project, state], view.problem, width)
        if view.log_problem:
            lost = f"! the log cannot be written: {view.log_problem}; nothing is started"
            return self._alarm([project] if view.state == "running" else [project, state], lost, width)
        for longest in LONGEST_NAMES:
            parts = self._parts(view, link, now, project, state, longest)
            if _length(parts) <= width:
                break
        if _length(parts) > width:
            kept: list[tuple[int, bool, Content]] = []
            for part in sorted(parts, key=lambda part: part[0]):
                # What is left out for want of room makes none for what nobody misses.
                if not kept or (part[0] < SPARE and _length([*kept, part]) <= width):
                    kept.append(part)
            parts = [part for part in parts if part in kept]
        gap = Content(" " * GAP)
        left = gap.join(part for _, right, part in parts if not right)
        right = gap.join(part for _, right, part in parts if right)
        return left + Content(" " * max(width - left.cell_length - right.cell_length, 0)) + right

    def _lost(self, project: Content, link: Link, now: float, width: int) -> Content:
        """What is wrong with the link, and of when the picture is where there is room for that."""
        before = [project, Content(safe_line(link.where, 30))] if is_far(link) else [project]
        room = width - sum(part.cell_length + GAP for part in before)
        text, colour = alarm(link, room)
        line = self._alarm(before, text, width, colour)
        aged = Content.styled(f"as of {format.clock_time(now, self.zone)}", MUTED)
        space = width - line.cell_length - aged.cell_length
        return line + Content(" " * space) + aged if space >= GAP else line

    @staticmethod
    def _alarm(before: list[Content], text: str, width: int, colour: str = "error") -> Content:
        """What went wrong takes the room of all that is of no use any more."""
        room = max(width - sum(part.cell_length + GAP for part in before), 1)
        problem = Content.styled(safe_line(text, 300), INK[colour]).truncate(room, ellipsis=True)
        return Content(" " * GAP).join([*before, problem])

    def _parts(
        self, view: SchedulerView, link: Link | None, now: float, project: Content, state: Content, longest: int
    ) -> list[tuple[int, bool, Content]]:
        """By how soon they give way, the last ones first: (importance, at the right, part)."""
        far = link is not None and is_far(link)
        where = safe_line(link.where, 30) if link is not None else ""
        others = view.viewers - 1
        read_only = self.read_only or (link is not None and link.role == "read")
        clock = format.hour_and_minute if self.sparing else format.clock_time
        parts = [
            (0, False, project),
            (0, False, state),
            (3, False, Content(f"reading the log: {view.reading}") if view.reading else self._counts(view)),
            (2, False, Content.styled(f"✗ {view.failing} failing", INK["error"]) if view.failing else Content()),
            (4, False, self._next(view, now, longest)),
            (1, True, Content.styled("view-only", INK["warning"]) if read_only else Content()),
            (5, True, Content.styled(f"+{others} viewing", MUTED) if others > 0 else Content()),
            # Where it is connected to tells which machine it is on.
            (SPARE, True, Content.styled("" if far else safe_line(view.host, 30), MUTED)),
            (1 if far else SPARE, True, Content.styled(where, "" if far else MUTED)),
            (7, True, Content.styled(round_trip(link) if link is not None else "", MUTED)),
            (6, True, Content.styled(clock(now, self.zone), MUTED)),
        ]
        return [part for part in parts if part[2].cell_length]

    def _counts(self, view: SchedulerView) -> Content:
        tasks = f"{view.tasks} task" if view.tasks == 1 else f"{view.tasks} tasks"
        running = Content.styled(str(view.running), INK["accent"] if view.running else "")
        return Content.assemble(running, " running", (f" / {tasks}", MUTED))

    def _next(self, view: SchedulerView, now: float, longest: int) -> Content:
        if view.state == "held":
            return Content.styled("nothing starts by itself until resumed", MUTED)
        if view.state == "draining":
            return Content.styled("nothing starts; stops once nothing runs", MUTED)
        if view.next_at is None or view.state not in ("running", "starting"):
            return Content()
        when = (format.not_counted if self.sparing else format.future)(view.next_at, now, self.zone)
        return Content.assemble(("next ", MUTED), when, (f" {safe_line(view.next_task, longest)}", MUTED))


def _length(parts: list[tuple[int, bool, Content]]) -> int:
    return sum(part.cell_length for _, _, part in parts) + GAP * (len(parts) - 1)
