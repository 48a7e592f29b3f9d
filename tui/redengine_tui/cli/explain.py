"""``redengine-tui explain``."""

from __future__ import annotations

from typing import Any

import click

from redengine_tui.cli.ending import stop
from redengine_tui.cli.loading import answering, with_past
from redengine_tui.cli.options import as_json, data_dir


@click.command(name="explain")
@click.argument("project", metavar="TARGET")
@click.argument("task", metavar="TASK")
@as_json
@data_dir
def command(project: str, task: str, as_json: bool, data_dir: str | None) -> None:
    """Say why a task is or is not started: its condition, part by part, and its next starts.

    A scheduler that runs is asked, also one of another machine; else it is from file and log, and nothing is run.
    """
    from redengine.exc import ProjectError
    from redengine_tui import explaining

    try:
        with answering():
            text = _live(project, task, data_dir, as_json)
            if text is None:
                loaded, scheduled = with_past(project, data_dir)
                report = explaining.explain(loaded, task, scheduled)
    except ProjectError as problem:
        stop(str(problem))
    if text is None:
        text = explaining.as_json(report) if as_json else explaining.as_text(task, report, loaded.session.zone)
    click.echo(text)


def _live(project: str, task: str, data_dir: str | None, as_json: bool) -> str | None:
    """What the running scheduler says, if there is one. Raises ``ProjectError`` when it has no such task."""
    import time

    from redengine.control.messages import ConditionReport, Explain
    from redengine.exc import ProjectError
    from redengine.nearest import nearest
    from redengine_tui import explaining
    from redengine_tui.cli.asking import UnansweredError, asked, compared, notes, with_facts
    from redengine_tui.format import zone

    async def question(controller: Any) -> ConditionReport:
        if all(view.name != task for view in controller.snapshot().tasks):
            return ConditionReport(False)
        report: ConditionReport = await controller.ask(Explain(task))
        if report.tree is None:
            raise UnansweredError(report.verdict)
        return report

    answer = asked(project, data_dir, question)
    if answer is None:
        return None
    found, unknown = compared(project, answer)
    names = [view.name for view in answer.tasks]
    if task not in names:
        note = found.notes.get(task, "")
        raise ProjectError(f"{task}: {note}" if note else f"There is no task {task!r}{nearest(task, names)}")
    if as_json:
        return with_facts(answer.value, **found.facts_of(task))
    text = explaining.as_text(task, answer.value, zone(answer.scheduler.timezone))
    note = found.notes.get(task, "")
    return text + notes(f"{note[:1].upper()}{note[1:]}", unknown, answer.asked(time.time()))
