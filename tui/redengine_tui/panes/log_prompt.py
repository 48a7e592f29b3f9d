"""The line in which the log asks for something: a text to look for, a span of time, a time to go to."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from redengine_tui.panes.ink import INK, MUTED, show
from redengine_tui.text import safe_line


class PromptInput(Input):
    """One line, safe to show whatever is pasted."""

    def _on_paste(self, event: events.Paste) -> None:
        # Input shows its value as it is.
        event.text = safe_line(event.text.strip())


class LogPrompt(Vertical):
    """One question at a time. Below what is typed it says what that means, or what is wrong with it."""

    DEFAULT_CSS = """
    LogPrompt {
        height: auto;
        display: none;
        & > Horizontal { height: 1; padding: 0 1; }
        & #log-question { width: auto; padding-right: 1; color: $text-muted; }
        & #log-answer { width: 1fr; height: 1; border: none; padding: 0; }
        & > #log-meaning { height: auto; padding: 0 1; display: none; }
    }
    """

    class Typed(Message):
        """Something was typed or deleted."""

        def __init__(self, kind: str, value: str) -> None:
            self.kind = kind
            self.value = value
            super().__init__()

    class Given(Typed):
        """``enter`` was pressed on something that means something."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        #: What is asked for; empty: nothing.
        self.kind = ""
        self._meaning: Callable[[str], str] | None = None

    def compose(self) -> ComposeResult:
        answer = PromptInput(id="log-answer", compact=True, select_on_focus=False)
        answer.cursor_blink = False
        with Horizontal():
            yield Static(id="log-question", markup=False)
            yield answer
        yield Static(id="log-meaning", markup=False)

    @property
    def answer(self) -> PromptInput:
        """Where it is typed."""
        return self.query_one(PromptInput)

    @property
    def is_open(self) -> bool:
        """Whether the keyboard is here."""
        return bool(self.kind) and self.answer.has_focus

    def ask(
        self, kind: str, question: str, *, value: str = "", hint: str = "", meaning: Callable[[str], str] | None = None
    ) -> None:
        """Ask. ``meaning`` says in raw words what an answer means; it raises ``ValueError`` for one without meaning."""
        # Of nobody while it changes: what is typed is of one question.
        self.kind = ""
        self._meaning = meaning
        self.query_one("#log-question", Static).update(question)
        answer = self.answer
        answer.placeholder = hint
        with self.prevent(Input.Changed):
            answer.value = value
        answer.cursor_position = len(value)
        self.kind = kind
        self.display = True
        self._explain()
        # At once: Widget.focus() waits its turn, and what is typed meanwhile would go to the list.
        self.screen.set_focus(answer)

    def close(self) -> None:
        """Ask nothing any more."""
        self.kind = ""
        self.display = False

    def _explain(self) -> bool:
        """Say what the answer means; whether it means anything."""
        shown = self.query_one("#log-meaning", Static)
        if self._meaning is None:
            show(shown, Content(""))
            return True
        try:
            show(shown, Content.styled(safe_line(f"→ {self._meaning(self.answer.value)}", 300), MUTED))
        except ValueError as error:
            # Nothing typed yet is not wrong yet.
            problem = safe_line(f"✗ {error}", 300) if self.answer.value.strip() else ""
            show(shown, Content.styled(problem, INK["error"]))
            return False
        return True

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.kind:
            self._explain()
            self.post_message(self.Typed(self.kind, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.kind and self._explain():
            self.post_message(self.Given(self.kind, event.value))
