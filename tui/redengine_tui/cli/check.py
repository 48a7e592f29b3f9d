"""``redengine-tui check``."""

from __future__ import annotations

import sys

import click

from redengine_tui.cli.ending import UNUSABLE, stop
from redengine_tui.cli.loading import answering, loaded
from redengine_tui.cli.options import as_json


@click.command(name="check")
@click.argument("project", metavar="PROJECT[:NAME]")
@as_json
def command(project: str, as_json: bool) -> None:
    """Find mistakes in a project without running it: conditions, parameters, dependencies.

    Exit code 0: none; 1: some; 2: the file cannot be loaded at all.
    """
    from redengine.exc import ProjectError
    from redengine_tui import check as checking

    try:
        with answering():
            findings = checking.check(loaded(project, collect=True))
    except ProjectError as problem:
        if as_json:
            unusable = checking.Finding("error", "", problem.file or project, problem.line, 0, problem.summary)
            click.echo(checking.as_json((unusable,)))
            sys.exit(UNUSABLE)
        stop(str(problem))
    click.echo(checking.as_json(findings) if as_json else checking.as_text(findings))
    sys.exit(1 if any(finding.severity == "error" for finding in findings) else 0)
