"""The way out: what a screen asks before it is left or its scheduler stops, and what is said of one that goes on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, cast

from redengine.control.messages import KeepRunning, Reply, SchedulerView, ShutDown, TaskView
from redengine_tui import format
from redengine_tui.actions import BY_ID
from redengine_tui.screens.confirm import Choice, ConfirmScreen
from redengine_tui.text import safe_line

if TYPE_CHECKING:
    from redengine_tui.app import RedEngineTUI
    from redengine_tui.screens.main import MainScreen
    from redengine_tui.screens.steering import SteeringScreen

#: What a screen returns that was left, and one whose scheduler had ended; one that a signal ended returns nothing.
LEFT, STOPPED = "left", "stopped"
ENDED = ("stopped", "failed")
#: How many names a question tells before it counts the rest, and the length of each (characters).
NAMES, LONGEST_NAME = 3, 30

Way = Literal["wait", "terminate", "keep", "leave", "stay"]


class WayOut:
    """Asks what is to become of the scheduler, and has it done."""

    def __init__(self, app: RedEngineTUI, screen: SteeringScreen) -> None:
        """``screen``: what is left; of one over many schedulers there is no scheduler to stop."""
        self._app = app
        self._screen = screen
        #: What was asked of the scheduler from this screen; empty: nothing, or it was taken back.
        self._asked: Literal["", "wait", "terminate"] = ""
        self._under_way = False
        #: The question that is asked, and of which life of the scheduler, in which phase, it is.
        self._question: ConfirmScreen[Way] | None = None
        self._about: tuple[object, ...] = ()
        self._life: tuple[object, ...] | None = None

    def drafts(self) -> str:
        """What would be lost with the screen, in words: conditions that were typed and not applied."""
        names = self._app.base.drafts()
        return f"Typed and not applied, for {_listed(names)}: lost with this screen." if names else ""

    def _lost_too(self) -> str:
        """What a stop would cost beside: nothing where it leads back to a screen that goes on."""
        return self.drafts() if self._screen is self._app.base else ""

    @property
    def _main(self) -> MainScreen:
        return cast("MainScreen", self._screen)

    def end(self) -> None:
        """The scheduler has ended, and its screen with it: back to the one over many, if there is one."""
        if self._screen is self._app.base:
            self._app.exit(STOPPED)
        elif self._screen is self._app.screen:
            self._main.dismiss()

    def leave(self) -> None:
        """Leave the screen, and the scheduler to itself. Asks where something typed would be lost."""
        if lost := self.drafts():
            self._ask(
                "Leave with an edited condition?",
                lost,
                (Choice("l", "Leave", "leave", costs=True), Choice("s", "Stay", "stay")),
            )
        else:
            self._app.exit(LEFT)

    async def stop(self, *, asks: bool) -> None:
        """Stop the scheduler and then leave. Without ``asks`` at once, unless something that was typed is lost."""
        view = self._main.model.scheduler
        if view.state == "stopping" and self._asked == "terminate":
            self._ask(
                "The scheduler has not stopped yet.",
                "It was told to terminate what runs. You can leave without waiting for it.",
                (Choice("l", "Leave now", "leave", costs=True), Choice("w", "Wait", "stay")),
            )
        elif view.state in ("draining", "stopping"):
            self._ask_again(view)
        elif asks or self._lost_too():
            self._ask_first(view)
        else:
            await self._do("wait")

    def note(self, view: SchedulerView) -> None:
        """Leave once the scheduler has stopped as it was asked to from here. A question about a scheduler that is not
        as it was then is taken back: its answer would be one to something else."""
        if self._question is not None and self._about[0] != "" and _about(view) != self._about:
            self._question.action_harmless()
            self._app.tell(f"The question is gone: {_since(self._about, view)}", bad=True)
        if self._life not in (None, _life(view)):
            self._under_way, self._asked = False, ""
        self._life = _life(view)
        if view.state in ("draining", "stopping"):
            self._under_way = True
        elif view.state in ENDED:
            if self._asked:
                self.end()
        elif self._under_way:
            # Taken back, here or on another screen.
            self._under_way, self._asked = False, ""

    def _ask_first(self, view: SchedulerView) -> None:
        wait: tuple[Choice[Way], ...] = (Choice("y", "Stop it", "wait", costs=True),)
        if view.running:
            wait = (
                Choice("w", f"Wait for {_them(view.running)}", "wait"),
                Choice("t", f"Terminate {_them(view.running)}", "terminate", costs=True),
            )
        detail = "\n".join(filter(None, (self._running(), self._next(view), self._lost_too())))
        self._ask(
            f"Stop the scheduler of {safe_line(view.project, LONGEST_NAME)}?",
            detail,
            (*wait, Choice("n", "No", "stay")),
        )

    def _ask_again(self, view: SchedulerView) -> None:
        keep: tuple[Choice[Way], ...] = ()
        if view.state == "draining":
            keep = (Choice("k", "Keep running", "keep"),)
        what = f"Still waiting for {_tasks(view.running)}." if view.running else "The scheduler has not stopped yet."
        self._ask(
            what,
            "\n".join(filter(None, (self._running(), "Terminated tasks lose the work they have under way."))),
            (
                Choice("t", "Terminate now", "terminate", costs=True),
                *keep,
                Choice("w", "Go on waiting", "stay"),
            ),
        )

    def _running(self) -> str:
        now = self._app.clock()
        running: Sequence[TaskView] = self._main.model.running
        if not running:
            return "Nothing runs."

        def told(view: TaskView) -> str:
            took = format.elapsed(now - min(run.started for run in view.runs))
            return f"{safe_line(view.name, LONGEST_NAME)} (for {took})"

        return f"Running: {_listed([told(view) for view in running])}."

    def _next(self, view: SchedulerView) -> str:
        if view.next_at is None:
            return ""
        when = format.future(view.next_at, self._app.clock(), format.zone(view.timezone))
        return f"Next would be {safe_line(view.next_task, LONGEST_NAME)}: {when}."

    def _ask(self, question: str, detail: str, choices: tuple[Choice[Way], ...]) -> None:
        self._question = ConfirmScreen(question, detail, choices)
        self._about = _about(self._main.model.scheduler) if self._steers(choices) else ("",)
        self._app.push_screen(self._question, self._do)

    @staticmethod
    def _steers(choices: tuple[Choice[Way], ...]) -> bool:
        return any(choice.answer in ("wait", "terminate", "keep") for choice in choices)

    async def _do(self, way: Way | None) -> None:
        self._question = None
        if way in ("wait", "terminate", "keep") and self._about:
            # What the screen has not shown yet counts, too.
            now = self._main.controller.snapshot().scheduler
            if _about(now) != self._about:
                self._app.tell(f"Not done: {_since(self._about, now)}", bad=True)
                return
        if way == "leave":
            self._app.exit(LEFT)
        elif way == "keep":
            reply: Reply = await self._main.controller.send(KeepRunning())
            self._app.tell(reply.message or "The scheduler goes on", bad=not reply.ok)
        elif way in ("wait", "terminate"):
            before, self._asked = self._asked, way
            reply = await self._main.controller.send(ShutDown(force=way == "terminate"))
            if not reply.ok:
                self._asked = before
                self._app.tell(f"Not stopped: {reply.message}", bad=True)
            elif count := self._main.model.scheduler.running:
                key = self._app.keys_shown(BY_ID["app.stop"]).split(" ")[0]
                more = f"; {key} takes that back, or terminates" if way == "wait" else ""
                ended = "has ended" if count == 1 else "have ended"
                self._app.tell(f"Stops once {_tasks(count)} {ended}{more}")


def _life(view: SchedulerView) -> tuple[object, ...]:
    """Which life of the scheduler this is."""
    return (view.host, view.pid, view.started)


def _about(view: SchedulerView) -> tuple[object, ...]:
    """What a question about a stop depends on: whose, and how far it has stopped."""
    phase = view.state if view.state in ("draining", "stopping") else "over" if view.state in ENDED else "running"
    return (*_life(view), phase)


def _since(before: tuple[object, ...], view: SchedulerView) -> str:
    """What has become of the scheduler since, in words."""
    if view.state in ENDED:
        return "the scheduler has stopped"
    if before[:-1] != _life(view):
        return "the scheduler was started anew"
    if view.state in ("draining", "stopping"):
        return "the scheduler is stopping already"
    return "the scheduler goes on, somebody has kept it running"


def has_stopped(name: str) -> str:
    """What is said of a scheduler that has stopped once its screen is gone."""
    return f"The scheduler of {safe_line(name, 300)} has stopped."


def goes_on(spec: str, pid: int | None, options: Sequence[str] = ()) -> str:
    """How to come back to the scheduler of this project, and how to stop it; ``pid``: its process, if known.
    ``options``: what other commands have to be given to find it."""
    name = safe_line(spec, 300)
    given = safe_line(shlex.join([spec, *options]), 300)
    process = "" if pid is None else f" (process {pid})"
    return (
        f"The scheduler of {name} goes on{process}.\n"
        f"Come back: redengine-tui attach {given}   Stop it: redengine-tui stop {given}"
    )


def _tasks(count: int) -> str:
    return "a task" if count == 1 else f"{count} tasks"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _listed(names: Sequence[str]) -> str:
    """``a, b, c and 4 more``."""
    shown = ", ".join(safe_line(name, LONGEST_NAME + 20) for name in names[:NAMES])
    return shown if len(names) <= NAMES else f"{shown} and {len(names) - NAMES} more"
