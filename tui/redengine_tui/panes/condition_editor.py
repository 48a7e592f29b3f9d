"""The editor of a condition: colours as the grammar sees the text, and a line under what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

from redengine.control.messages import Problem
from redengine.syntax import spans
from redengine_tui.text import safe_line

#: Kinds of spans that have a colour of their own.
KINDS = frozenset({"keyword", "operator", "paren", "literal", "name", "custom", "error"})

#: ``(start, end, kind)`` of each part of a text, as character offsets.
Spans = Sequence[tuple[int, int, str]]


@lru_cache(maxsize=512)
def _cell(character: str) -> str:
    safe = safe_line(character)
    # One for one: the cursor and the marks count characters of the text as it is.
    return safe if len(safe) == 1 else "�"


def safe_characters(text: str) -> str:
    """One line of the editor, safe to show, with as many characters as it has. Tabs are left to the editor."""
    if text.isprintable():
        return text
    return "".join(character if character == "\t" else _cell(character) for character in text)


class ConditionEditor(TextArea):
    """A condition's text. To be read until :meth:`begin`, to be edited until :meth:`end`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"condition--{kind}" for kind in KINDS),
        "condition--wrong",
        "condition--doubtful",
    }
    DEFAULT_CSS = """
    ConditionEditor {
        height: auto;
        min-height: 1;
        max-height: 40%;
        border: none;
        padding: 0 1;
        background: $surface;
        scrollbar-size-vertical: 1;
        &:focus { border: none; background: $boost; }
        & > .condition--keyword { color: $text-primary; text-style: bold; }
        & > .condition--operator { color: $text-warning; text-style: bold; }
        & > .condition--paren { color: $text-muted; }
        & > .condition--literal { color: $text-accent; }
        & > .condition--name { color: $text-success; }
        & > .condition--custom { color: $text-secondary; text-style: italic; }
        & > .condition--error { color: $text-error; }
        & > .condition--wrong { color: $text-error; text-style: bold underline; }
        & > .condition--doubtful { color: $text-warning; text-style: underline; }
    }
    """

    class Wanted(Message):
        """The operator clicked on the text while it was only to be read."""

    def __init__(self, highlight: Callable[[str], Iterable[tuple[int, int, str]]] = spans, *, id: str | None = None):
        super().__init__(
            id=id,
            soft_wrap=True,
            read_only=True,
            show_cursor=False,
            highlight_cursor_line=False,
            max_checkpoints=200,
            placeholder="no condition: does not start by itself",
        )
        self.cursor_blink = False
        self.can_focus = False
        self._highlight = highlight
        self._problems: tuple[Problem, ...] = ()
        self._checked: str | None = None
        self._spans: tuple[tuple[int, int, str], ...] = ()
        self._spans_of: str | None = None
        #: A key that was taken before the editor saw it (by the list of completions).
        self.intercept: Callable[[str], bool] = lambda _key: False

    def begin(self) -> None:
        """Take the keyboard and let the text be edited, from its end."""
        self.can_focus = True
        self.read_only = False
        self.show_cursor = True
        # At once: Widget.focus() waits its turn, and what is typed meanwhile would go to whoever has the keyboard.
        self.screen.set_focus(self)
        self.move_cursor(self.document.end)

    def end(self) -> None:
        """Let the text only be read."""
        self.read_only = True
        self.show_cursor = False
        self.can_focus = False

    def load_text(self, text: str) -> None:
        # While there is no cursor to be seen, TextArea would leave it beyond the end of a shorter text.
        self.selection = Selection.cursor((0, 0))
        super().load_text(text)

    @property
    def editing(self) -> bool:
        return not self.read_only

    @property
    def position(self) -> int:
        """Where the cursor is, as a character offset."""
        return self._offset(self.cursor_location)

    def _offset(self, location: tuple[int, int]) -> int:
        row, column = location
        newline = len(self.document.newline)
        return sum(len(self.document.get_line(above)) + newline for above in range(row)) + column

    def put(self, start: int, text: str) -> None:
        """Replace what is between ``start`` and the cursor."""
        row = 0
        while row < self.document.line_count - 1 and self._offset((row + 1, 0)) <= start:
            row += 1
        result = self.replace(text, (row, start - self._offset((row, 0))), self.cursor_location)
        self.move_cursor(result.end_location)

    def mark(self, problems: tuple[Problem, ...], checked: str | None = None) -> None:
        """Underline these, and nothing else; they are all that is wrong in the text that was ``checked``."""
        if problems != self._problems or checked != self._checked:
            self._problems, self._checked = problems, checked
            self._line_cache.clear()
            self.refresh()

    def forget_marks_from(self, position: int) -> None:
        """The text changed at ``position``: what was wrong before it still is, the rest is not known."""
        self.mark(tuple(problem for problem in self._problems if problem.end < position))

    def get_line(self, line_index: int) -> Text:
        raw = self.document.get_line(line_index)
        begin = self._offset((line_index, 0))
        line = Text(safe_characters(raw), end="", no_wrap=True)
        for start, stop, kind in self._spans_now():
            kind = self._judge(start, stop, kind)
            if kind in KINDS and start < begin + len(raw) and stop > begin:
                style = self.get_component_rich_style(f"condition--{kind}", partial=True)
                line.stylize(style, max(start - begin, 0), stop - begin)
        for problem in self._problems:
            self._underline(line, problem, begin, len(raw))
        return line

    def _judge(self, start: int, stop: int, kind: str) -> str:
        """Only the scheduler knows the project's own conditions: to the grammar alone they are errors."""
        if kind != "error":
            return kind
        if self._checked != self.text:
            return ""
        return "error" if any(start <= found.end and found.start <= stop for found in self._wrong) else "custom"

    @property
    def _wrong(self) -> list[Problem]:
        return [problem for problem in self._problems if problem.severity == "error"]

    def _underline(self, line: Text, problem: Problem, begin: int, length: int) -> None:
        start, stop = problem.start - begin, max(problem.end, problem.start + 1) - begin
        if stop <= 0 or start > length:
            return
        if start == length:
            # Something is missing at the end: the underline needs a cell to be under.
            if begin + length != len(self.text):
                return
            line.append(" ")
        name = "condition--wrong" if problem.severity == "error" else "condition--doubtful"
        line.stylize(self.get_component_rich_style(name, partial=True), max(start, 0), stop)

    def _spans_now(self) -> tuple[tuple[int, int, str], ...]:
        text = self.text
        if text != self._spans_of:
            self._spans = tuple(self._highlight(text))
            self._spans_of = text
        return self._spans

    async def _on_key(self, event: events.Key) -> None:
        if self.intercept(event.key):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)

    def on_click(self) -> None:
        if not self.editing:
            self.post_message(self.Wanted())
