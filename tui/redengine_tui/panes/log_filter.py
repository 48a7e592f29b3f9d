"""Which records the log shows: what is chosen, how it is cycled, and the words that say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from textual.content import Content

from redengine.control.messages import LogAction, LogFilter
from redengine_tui.panes.ink import INK, MUTED, STRONG
from redengine_tui.panes.log_span import ALL_TIME, Span
from redengine_tui.text import safe_line

#: Steps of the action filter: the word of the chip and the actions it lets through.
STEPS: tuple[tuple[str, tuple[LogAction, ...]], ...] = (
    ("", ()),
    ("failures", ("fail", "crash")),
    ("success", ("success",)),
    ("run", ("run",)),
    ("terminate", ("terminate",)),
    ("inaction", ("inaction",)),
    ("command", ("command",)),
)
#: Steps of the level filter: the lowest level it lets through.
LEVELS = ("", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filter as the operator set it."""

    task: str = ""
    step: int = 0
    text: str = ""
    level: int = 0
    span: Span = ALL_TIME

    @property
    def where(self) -> LogFilter:
        return LogFilter(
            task=self.task,
            actions=STEPS[self.step][1],
            text=self.text,
            level=LEVELS[self.level],
            since=self.span.since,
            until=self.span.until,
        )

    @property
    def any(self) -> bool:
        """Whether it leaves anything out."""
        return self != Chosen()

    def _said(self, now: float, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
        """What is chosen, by name; raw."""
        level = LEVELS[self.level]
        yield "task", self.task
        yield "only", STEPS[self.step][0]
        yield "level", f"{level} or worse" if level else ""
        yield "time", self.span.words(now, zone)
        # Blanks at its ends are part of it, and alone would not be seen.
        yield "text", self.text if self.text == self.text.strip() else f'"{self.text}"'

    def chips(self, now: float, zone: tzinfo | None) -> Content:
        """One line that says what is shown."""
        parts = [
            Content.assemble((f"{name} ", MUTED), (safe_line(value, 40), f"{STRONG} {INK['accent']}"))
            for name, value in self._said(now, zone)
            if value
        ]
        return Content("   ").join(parts)

    def words(self, now: float, zone: tzinfo | None) -> str:
        """The same as plain text that is safe to show."""
        return self.chips(now, zone).plain
