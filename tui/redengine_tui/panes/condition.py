"""The start condition of the task under the cursor: what it means now, and an editor for it."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widgets import Static, TextArea

from redengine.abc import Controller
from redengine.control.messages import (
    CheckCondition,
    ConditionReport,
    Delta,
    Reply,
    SetCondition,
    TaskView,
)
from redengine_tui.actions import bindings
from redengine_tui.panes import condition_report as report_words
from redengine_tui.panes.completer import Completer
from redengine_tui.panes.completion_list import CompletionList
from redengine_tui.panes.condition_editor import ConditionEditor
from redengine_tui.panes.ink import INK, MUTED, show, write_border
from redengine_tui.panes.pace import Pace, answer, later
from redengine_tui.panes.pane import Pane
from redengine_tui.states import ENDING
from redengine_tui.text import safe_line

#: Seconds after the last key before the text is checked and completed.
TYPING = 0.08
#: Seconds between two checks while things change around the task.
PAUSE = 0.25
#: Seconds for which the report of the task before stays, if that of another is not there yet: to blank it first
#: would have the screen laid out twice.
STAYS = 0.2
#: Seconds that the cursor rests on a task before it is asked after, and between two checks, over a link to be spared.
RESTS, SPARING_PAUSE = 0.3, 2.0
#: Seconds until it is said that an answer is awaited.
PATIENCE = 0.5
#: Seconds until what should have changed already is looked at again.
OVERDUE = 5.0

#: What has to be done to a scheduler in these states before it starts anything by a condition.
_UNLESS = {"held": "resumed", "draining": "kept running"}


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed for a task and is not applied. ``base``: the condition it had when typing began."""

    text: str
    base: str


class ReportScroll(VerticalScroll):
    """What the text means. Its lines are made for its width."""

    class Resized(Message):
        """It has another size."""

    def on_resize(self) -> None:
        self.post_message(self.Resized())


class ConditionPane(Pane):
    """The editor above, what the text means below."""

    TITLE: ClassVar[str] = "Condition"
    HELP: ClassVar[str] = """\
# Condition

When the task starts by itself: whether that is so now, each part of it and why, and the next starts.

`e` edits the text. It is checked as you type: what is wrong is underlined and said below, with what was expected.
`ctrl+s` applies it until the scheduler is started anew: copy it into the project file to keep it. `escape` puts it
back as it was.
`ctrl+space` or `ctrl+n` offers what may stand at the cursor; `tab` takes it. What you typed for a task and did not
apply stays with that task.
"""
    BINDINGS = bindings("condition")
    DEFAULT_CSS = """
    ConditionPane {
        #condition-reply { height: auto; padding: 0 1; display: none; }
        #condition-report { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; margin-top: 1; }
        #condition-report > Static { height: auto; }
        #condition-tree { margin-top: 1; }
    }
    """

    def __init__(self, controller: Controller, clock: Callable[[], float], **kwargs: Any) -> None:
        super().__init__(controller, clock, **kwargs)
        #: By task name; kept when the cursor goes to another task.
        self.drafts: dict[str, Draft] = {}
        self.report: ConditionReport | None = None
        self._view: TaskView | None = None
        #: The task's condition as the editor gives it back.
        self._baseline = ""
        self._checked = 0
        #: What is being asked, and whether it is to be asked again once that is answered.
        self._asking: CheckCondition | None = None
        self._ask_again = False
        #: What the report is the answer to.
        self._told: CheckCondition | None = None
        self._typing: TimerHandle | None = None
        self._checking = Pace(self, PAUSE, self._check)
        self._look_again: float | None = None
        self._seen_text = ""
        #: What has to be done to the scheduler before any condition starts a task; empty: nothing.
        self._unless = ""
        self._ending = False

    def compose(self) -> ComposeResult:
        editor = ConditionEditor(id="condition-editor")
        yield editor
        yield Static(id="condition-reply", markup=False)
        with ReportScroll(id="condition-report"):
            yield Static(id="condition-says", markup=False)
            yield Static(id="condition-next", markup=False)
            yield Static(id="condition-tree", markup=False)
        yield Completer(self.controller, editor, id="condition-completions")

    @property
    def editor(self) -> ConditionEditor:
        """The condition's text."""
        return self.query_one(ConditionEditor)

    @property
    def completions(self) -> Completer:
        """The list at the cursor."""
        return self.query_one(Completer)

    @property
    def modified(self) -> bool:
        """Whether the text of the task under the cursor is not its condition."""
        return self._view is not None and self._view.name in self.drafts

    def on_mount(self) -> None:
        self.editor.intercept = self.completions.take_key
        self._load()

    # What the main screen calls.

    def show_task(self, view: TaskView | None) -> None:
        before = self._view
        if not self.is_mounted:
            self._view = view
            return
        if (view.name if view else None) != (before.name if before else None):
            self._keep_draft()
            self._view = view
            self._load()
            return
        self._view = view
        if view is None or before is None:
            return
        if view.start_cond != before.start_cond:
            self._follow(view)
        if view != before:
            self._checking.ask()

    def changed(self, delta: Delta) -> None:
        before, state = (self._unless, self._ending), delta.scheduler.state
        self._unless, self._ending = _UNLESS.get(state, ""), state in ENDING and state not in _UNLESS
        if self._view is None or not self.is_mounted:
            return
        if (self._unless, self._ending) != before:
            self._show_next(self.report)
        text = self.editor.text
        if any(view.name == self._view.name or view.name in text for view in delta.tasks) or delta.removed:
            self._checking.ask()

    def reconnected(self) -> None:
        if self.is_mounted:
            self._checking.ask()

    def edit(self) -> None:
        """Give the keyboard to the editor."""
        if self._view is not None:
            self.editor.begin()
            self.refresh_bindings()

    def take_focus(self) -> None:
        self.screen.set_focus(self.query_one("#condition-report"))

    # The text and its drafts.

    def _load(self) -> None:
        """Show the text of the task under the cursor: its draft, else its condition."""
        view, editor = self._view, self.editor
        self.completions.close()
        if self._typing is not None:
            self._typing.cancel()
        self._say("")
        self.report, self._told, self._look_again = None, None, None
        editor.mark(())
        editor.end()
        editor.load_text(view.start_cond if view else "")
        self._baseline = editor.text
        draft = self.drafts.get(view.name) if view else None
        if draft is not None:
            editor.load_text(draft.text)
            self._warn_of_change(draft)
        self._seen_text = editor.text
        self._title()
        if view is None:
            self._show_report()
        else:
            if self.sparing:
                self._typing = later(self, RESTS, self._check)
            else:
                self._check()
            later(self, STAYS, self._blank_report)

    def _blank_report(self) -> None:
        if self.report is None:
            self._show_report()

    def _follow(self, view: TaskView) -> None:
        """The task's condition changed while it is shown."""
        draft = self.drafts.get(view.name)
        if draft is None:
            position = self.editor.cursor_location
            self.editor.load_text(view.start_cond)
            self._baseline = self._seen_text = self.editor.text
            self.editor.move_cursor(position)
            return
        self._baseline = "\n".join(view.start_cond.splitlines())
        if draft.text == self._baseline:
            del self.drafts[view.name]
        else:
            self._warn_of_change(draft)
        self._title()

    def _warn_of_change(self, draft: Draft) -> None:
        if draft.base != self._baseline:
            self._say(f"! the condition was changed meanwhile, to: {self._baseline}", "warning")

    def _keep_draft(self) -> None:
        """Remember what is typed, for the task that it is typed for."""
        view = self._view
        if view is None:
            return
        text = self.editor.text
        if text == self._baseline:
            self.drafts.pop(view.name, None)
        else:
            known = self.drafts.get(view.name)
            self.drafts[view.name] = Draft(text, known.base if known else self._baseline)

    def _title(self) -> None:
        if self._view is None:
            title = Content(self.TITLE)
        else:
            title = Content(f"{self.TITLE} · {safe_line(self._view.name, 60)}")
        if self.modified:
            title = Content.assemble(title, (" ● modified", INK["warning"]))
        elif drafts := len(self.drafts):
            title = Content.assemble(title, (f" ({drafts} more modified)", MUTED))
        if write_border(self, title=title):
            self.refresh_bindings()

    @on(TextArea.Changed)
    def _text_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        text = self.editor.text
        if text == self._seen_text:
            return
        same = next((i for i, (a, b) in enumerate(zip(text, self._seen_text, strict=False)) if a != b), None)
        self.editor.forget_marks_from(min(len(text), len(self._seen_text)) if same is None else same)
        self._seen_text = text
        self._keep_draft()
        self._say("")
        self._title()
        if self._typing is not None:
            self._typing.cancel()
        self._typing = later(self, TYPING, self._typed)

    def _typed(self) -> None:
        self._typing = None
        self._check()
        if self.editor.has_focus:
            self.completions.offer(asked=False)

    # Checking.

    def spare(self, sparing: bool) -> None:
        super().spare(sparing)
        self._checking.pause = SPARING_PAUSE if sparing else PAUSE

    def _check(self) -> None:
        if self._view is None:
            return
        query = CheckCondition(self._view.name, self.editor.text)
        if query == self._told and self._is_lost:
            # What was said of it last is worth more than that it cannot be asked after.
            return
        if query == self._asking:
            # Asked anew each time that something changes, a slow answer would never come.
            self._ask_again = True
            return
        self._checked += 1
        self._look_again = None
        self._asking, self._ask_again = query, False
        self._ask_check(self._checked, query)

    @work(group="condition-check", exclusive=True)
    async def _ask_check(self, number: int, query: CheckCondition) -> None:
        report: ConditionReport = await answer(self, self.controller.ask(query))
        if number == self._checked:
            self._asking = None
            if self._ask_again:
                self._checking.ask()
        view = self._view
        # An answer about another text or task, or one that was overtaken, says nothing about what is shown.
        if number != self._checked or view is None or view.name != query.task or self.editor.text != query.condition:
            return
        self.report, self._told = report, query
        changes = report_words.looks_again_at(report) if report.ok else None
        # What should have changed already is looked at again too, but not at every tick.
        self._look_again = None if changes is None else changes if changes > self.clock() else self.clock() + OVERDUE
        self.editor.mark(report.problems, query.condition)
        self._show_report()

    def tick(self) -> None:
        if self.report is not None and self.report.ok:
            self._show_next(self.report)
        if self._look_again is not None and self.clock() >= self._look_again:
            self._checking.ask()

    # What is said below.

    def _show_report(self) -> None:
        says, tree = self.query_one("#condition-says", Static), self.query_one("#condition-tree", Static)
        report, parts = self.report, Content("")
        if self._view is None:
            said = Content.styled("No task.", MUTED)
        elif report is None:
            said = Content("")
        else:
            width = max(self._report_width(), 20)
            lines = [report_words.problems(report.problems, width)] if report.problems else []
            if report.ok:
                lines.insert(0, report_words.verdict(report, applied=not self.modified))
                if report.tree is not None and report.tree.children:
                    parts = report_words.tree(report.tree, width, self.clock(), self.zone)
                elif report.tree is not None:
                    parts = Content.styled(report_words.why(report.tree, self.clock(), self.zone), MUTED)
            said = Content("\n").join(lines)
        show(says, said)
        show(tree, parts)
        self._show_next(report)

    def _show_next(self, report: ConditionReport | None) -> None:
        shown = self.query_one("#condition-next", Static)
        if report is None or not report.ok:
            content = Content("")
        elif self._ending:
            content = Content.assemble(("Next  ", MUTED), "not before the scheduler is started anew")
        else:
            content = report_words.starts(
                report, self.clock(), self.zone, unless=self._standing_still(), counted=not self.sparing
            )
        show(shown, content)

    def _standing_still(self) -> str:
        """What has to be done before any condition starts the task; empty: nothing."""
        if self._view is not None and self._view.disabled:
            return "enabled"
        return self._unless

    def _report_width(self) -> int:
        return self.query_one("#condition-report").scrollable_content_region.width

    @on(ReportScroll.Resized)
    def _resized(self, event: ReportScroll.Resized) -> None:
        event.stop()
        self._show_report()

    def _say(self, text: str, colour: str = "plain") -> None:
        """Say one line between the editor and the report; nothing takes it away."""
        reply = self.query_one("#condition-reply", Static)
        show(reply, Content.styled(safe_line(text), INK[colour]))

    # Completion.

    @on(Completer.Nothing)
    def _nothing(self, event: Completer.Nothing) -> None:
        event.stop()
        self._say("Nothing to offer here.", "muted")

    @on(CompletionList.Picked)
    def _picked(self, event: CompletionList.Picked) -> None:
        event.stop()
        self.completions.accept(event.index)

    @on(TextArea.SelectionChanged)
    def _cursor_moved(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        self.completions.cursor_moved()

    # Keys.

    @on(ConditionEditor.Wanted)
    def _wanted(self, event: ConditionEditor.Wanted) -> None:
        event.stop()
        self.edit()

    def on_descendant_blur(self) -> None:
        # Not has_focus, which comes late: on its way to the editor the keyboard has left other parts of the pane.
        if self.editor.editing and self.screen.focused is not self.editor:
            self.completions.close()
            self.editor.end()
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted:
            return False
        if action in ("put_back", "complete"):
            return self.editor.editing
        if action == "edit":
            return not self.editor.editing
        if action == "apply":
            return True if self.modified else (None if self.editor.editing else False)
        return super().check_action(action, parameters)

    def on_key(self, event: Key) -> None:
        """Of a key that does nothing here, say which do: who thinks of the editor may not know that it was left."""
        active = self.screen.active_bindings
        if self.editor.editing or event.key in active:
            return
        keys = {found.binding.action: self.app.get_key_display(found.binding) for found in reversed(active.values())}
        does = {"edit_condition": "edits the condition", "show_tasks": "goes back to the task list"}
        self._say(", ".join(f"{keys[action]} {what}" for action, what in does.items() if action in keys), "muted")

    def action_edit(self) -> None:
        """Edit the condition."""
        self.edit()

    def action_complete(self) -> None:
        """Offer what may stand at the cursor."""
        self.completions.offer(asked=True)

    def action_put_back(self) -> None:
        """Close the list of completions; else put the task's condition back and stop editing."""
        if self.completions.is_open:
            self.completions.close()
            return
        name = self._view.name if self._view else ""
        self.drafts.pop(name, None)
        self._leave()
        self._load()

    def _leave(self) -> None:
        self.take_focus()
        self.editor.end()

    @work(group="condition-apply", exclusive=True)
    async def action_apply(self) -> None:
        """Make the text the task's condition."""
        view, text = self._view, self.editor.text
        if view is None or not self.modified:
            return
        self.completions.close()
        waiting = later(self, PATIENCE, lambda: self._say("applying …", "muted"))
        reply: Reply = await answer(self, self.controller.send(SetCondition(view.name, text)))
        waiting.cancel()
        here = self._view is not None and self._view.name == view.name
        if not reply.ok:
            if here:
                self._say(f"✗ not applied: {reply.message}", "error")
            return
        draft = self.drafts.get(view.name)
        if draft is not None and draft.text == text:
            del self.drafts[view.name]
        if not here or self._view is None:
            self._title()
            return
        if self.editor.text == text:
            # Until the task's view tells the new condition, this is what the editor is compared with.
            self._baseline = text
            self._leave()
        self._say(f"✓ {reply.message or 'applied'}", "success")
        self._title()
        self._checking.ask()
