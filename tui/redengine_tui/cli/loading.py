"""Loading a project for a command, with a word of it where that takes long."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import click

#: Seconds until it is said that a project is still being loaded.
PATIENCE = 0.7


def loaded(spec: str, *, collect: bool = False) -> Any:
    from redengine_tui.cli.arguments import of_project
    from redengine_tui.project import load

    with waiting(spec):
        return load(spec, collect=collect, arguments=of_project())


@contextmanager
def waiting(spec: str) -> Iterator[None]:
    """Say what is going on at a terminal while a project takes its time to load, and take that away again."""
    from threading import Timer

    from redengine_tui.text import safe_line

    said = False

    def say() -> None:
        nonlocal said
        said = True
        click.echo(f"Loading {safe_line(spec, 60)} …", nl=False, err=True)

    timer = Timer(PATIENCE, say)
    timer.daemon = True
    if sys.stderr.isatty():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if said:
            click.echo("\r\x1b[K", nl=False, err=True)


@contextmanager
def answering() -> Iterator[None]:
    """Keep standard output for the answer alone: what a project prints meanwhile goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def with_past(spec: str, data_dir: str | None) -> tuple[Any, bool]:
    """A project that knows its log, but does not run here; whether it runs elsewhere."""
    from redengine_tui.data import ProjectData, data_root
    from redengine_tui.outside import take_past
    from redengine_tui.text import safe_line

    project = loaded(spec)
    for oddity in project.oddities:
        click.echo(f"{safe_line(str(oddity))}", err=True)
    return project, take_past(project, ProjectData.of(project.path, data_root(data_dir)))
