"""All there is to know of one task."""

from __future__ import annotations

from datetime import tzinfo
from inspect import cleandoc

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from redengine.control.messages import TaskView
from redengine.control.outlook import IF_KEPT, IF_RESUMED
from redengine_tui import format
from redengine_tui.panes.ink import INK
from redengine_tui.screens.reading import ReadingScreen, Section, named
from redengine_tui.states import Look, action_look, task_look
from redengine_tui.text import safe_block, safe_line

_EXECUTIONS = {
    "main": "on the scheduler's own thread, which waits for it",
    "async": "as a coroutine on the scheduler's loop",
    "thread": "in a thread of the scheduler",
    "process": "in a process of its own",
    "dask": "on a dask cluster, in a process of its own there",
}
_WIDTH = 15


class TaskScreen(ReadingScreen):
    """The details of a task as they were when the page was opened."""

    def __init__(self, view: TaskView, now: float, zone: tzinfo | None) -> None:
        super().__init__()
        self.view = view
        self.now = now
        self.zone = zone

    def headline(self) -> Content:
        return Content(safe_line(self.view.name, 60))

    def page(self) -> ComposeResult:
        view = self.view
        if view.description.strip():
            yield Static(Content(safe_block(view.description.strip()) + "\n"))
        if view.problem:
            problem = Content(safe_block(view.problem)).stylize(INK["error"])
            yield Section("Cannot be started", [(Content(), problem)])
        yield Section("Now", self._now(), _WIDTH)
        if not view.runs or view.last_finish is not None:
            yield Section("Run before" if view.runs else "Last run", self._last(), _WIDTH)
        yield Section("Conditions", self._conditions(), _WIDTH)
        yield Section("How it runs", self._how(), _WIDTH)

    def _now(self) -> list[tuple[Content, Content]]:
        view = self.view
        look = task_look(view.state)
        lines = [named("State", _tinted(look) + Content(f"  It {look.meaning}"))]
        for run in view.runs:
            took = format.elapsed(self.now - run.started)
            told = ", was asked to end" if run.terminating else ""
            since = f"since {format.stamp(run.started, self.zone)}, for {took}{told}"
            lines.append(named("Run " + safe_line(run.run_id, 10), since))
        upcoming = safe_line(format.next_start(view.next, self.now, self.zone))
        if view.next.at is not None and view.next.kind == "at":
            at = format.stamp(view.next.at, self.zone)
            provided = view.next.text in (IF_RESUMED, IF_KEPT)
            upcoming = f"{at} {view.next.text}" if provided else f"{at} ({upcoming})"
        return [*lines, named("Next run", upcoming)]

    def _last(self) -> list[tuple[Content, Content]]:
        view = self.view
        # Of the newest run alone it is known when it started: while that lives, it is told of it above.
        started = format.stamp(view.last_run, self.zone) if view.last_run is not None else "never"
        return [
            *([] if view.runs else [named("Started", started)]),
            named("Ended", format.stamp(view.last_finish, self.zone) if view.last_finish is not None else "—"),
            named("Result", _tinted(action_look(view.last_result)) if view.last_result else "—"),
            named("Took", format.duration(view.duration) if view.duration is not None else "—"),
        ]

    def _conditions(self) -> list[tuple[Content, Content]]:
        return [
            named("Starts", _in_words(self.view.start_cond) or "not by a condition"),
            named("Is ended", _in_words(self.view.end_cond) or "not by a condition"),
        ]

    def _how(self) -> list[tuple[Content, Content]]:
        view = self.view
        execution = safe_line(view.execution)
        if view.execution in _EXECUTIONS:
            execution = f"{execution}: {_EXECUTIONS[view.execution]}"
        timeout = "none" if view.timeout is None else format.duration(view.timeout)
        also = [
            text
            for holds, text in (
                (view.disabled, "disabled"),
                (view.on_startup, "when the scheduler starts"),
                (view.on_shutdown, "when the scheduler stops"),
                (view.permanent, "permanent"),
            )
            if holds
        ]
        return [
            named("Runs", execution),
            named("Timeout", timeout),
            named("Priority", str(view.priority)),
            *([named("Also", ", ".join(also))] if also else []),
        ]


def _in_words(condition: str) -> str:
    """A condition as it is written; nothing for that of a task that was given none."""
    text = safe_block(cleandoc(condition))
    return "" if text == "false" else text


def _tinted(look: Look) -> Content:
    return Content.styled(str(look), INK[look.colour])
