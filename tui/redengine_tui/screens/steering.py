"""What is done to the task under the cursor, on every screen that has a list of tasks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.dom import DOMNode
from textual.screen import Screen

from redengine.abc import Controller
from redengine.control.messages import Command, Disable, Enable, Reply, Run, TaskView, Terminate
from redengine_tui import format
from redengine_tui.actions import Act
from redengine_tui.panes.pace import answer, later
from redengine_tui.panes.tasks import TasksPane
from redengine_tui.screens.confirm import yes_or_no
from redengine_tui.text import safe_line

if TYPE_CHECKING:
    from redengine_tui.app import RedEngineTUI

#: Has a command carried out by somebody.
Send = Callable[[Command], Awaitable[Reply]]

#: Seconds until it is said that the answer to a command is awaited.
PATIENCE = 1.0


class SteeringScreen(Screen[None]):
    """A screen that the program can be begun with, or that is opened on top of such a one."""

    #: Ids of actions of other places that it has as well.
    SHARED: ClassVar[tuple[str, ...]] = ()

    controller: Controller
    clock: Callable[[], float]
    tasks: TasksPane

    # For the program around it

    def holder(self, where: str) -> DOMNode | None:
        """Who carries out the actions of this place; ``None``: there is no such place here."""
        raise NotImplementedError

    def holder_of(self, act: Act) -> DOMNode | None:
        """Who carries out this action now; ``None``: nobody here does."""
        holder = self.holder(act.where)
        if holder is None and act.id in self.SHARED:
            holder = self
        if holder is self and self.check_action(act.action.partition("(")[0], ()) is False:
            return None
        return holder

    def drafts(self) -> list[str]:
        """Tasks for which a condition was typed that is not applied."""
        raise NotImplementedError

    def helps(self) -> list[str]:
        """What each pane says about itself, in Markdown."""
        raise NotImplementedError

    # What can be done

    def called(self, view: TaskView) -> str:
        """What people call this task. Raw."""
        return view.name

    def time_of(self, view: TaskView) -> float:
        """The time where this task is (epoch seconds)."""
        return self.clock()

    def action_run_task(self) -> None:
        """Run the task under the cursor."""
        if view := self._chosen():
            self._send(Run(view.name), f"Started {self.called(view)}")

    def action_toggle_task(self) -> None:
        """Disable the task under the cursor, or enable it."""
        if view := self._chosen():
            if view.disabled:
                self._send(Enable(view.name), f"Enabled {self.called(view)}")
            else:
                self._send(Disable(view.name), f"Disabled {self.called(view)}")

    def action_terminate_task(self) -> None:
        """Ask whether the live runs of the task under the cursor are to be stopped, and what was asked for dropped."""
        view = self._chosen()
        if view is None:
            return
        called = self.called(view)
        if not view.runs:
            if view.asked:
                self._send(Terminate(view.name), f"{called} does not run")
            else:
                self._tell(f"{called} is not running", bad=True)
            return
        took = format.elapsed(self.time_of(view) - min(run.started for run in view.runs))
        what = f"It has been running for {took}" if len(view.runs) == 1 else f"{len(view.runs)} runs, up to {took} old"
        more = f", and {view.asked} more that {'was' if view.asked == 1 else 'were'} asked for" if view.asked else ""
        name, asked_about = view.name, {run.run_id for run in view.runs}

        def answered(yes: bool | None) -> None:
            now = self.tasks.roster.views.get(name)
            alive = {run.run_id for run in now.runs} if now is not None else set()
            if yes and asked_about.isdisjoint(alive):
                # A run that began since is another one.
                self._tell(f"Not done: that run of {called} has ended", bad=True)
            elif yes:
                self._send(Terminate(name), f"Terminating {called}")

        question = f"Terminate {safe_line(called, 60)}?"
        self.app.push_screen(
            yes_or_no(question, f"{what}{more}. The work under way is lost.", "Terminate", "Let it run"), answered
        )

    def _chosen(self) -> TaskView | None:
        view = self.tasks.current
        if view is None:
            self._tell("There is no task under the cursor", bad=True)
        return view

    @work
    async def _send(self, command: Command, done: str, send: Send | None = None) -> None:
        """Have a command carried out, by default by the scheduler of the task in it, and say how that went."""
        waiting = later(self, PATIENCE, lambda: self._tell("Sent; waiting for the answer …"))
        reply: Reply = await answer(self, (send or self.controller.send)(command))
        waiting.cancel()
        if reply.ok:
            self._tell(reply.message or done)
        else:
            self._tell(reply.message or "The scheduler refused, and gave no reason", bad=True)

    def _tell(self, text: str, *, bad: bool = False) -> None:
        cast("RedEngineTUI", self.app).tell(text, bad=bad)
