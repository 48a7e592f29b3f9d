"""``redengine-tui ctl TARGET condition``, ``parameters``, ``tail`` and ``output``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from redengine_tui.cli.ending import UNUSABLE, say
from redengine_tui.cli.options import as_json
from redengine_tui.cli.talking import DONE, REFUSED, answered, no_such_task, put_json, put_text, talk

if TYPE_CHECKING:
    from redengine.control.messages import ConditionReport, LogEntry
    from redengine_tui.cli.ctl import Spoken

LEVELS = ("debug", "info", "warning", "error", "critical")
ACTIONS = ("run", "success", "fail", "inaction", "terminate", "crash", "command")


@click.command(name="condition")
@click.argument("task", metavar="TASK")
@click.argument("text", metavar="[CONDITION]", required=False)
@as_json
@click.pass_obj
def condition(spoken: Spoken, task: str, text: str | None, as_json: bool) -> None:
    """Print the condition of a task; or give it another one, until the scheduler is started anew."""
    way = spoken.way()

    async def work(controller: Any) -> int:
        tasks = {each.name: each for each in controller.snapshot().tasks}
        if task not in tasks:
            say(no_such_task(task, list(tasks)))
            return REFUSED
        if text is None:
            now = tasks[task].start_cond
            put_json({"task": task, "condition": now}) if as_json else put_text(f"{now}\n")
            return DONE
        from redengine.control.messages import CheckCondition, SetCondition

        report = await controller.ask(CheckCondition(task, text))
        if not report.ok:
            if as_json:
                put_json({"ok": False, "message": _first(report), "problems": report.problems})
            else:
                _point(text, report)
            return REFUSED
        _point(text, report)
        return answered(await controller.send(SetCondition(task, text)), as_json)

    talk(way, work, watches=True)


def _first(report: ConditionReport) -> str:
    first = next((problem for problem in report.problems if problem.severity == "error"), None)
    return "" if first is None else f"line {first.line}, column {first.column}: {first.message}"


def _point(text: str, report: ConditionReport) -> None:
    """Say what is wrong with a condition, with a mark below each place."""
    from redengine_tui.text import safe_line

    lines = text.splitlines() or [""]
    for problem in report.problems:
        hint = f'; did you mean "{problem.suggestion}"?' if problem.suggestion else ""
        said = (
            problem.message if problem.suggestion and problem.suggestion in problem.message else problem.message + hint
        )
        say(f"{problem.severity}: line {problem.line}, column {problem.column}: {said}")
        if problem.line <= len(lines):
            length = max(1, min(problem.end - problem.start, len(lines[problem.line - 1]) - problem.column + 1))
            click.echo(f"    {safe_line(lines[problem.line - 1])}", err=True)
            click.echo(f"    {' ' * (problem.column - 1)}{'^' * length}", err=True)


@click.command(name="parameters")
@click.argument("task", metavar="[TASK]", required=False)
@as_json
@click.pass_obj
def parameters(spoken: Spoken, task: str | None, as_json: bool) -> None:
    """List the parameters that a task would be run with; without TASK those of the session. Secrets are masked."""
    way = spoken.way()

    async def work(controller: Any) -> int:
        from redengine.control.messages import ListParameters
        from redengine_tui.text import safe_line

        names = [each.name for each in controller.snapshot().tasks]
        if task is not None and task not in names:
            say(no_such_task(task, names))
            return REFUSED
        found = await controller.ask(ListParameters(task or ""))
        if found.failed:
            say(found.failed)
            return UNUSABLE
        if as_json:
            put_json(found.items)
            return DONE
        for item in found.items:
            note = f"  ({item.note})" if item.note else ""
            wins = "" if item.wins else "  not used"
            click.echo(safe_line(f"{item.name} = {item.value}  [{item.scope}, {item.kind}]{wins}{note}"))
        return DONE

    talk(way, work, watches=True)


@click.command(name="tail")
@click.argument("task", metavar="[TASK]", required=False)
@click.option("-n", "--lines", type=click.IntRange(min=0), default=10, show_default=True, help="How many at first.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes.")
@click.option("--action", "actions", multiple=True, type=click.Choice(ACTIONS), help="Only these; may be repeated.")
@click.option("--level", type=click.Choice(LEVELS, case_sensitive=False), help="Only these and worse.")
@as_json
@click.pass_obj
def tail(
    spoken: Spoken,
    task: str | None,
    lines: int,
    follow: bool,
    actions: tuple[str, ...],
    level: str | None,
    as_json: bool,
) -> None:
    """Print the newest records of the log, oldest first; with --json an object a line."""
    way = spoken.way()

    async def work(controller: Any) -> int:
        from redengine.control.messages import LogFilter
        from redengine_tui import following
        from redengine_tui.format import zone

        names = [each.name for each in controller.snapshot().tasks]
        if task is not None and task not in names:
            # The log may have tasks that are no more.
            click.echo(f"redengine-tui: {no_such_task(task, names)} now", err=True)
        tz = zone(controller.snapshot().scheduler.timezone)
        where = LogFilter(task or "", actions, level=(level or "").upper())  # type: ignore[arg-type]
        page = await following.newest(controller, max(lines, 1), where)
        if page.failed:
            say(f"The log cannot be read: {page.failed}")
            return UNUSABLE
        for entry in page.entries[-lines:] if lines else ():
            _put_entry(entry, tz, as_json)
        if follow:
            async for entry in following.following(controller, page.last, where):
                _put_entry(entry, tz, as_json)
            click.echo("The scheduler has stopped", err=True)
        return DONE

    talk(way, work, watches=True)


def _put_entry(entry: LogEntry, tz: Any, as_json: bool) -> None:
    if as_json:
        put_json(entry, line=True)
        return
    import logging

    from redengine_tui.event_lines import Event, level_of, text_line

    number = logging.getLevelName(entry.level) if entry.level else None
    level = number if isinstance(number, int) else level_of(entry.action)
    # Of a command the message says all: who asked for what, of which task, and how it was answered.
    task = None if entry.action == "command" else entry.task or None
    event = Event(
        entry.created, level, entry.message, task, entry.action, entry.run_id, entry.runtime,
        entry.exc_text or None,
    )  # fmt: skip
    click.echo(text_line(event, tz))
    sys.stdout.flush()


@click.command(name="output")
@click.argument("run", metavar="TASK|RUN_ID")
@as_json
@click.pass_obj
def output(spoken: Spoken, run: str, as_json: bool) -> None:
    """Print what a run printed: the newest run of a task, or the run of an id."""
    way = spoken.way()

    async def work(controller: Any) -> int:
        from redengine.control.messages import LogFilter, ReadOutput
        from redengine_tui.following import PIECE, newest

        tasks = {each.name: each for each in controller.snapshot().tasks}
        run_id, start = run, None
        if run in tasks:
            alive = tasks[run].runs
            if alive:
                run_id, start = alive[-1].run_id, alive[-1].started
            else:
                page = await newest(controller, 1, LogFilter(run, ("run",)))
                if page.failed or not page.entries:
                    say(page.failed or f"{run!r} has never run")
                    return UNUSABLE if page.failed else REFUSED
                run_id, start = page.entries[-1].run_id, page.entries[-1].start
        found = await controller.ask(ReadOutput(run_id, PIECE, start))
        if as_json:
            put_json({"run_id": run_id, "size": found.size, "path": found.path, "text": found.text})
            return DONE if found.path or run in tasks else REFUSED
        if not found.path:
            from redengine.nearest import nearest

            if run in tasks:
                click.echo("redengine-tui: its newest run has printed nothing", err=True)
                return DONE
            say(f"There is no output of a run of this id, and no task {run!r}{nearest(run, tasks)}")
            return REFUSED
        put_text(found.text)
        return DONE

    talk(way, work, watches=True)
