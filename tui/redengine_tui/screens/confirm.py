"""A question before something that cannot be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from redengine_tui.panes.ink import STRONG

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Choice(Generic[Answer]):
    """One answer: chosen with its key, or with ``enter`` when it has the focus."""

    key: str
    label: str
    answer: Answer
    #: Whether it costs something: shown in the colour of errors.
    costs: bool = False


class ChoiceLabel(Static, can_focus=True):
    """One answer as it is shown: its key, then what it does."""

    BINDINGS = [Binding("enter,space", "choose", show=False)]

    class Chosen(Message):
        """The answer was chosen."""

        def __init__(self, number: int) -> None:
            self.number = number
            super().__init__()

    def __init__(self, number: int, choice: Choice[Answer]) -> None:
        super().__init__(
            Content.assemble((choice.key, "underline"), f" {choice.label}"),
            id=f"choice-{number}",
            classes="-costs" if choice.costs else "",
        )
        self.number = number

    def action_choose(self) -> None:
        """Choose this answer."""
        self.post_message(self.Chosen(self.number))

    def on_click(self) -> None:
        self.action_choose()


class ConfirmScreen(ModalScreen[Answer]):
    """Asks one question. The last choice is the harmless one: it has the focus, and ``escape`` means it."""

    CSS_PATH = "../styles/confirm.tcss"
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-wide")]
    BINDINGS = [
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
        # The other two ways out of a program stay ways out of a question.
        Binding("escape,ctrl+c", "harmless", show=False),
    ]

    def __init__(self, question: str, detail: str, choices: Sequence[Choice[Answer]]) -> None:
        """``question`` and ``detail`` are safe text."""
        super().__init__()
        self.question = question
        self.detail = detail
        self.choices = tuple(choices)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content.styled(self.question, STRONG), id="question")
            if self.detail:
                yield Static(Content(self.detail), id="detail")
            with Horizontal(id="choices"):
                for number, choice in enumerate(self.choices):
                    yield ChoiceLabel(number, choice)

    def on_mount(self) -> None:
        self.query_one(f"#choice-{len(self.choices) - 1}").focus()

    def on_key(self, event: events.Key) -> None:
        for choice in self.choices:
            if event.character is not None and event.character.lower() == choice.key:
                event.stop()
                self.dismiss(choice.answer)
                return

    @on(ChoiceLabel.Chosen)
    def _chosen(self, event: ChoiceLabel.Chosen) -> None:
        event.stop()
        self.dismiss(self.choices[event.number].answer)

    def action_harmless(self) -> None:
        """Choose the harmless answer."""
        self.dismiss(self.choices[-1].answer)


def yes_or_no(question: str, detail: str, yes: str, no: str = "No") -> ConfirmScreen[bool]:
    """A question whose ``y`` costs something and whose ``n`` does not."""
    return ConfirmScreen(question, detail, (Choice("y", yes, True, costs=True), Choice("n", no, False)))
