"""Carrying out what an operator asks for; on the scheduler's thread."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from redengine.args import Private
from redengine.args.parameters import keyword_names
from redengine.control import messages as m
from redengine.control.callers import refused
from redengine.control.explain import no_task, problems_of
from redengine.control.parameters import LONGEST, secret_names
from redengine.exc import ConditionSyntaxError
from redengine.scheduling.engine import FAILURES

#: Characters of a ticket.
LONGEST_TICKET = 200
#: Of what is kept in memory alone.
FOR_NOW = "until the scheduler is started anew"


class _RefusedError(Exception):
    """What was asked cannot be done; the message says why."""


def carry_out(session: Any, command: Any, caller: m.Caller) -> m.Reply:
    """Do it, or refuse with a reason. Either way the scheduler's log says who asked for what."""
    task = getattr(command, "task", "")
    task = session[task] if task and task in session else None
    # Before it is done: its parameters may be others then.
    words = describe(command, _secrets(session, task, command))
    try:
        if reason := refused(caller, command):
            raise _RefusedError(reason)
        reply = m.Reply(True, _do(session, command))
    except _RefusedError as refusal:
        reply = m.Reply(False, str(refusal))
    _note(session, task, caller, words, reply)
    return reply


def _note(session: Any, task: Any, caller: m.Caller, words: str, reply: m.Reply) -> None:
    """Have the scheduler's log and that of the tasks say who asked for what, and what came of it."""
    if caller.role == "read":
        left_out = session.refusals.take(session.get_time())
        if left_out is None:
            return
        words += f" (after {left_out} more that are not told of)" if left_out else ""
    level, answer = (logging.INFO, "") if reply.ok else (logging.WARNING, f": refused: {reply.message}")
    session.scheduler.logger.log(level, one_line(f"asked by {caller}: {words}{answer}"), extra={"action": "command"})
    known = ["of unknown uid" if caller.uid is None else f"uid {caller.uid}"]
    known += ["reader"] if caller.role == "read" else []
    known += [f"ssh {caller.ssh}"] if caller.ssh else []
    who = f"[{_cut(', '.join(known), 300)}]"
    text = f"asked by {_cut(str(caller), 200)}: {words}: {_cut(reply.message)} {who}"
    session.log_command(one_line(text), task_name="" if task is None else str(task.name), refused=not reply.ok)


def _secrets(session: Any, task: Any, command: Any) -> Collection[str]:
    if not isinstance(command, m.Run):
        return ()
    names = frozenset(command.parameters)
    # Of a task that there is not, nobody knows which are.
    return names if task is None else secret_names(session, task, names)


def describe(command: Any, secrets: Collection[str] = ()) -> str:
    """A command in words, for the log. The parameters of these names are masked."""
    name = type(command).__struct_config__.tag.replace("_", " ")
    if isinstance(command, m.Run):
        given = (
            f"{key!r}: {Private.string_hidden if key in secrets else repr(value)}"
            for key, value in command.parameters.items()
        )
        shown = f" with {{{', '.join(given)}}}" if command.parameters else ""
        return _cut(f"{name} {command.task!r}{shown}")
    if isinstance(command, m.ShutDown):
        return "shut down, and terminate what runs" if command.force else "shut down once what runs has ended"
    details = [repr(value) for field in command.__struct_fields__ if (value := getattr(command, field))]
    return _cut(" ".join([name, *details]))


def one_line(text: str) -> str:
    """A text without what a log takes for the end of a line, or a terminal for an order."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _cut(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else f"{text[:longest]} … ({len(text)} characters)"


def _task(session: Any, name: str) -> Any:
    if name in session:
        return session[name]
    raise _RefusedError(no_task(session, name).message)


def _do(session: Any, command: Any) -> str:
    if isinstance(command, (m.Run, m.Terminate, m.Disable, m.Enable, m.SetCondition)):
        return _do_to_task(session, _task(session, command.task), command)
    if isinstance(command, m.Hold):
        session.on_hold = True
        return "On hold: nothing is started by its condition"
    if isinstance(command, m.Resume):
        session.on_hold = False
        return "Resumed"
    if isinstance(command, m.ShutDown):
        return _shut_down(session.scheduler, command.force)
    if isinstance(command, m.KeepRunning):
        return _keep_running(session.scheduler)
    raise _RefusedError(f"{type(command).__name__} is not a command")


def _shut_down(scheduler: Any, force: bool) -> str:
    # What is not meant to finish is not waited for.
    waits_for = [run.task for run in scheduler.runs.values() if force or not run.task.permanent]
    alive = list(dict.fromkeys(str(task.name) for task in waits_for))
    if force:
        scheduler.request_shut_down(force=True)
        return f"Stopping: {_listed(alive)} {_are(alive)} terminated" if alive else "Stopping"
    if not scheduler.stops_for_good:
        scheduler.draining = True
    if not alive:
        return "Stopping"
    return f"Nothing more is started; the scheduler stops once {_listed(alive)} {_have(alive)} ended"


def _keep_running(scheduler: Any) -> str:
    if scheduler.stops_for_good:
        raise _RefusedError("The scheduler stops for good already: that cannot be taken back any more")
    if not scheduler.draining:
        raise _RefusedError("Nobody asked the scheduler to stop: there is nothing to take back")
    scheduler.draining = False
    return "The scheduler goes on"


def _listed(names: list[str]) -> str:
    """Names of tasks, not more than a line takes."""
    shown = ", ".join(map(repr, names[:3]))
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _have(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _do_to_task(session: Any, task: Any, command: Any) -> str:
    if isinstance(command, m.Run):
        if session.scheduler.stops_for_good:
            raise _RefusedError("The scheduler is stopping: nothing is started any more")
        if session.scheduler.draining:
            raise _RefusedError("The scheduler is about to stop: nothing is started unless that is taken back")
        _check_parameters(task, command.parameters)
        _check_ticket(session, command.ticket)
        queued = len(task.batches)
        _ask_for(session, task, command)
        if task.is_alive() and not task.multilaunch:
            return f"{task.name!r} runs again when its present run has ended"
        return f"{task.name!r} starts" if not queued else f"{task.name!r} starts, {queued} more to come"
    if isinstance(command, m.Terminate):
        return _terminate(task)
    if isinstance(command, m.Disable):
        task.disabled = True
        return f"{task.name!r} is disabled {FOR_NOW}"
    if isinstance(command, m.Enable):
        task.disabled = False
        return f"{task.name!r} is enabled"
    return _set_condition(session, task, command.condition)


def _check_ticket(session: Any, ticket: str) -> None:
    if len(ticket) > LONGEST_TICKET:
        raise _RefusedError(f"A ticket has up to {LONGEST_TICKET} characters")
    # So that what is sent twice is not done twice.
    if ticket and ticket in session.tickets:
        raise _RefusedError("This ticket is another run's: ask after that one, or choose another ticket")


def _ask_for(session: Any, task: Any, command: m.Run) -> None:
    known = {id(batch) for batch in task.batches}
    task.run(command.parameters)
    if command.ticket:
        batch = next((batch for batch in task.batches if id(batch) not in known), None)
        if batch is None:  # a class of the project's own does something else with it
            raise _RefusedError(f"{task.name!r} keeps no runs that are asked for: this one cannot be asked after")
        session.tickets.ask(command.ticket, task, batch)


def _terminate(task: Any) -> str:
    asked, alive = task.force_run, task.is_alive()
    if not alive and not asked:
        raise _RefusedError(f"{task.name!r} is not running")
    # Who stops it does not want what waits for the end of this run.
    task.force_run = False
    if not alive:
        return f"{task.name!r} does not run: what was asked for is taken back"
    task.terminate()
    return f"{task.name!r} is asked to stop{'; what else was asked for is taken back' if asked else ''}"


def _check_parameters(task: Any, given: dict[str, Any]) -> None:
    func = getattr(task, "func", None)
    names = keyword_names(func) if callable(func) else None
    unknown = sorted(given.keys() - names) if names is not None else []
    if unknown:
        raise _RefusedError(f"{task.name!r} takes no parameter {', '.join(map(repr, unknown))}")


def _set_condition(session: Any, task: Any, text: str) -> str:
    errors = [problem for problem in problems_of(text, session) if problem.severity == "error"]
    if errors:
        first = errors[0]
        raise _RefusedError(f"line {first.line}, column {first.column}: {first.message}")
    try:
        task.start_cond = text
    except ConditionSyntaxError as error:
        raise _RefusedError(str(error)) from error
    except FAILURES as error:  # the project's own code makes custom conditions
        raise _RefusedError(f"{type(error).__name__}: {error}") from error
    return f"{task.name!r} has a new condition {FOR_NOW}; copy it into the project file to keep it"
