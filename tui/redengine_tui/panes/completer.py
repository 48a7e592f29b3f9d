"""Completion of a condition while it is written: when it is asked for, and what its keys do."""

from __future__ import annotations

from textual import work
from textual.message import Message

from redengine.abc import Controller
from redengine.control.messages import Complete, Completions
from redengine_tui.panes.completion_list import CompletionList
from redengine_tui.panes.condition_editor import ConditionEditor
from redengine_tui.panes.pace import answer


class Completer(CompletionList):
    """The list at the editor's cursor, filled by asking the scheduler."""

    class Nothing(Message):
        """It was asked for where nothing may stand that it knows."""

    def __init__(self, controller: Controller, editor: ConditionEditor, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.controller = controller
        self.editor = editor
        self._number = 0
        #: Text for which items are listed, and the text right after one was taken.
        self._listed_for = ""
        self._accepted = ""

    def offer(self, *, asked: bool) -> None:
        """List what may stand at the cursor. Unless it is ``asked`` for, only to complete a word that is begun."""
        if asked or self.editor.text != self._accepted:
            self._number += 1
            self._ask(self._number, self.editor.text, self.editor.position, asked)

    @work(group="completions", exclusive=True)
    async def _ask(self, number: int, text: str, position: int, asked: bool) -> None:
        found: Completions = await answer(self, self.controller.ask(Complete(text, position)))
        editor = self.editor
        if number != self._number or editor.text != text or editor.position != position or not editor.editing:
            return
        items = found.items
        if not asked:
            items = tuple(item for item in items if text[item.start : position].strip() not in ("", item.text))
        if items:
            self._listed_for = text
            # What the operator had begun to choose goes on being a choice.
            self.open(items, editor.cursor_screen_offset, chosen=asked or self.index >= 0)
            return
        self.close()
        if asked:
            self.post_message(self.Nothing())

    def take_key(self, key: str) -> bool:
        """Whether the key was for the list; only while it is open."""
        if not self.is_open:
            return False
        if key in ("up", "down"):
            self.move(-1 if key == "up" else 1)
            return True
        if key == "tab" or (key == "enter" and self.index >= 0):
            self.accept(max(self.index, 0))
            return True
        return False

    def accept(self, index: int) -> None:
        """Write an item in place of the word that is begun, with all that was typed of it since."""
        item = self.items[index]
        self.close()
        if item.start <= self.editor.position:
            self.editor.put(item.start, item.text)
            self._accepted = self.editor.text

    def cursor_moved(self) -> None:
        """The editor's cursor moved: by typing, after which the list is made anew, or away from the word."""
        if self.is_open and self.editor.text == self._listed_for:
            self.close()
