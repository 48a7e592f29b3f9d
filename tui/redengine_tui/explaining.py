"""Why a task is or is not started, printed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import tzinfo
from difflib import get_close_matches

import msgspec

from redengine.control.explain import report_of
from redengine.control.messages import ConditionNode, ConditionReport, NextStart
from redengine.exc import ProjectError
from redengine_tui.format import next_start, stamp
from redengine_tui.outside import never_ended, processes_full
from redengine_tui.project import LoadedProject
from redengine_tui.text import safe_line


def explain(project: LoadedProject, task_name: str, scheduled: bool = False) -> ConditionReport:
    """What the condition of a task means now, and what another process that schedules the project does with it.

    Raises :class:`~redengine.exc.ProjectError` when there is no such task.
    """
    session = project.session
    if task_name not in session:
        near = get_close_matches(task_name, map(str, session.tasks.names()), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ProjectError(f"{project.path.name} has no task {task_name!r}{hint}")
    task = session[task_name]
    context = session.context(task)
    if context.started_at is None:
        # As in a forecast: as if the scheduler were started now.
        context.started_at = context.now
    report = report_of(task, context)
    if left := session.unended.get(task.name):
        report = msgspec.structs.replace(report, verdict=f"It {never_ended(left, session.zone)}. {report.verdict}")
    due = report.next is not None and report.next.kind == "now" and not task.history.live and not task.disabled
    if scheduled and due and task.get_execution() == "process" and processes_full(session):
        report = msgspec.structs.replace(report, verdict="Its condition holds; it waits for a free process.")
    # The report is of the condition alone.
    return msgspec.structs.replace(report, next=NextStart("never"), next_starts=()) if task.disabled else report


def as_json(report: ConditionReport) -> str:
    """For other programs; times are epoch seconds."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode()


def as_text(task_name: str, report: ConditionReport, zone: tzinfo | None = None) -> str:
    """In words: the verdict, the condition as a sentence, its parts, and the next starts; times in ``zone``."""
    now = time.time()
    lines = [f"{safe_line(task_name)}: {safe_line(report.verdict)}", "", safe_line(report.description)]
    if report.tree is not None:
        lines += ["", *_tree(report.tree, zone)]
    if report.next is not None:
        lines += ["", f"next: {safe_line(next_start(report.next, now, zone))}"]
    lines += [f"      {stamp(at, zone)}" for at in report.next_starts]
    return "\n".join(lines)


def _tree(node: ConditionNode, zone: tzinfo | None, lead: str = "", below: str = "") -> Iterator[str]:
    truth = {True: "true ", False: "false", None: "error"}[node.truth]
    reason = f"  ({safe_line(node.reason)})" if node.reason else ""
    until = [] if node.changes_at is None else [stamp(node.changes_at, zone)]
    until += [safe_line(event) for event in node.changes_on]
    changes = f"  until {' or '.join(until)}" if until and not node.children else ""
    yield f"{lead}{truth}  {safe_line(node.text)}{reason}{changes}"
    for index, child in enumerate(node.children):
        last = index == len(node.children) - 1
        yield from _tree(child, zone, f"{below}{'`- ' if last else '|- '}", f"{below}{'   ' if last else '|  '}")
