"""Which records the log shows: what is chosen, how it is cycled, and the chips that say so."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from redengine.abc import Action
from redengine.control.messages import LogFilter
from redengine_tui.panes.ink import INK, MUTED, STRONG
from redengine_tui.text import safe_line

#: Steps of the action filter: the word of the chip and the actions it lets through.
STEPS: tuple[tuple[str, tuple[Action, ...]], ...] = (
    ("", ()),
    ("failures", ("fail", "crash")),
    ("success", ("success",)),
    ("run", ("run",)),
    ("terminate", ("terminate",)),
    ("inaction", ("inaction",)),
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filter as the operator set it."""

    task: str = ""
    step: int = 0
    text: str = ""

    @property
    def where(self) -> LogFilter:
        return LogFilter(task=self.task, actions=STEPS[self.step][1], text=self.text)

    @property
    def any(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.task or self.step or self.text)

    def chips(self) -> Content:
        """One line that says what is shown."""
        said = [("task", self.task), ("only", STEPS[self.step][0]), ("text", self.text)]
        parts = [
            Content.assemble((f"{name} ", MUTED), (safe_line(value, 40), f"{STRONG} {INK['accent']}"))
            for name, value in said
            if value
        ]
        return Content("   ").join(parts)
