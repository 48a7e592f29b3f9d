"""The parameters a task would be run with: where each comes from, and which of two of one name wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from redengine.abc import Controller
from redengine.control.messages import Delta, EvaluateParameter, ListParameters, ParameterList, ParameterView, TaskView
from redengine_tui.actions import bindings
from redengine_tui.panes.ink import INK, MUTED, STRONG, fit, show, write_border
from redengine_tui.panes.pace import Pace, answer, later
from redengine_tui.panes.pane import Pane
from redengine_tui.panes.rows import Rows
from redengine_tui.text import safe_block, safe_line

#: Seconds between two looks at the parameters while things change.
PAUSE = 0.5
#: The same over a link that is to be spared.
SPARING_PAUSE = 3.0
#: Seconds until it is said that a value is being worked out.
PATIENCE = 0.3
#: Lines of a long value that are shown below the list.
DETAIL_LINES = 4


class ParameterRows(Rows):
    """The list itself."""

    DEFAULT_CSS = """
    ParameterRows { background: transparent; padding: 0 1; }
    """

    def __init__(self, pane: ParametersPane, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.pane = pane

    def row(self, index: int, width: int) -> Content:
        item = self.pane.items[index]
        pane = self.pane
        return parameter_row(item, width, pane.found.get(_key(item)), pane.names, pane.scopes, pane.kinds)

    def cursor_moved(self) -> None:
        self.pane.show_detail()

    def on_resize(self) -> None:
        self.reveal()


class ParametersPane(Pane):
    """Session and task level parameters of the task under the cursor."""

    TITLE: ClassVar[str] = "Parameters"
    HELP: ClassVar[str] = """\
# Parameters

What the task would be run with. A task's own parameter covers one of the session of the same name; the covered one is
dim and says `covered`, one that the function does not take says `not taken`. Secrets are masked. Values that take code
to know read `= ?` and are worked out only when you press `enter`.
"""
    BINDINGS = bindings("parameters")
    DEFAULT_CSS = """
    ParametersPane {
        #parameters-empty { height: auto; padding: 0 1; color: $text-muted; }
        #parameters-detail {
            height: auto;
            max-height: 40%;
            padding: 0 1;
            display: none;
            border-top: solid $border-blurred;
        }
    }
    """

    def __init__(self, controller: Controller, clock: Callable[[], float], **kwargs: Any) -> None:
        super().__init__(controller, clock, **kwargs)
        self.items: tuple[ParameterView, ...] = ()
        #: What evaluating gave, by scope and name.
        self.found: dict[tuple[str, str], tuple[bool, str]] = {}
        #: Cells of the columns before the value.
        self.names = self.scopes = self.kinds = 4
        self._view: TaskView | None = None
        self._reading = Pace(self, PAUSE, self._read)
        #: The task whose parameters are being asked for, and whether they are to be asked for again after that.
        self._asking: str | None = None
        self._ask_again = False
        #: Whose parameters are listed.
        self._listed: str | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="parameters-empty", markup=False)
        yield ParameterRows(self, id="parameters-rows")
        yield Static(id="parameters-detail", markup=False)

    @property
    def rows(self) -> ParameterRows:
        """The list."""
        return self.query_one(ParameterRows)

    def on_mount(self) -> None:
        self._read()

    def show_task(self, view: TaskView | None) -> None:
        before, self._view = self._view, view
        name = view.name if view else ""
        write_border(self, title=Content(f"{self.TITLE} · {safe_line(name, 60)}" if name else self.TITLE))
        if name != (before.name if before else ""):
            self.found.clear()
            if self.is_mounted and self.sparing:
                # The cursor may go on at once.
                self._read_soon()
            elif self.is_mounted:
                self._read()
        elif view != before:
            self._read_soon()

    def changed(self, delta: Delta) -> None:
        # A parameter of the session can be set by anything that runs.
        if self.display or not self.sparing:
            self._read_soon()

    def on_show(self) -> None:
        if self.sparing:
            self._read_soon()

    def spare(self, sparing: bool) -> None:
        super().spare(sparing)
        self._reading.pause = SPARING_PAUSE if sparing else PAUSE

    def reconnected(self) -> None:
        self._read_soon()

    def take_focus(self) -> None:
        self.screen.set_focus(self.rows)

    def _read_soon(self) -> None:
        if self.is_mounted:
            self._reading.ask()

    def _read(self) -> None:
        name = self._view.name if self._view else ""
        if name == self._asking:
            # Asked anew each time that something changes, a slow answer would never come.
            self._ask_again = True
            return
        self._asking, self._ask_again = name, False
        self._ask(name)

    @work(group="parameters", exclusive=True)
    async def _ask(self, name: str) -> None:
        listed: ParameterList = await answer(self, self.controller.ask(ListParameters(name)))
        self._asking = None
        if self._ask_again:
            self._read_soon()
        if name != (self._view.name if self._view else ""):
            return
        if listed.failed:
            # What is listed stays, if it is of this task.
            if name != self._listed:
                self._take(())
                show(self.query_one("#parameters-empty", Static), Content(safe_line(listed.failed, 300)))
            return
        self._listed = name
        self._take(listed.items)

    def _take(self, items: tuple[ParameterView, ...]) -> None:
        if items == self.items and self.rows.count == len(items):
            self._say_empty()
            return
        known = {_key(item): item for item in self.items}
        for item in items:
            if known.get(_key(item)) != item:
                self.found.pop(_key(item), None)
        self.items = items
        self.names = max((min(len(item.name), 24) for item in items), default=4)
        self.scopes = max((len(item.scope) for item in items), default=4)
        self.kinds = max((min(len(item.kind), 12) for item in items), default=4)
        self.rows.resize_to(len(items))
        self.rows.refresh()
        self._say_empty()
        self.show_detail()

    def _say_empty(self) -> None:
        said = "This task has no parameters." if self._view else "There are no parameters in this session."
        show(self.query_one("#parameters-empty", Static), Content("" if self.items else said))

    def show_detail(self) -> None:
        """Show the value under the cursor whole when its line cannot."""
        detail = self.query_one("#parameters-detail", Static)
        item = self.items[self.rows.cursor] if 0 <= self.rows.cursor < len(self.items) else None
        whole = "" if item is None else safe_block(value_of(item, self.found.get(_key(item)))[0])
        columns = self.names + self.scopes + self.kinds + 6
        if "\n" not in whole and len(whole) + columns <= self.rows.row_width:
            whole = ""
        lines = whole.split("\n")
        if len(lines) > DETAIL_LINES:
            lines = [*lines[: DETAIL_LINES - 1], f"… {len(lines) - DETAIL_LINES + 1} more lines"]
        show(detail, Content("\n".join(line[:400] for line in lines)))

    def on_resize(self) -> None:
        self.show_detail()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "evaluate":
            item = self._under_cursor()
            return None if item is None or not item.lazy else True
        return super().check_action(action, parameters)

    def _under_cursor(self) -> ParameterView | None:
        if not self.is_mounted or not 0 <= self.rows.cursor < len(self.items):
            return None
        return self.items[self.rows.cursor]

    def action_move(self, by: int) -> None:
        """Move the cursor by some parameters."""
        self.rows.move(by)
        self.refresh_bindings()

    def action_page(self, by: int) -> None:
        """Move the cursor by some pages."""
        self.rows.page(by)
        self.refresh_bindings()

    @on(Rows.Chosen)
    def action_evaluate(self) -> None:
        """Work out the lazy parameter under the cursor."""
        item = self._under_cursor()
        if item is not None and item.lazy:
            self._evaluate(item)

    @work(group="parameters-evaluate")
    async def _evaluate(self, item: ParameterView) -> None:
        task = self._view.name if self._view else ""

        def say() -> None:
            if task == (self._view.name if self._view else "") and item in self.items:
                self.found[_key(item)] = (True, "being worked out …")
                self.rows.refresh()

        waiting = later(self, PATIENCE, say)
        reply = await answer(self, self.controller.ask(EvaluateParameter(task, item.name, item.scope)))
        waiting.cancel()
        # Worked out for a task that is not shown any more, or from a parameter that has changed since.
        if task == (self._view.name if self._view else "") and item in self.items:
            self.found[_key(item)] = (reply.ok, reply.message)
            self.rows.refresh()
            self.show_detail()


def _key(item: ParameterView) -> tuple[str, str]:
    return item.scope, item.name


def value_of(item: ParameterView, found: tuple[bool, str] | None) -> tuple[str, str]:
    """What is said of a parameter's value, raw, and the style to say it in."""
    if found is not None:
        ok, message = found
        return f"= {message}" if ok else f"✗ {message}", INK["success"] if ok else INK["error"]
    if item.lazy:
        return f"{item.value}  = ?".lstrip(), MUTED
    return item.value, ""


def parameter_row(
    item: ParameterView, width: int, found: tuple[bool, str] | None, names: int, scopes: int, kinds: int
) -> Content:
    """One parameter in one line: name, scope and kind in so many cells each, value, and why it is not used."""
    value, style = value_of(item, found)
    row = [
        fit(Content.styled(safe_line(item.name), STRONG), max(min(names, width // 3), 4)),
        fit(item.scope, scopes),
        fit(Content.styled(safe_line(item.kind), INK["accent"]), kinds),
    ]
    note = safe_line(item.note)
    if not item.wins:
        note = note or "covered"
        row = [Content(part.plain) for part in row]
    value_part = Content.styled(safe_line(value), style)
    if note:
        value_part = Content.assemble((f"{note}  ", INK["warning"] if item.wins else ""), value_part)
    line = Content("  ").join([*row, value_part])
    return line if item.wins else Content.styled(line.plain, MUTED)
