"""The command line."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, NoReturn

import click

# Everything heavy is imported where it is needed: ``--version`` and completion are to be instant.

#: The project cannot be used, or the command line is wrong.
UNUSABLE = 2
#: Seconds until it is said that a project is still being loaded.
PATIENCE = 0.7
#: Another process schedules the project.
RUNNING_ALREADY = 3

EXAMPLES = """
\b
Examples:
  redengine-tui demo                     look around in a made-up project
  redengine-tui project.py               run a project and watch it
  redengine-tui project.py:nightly       the app named nightly in that file
  redengine-tui check project.py         find mistakes before running it
  redengine-tui explain project.py x     why task x is not running
  redengine-tui forecast project.py      what will start in the next 24 hours
  redengine-tui list project.py --json   its tasks, for other programs
  redengine-tui locate project.py        where its log is
"""


class _ProjectOrCommand(click.Group):
    """``redengine-tui project.py`` is ``redengine-tui run project.py``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``run`` in front of what is no command."""
        first = next((arg for arg in args if not arg.startswith("-")), None)
        own_flags = {"--help", "--version", "-h"}
        if first is not None and first not in self.commands and not own_flags & set(args[: args.index(first)]):
            self._refuse_typo(ctx, first)
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def _refuse_typo(self, ctx: click.Context, word: str) -> None:
        """A word that is nearly a command, and no file, is no project."""
        from difflib import get_close_matches

        near = get_close_matches(word, self.commands, n=1)
        if near and not os.path.exists(word):
            ctx.fail(f'There is no command and no file {word!r}; did you mean "{near[0]}"?')


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"redengine-tui {version('redengine-tui')}")
    ctx.exit()


@click.group(
    cls=_ProjectOrCommand,
    invoke_without_command=True,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Write a schedule in Python; watch and steer it from a terminal.

    Give a project file to run it: PROJECT is the file, with :NAME for one of several apps in it.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        ctx.exit(UNUSABLE)


def _data_dir(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--data-dir",
        envvar="REDENGINE_TUI_DATA_DIR",
        metavar="DIR",
        help="Where logs and outputs are kept, instead of the user's data directory.",
    )(command)


@main.command()
@click.argument("project", metavar="PROJECT[:NAME]")
@click.option("--theme", metavar="NAME", help="Colours for this run.")
@_data_dir
def run(project: str, theme: str | None, data_dir: str | None) -> None:
    """Run a project and show it."""
    _show(lambda: _loaded(project), theme, data_dir)


@main.command()
@click.option("--theme", metavar="NAME", help="Colours for this run.")
@_data_dir
def demo(theme: str | None, data_dir: str | None) -> None:
    """Run a made-up project that shows what there is: nothing of yours is touched."""
    from importlib.resources import files

    path = str(files("redengine_tui") / "demo_project.py")
    _show(lambda: _loaded(path), theme, data_dir, name="demo")


def _show(load: Callable[[], Any], theme: str | None, data_dir: str | None, name: str | None = None) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        _stop("The screen needs a terminal: standard input or standard error is not one.")
    # What is imported and declared stays: nothing of it is garbage. Looked for again once the screen is about to come.
    gc.disable()
    from dataclasses import replace

    from redengine.exc import ProjectError, ProjectLocked
    from redengine_tui import settings
    from redengine_tui.data import ProjectData, data_root
    from redengine_tui.run import run as run_project

    try:
        project = load()
        if name is not None:
            project = replace(project, name=name)
        data = ProjectData.of(project.path, data_root(data_dir), name)
        chosen = settings.load()
        code = run_project(project, data, chosen if theme is None else replace(chosen, theme=theme))
    except ProjectLocked as problem:
        _stop(str(problem), RUNNING_ALREADY)
    except ProjectError as problem:
        _stop(str(problem))
    # Not sys.exit: a thread of a task's own, or one that would not stop, must not keep the program.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _loaded(spec: str, *, collect: bool = False) -> Any:
    from redengine_tui.project import load

    with _waiting(spec):
        return load(spec, collect=collect)


@contextmanager
def _waiting(spec: str) -> Iterator[None]:
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
def _answering() -> Iterator[None]:
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


@main.command()
@click.argument("project", metavar="PROJECT[:NAME]")
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
def check(project: str, as_json: bool) -> None:
    """Find mistakes in a project without running it: conditions, parameters, dependencies.

    Exit code 0: none; 1: some; 2: the file cannot be loaded at all.
    """
    from redengine.exc import ProjectError
    from redengine_tui import check as checking

    try:
        with _answering():
            findings = checking.check(_loaded(project, collect=True))
    except ProjectError as problem:
        if as_json:
            unusable = checking.Finding("error", "", problem.file or project, problem.line, 0, problem.summary)
            click.echo(checking.as_json((unusable,)))
            sys.exit(UNUSABLE)
        _stop(str(problem))
    click.echo(checking.as_json(findings) if as_json else checking.as_text(findings))
    sys.exit(1 if any(finding.severity == "error" for finding in findings) else 0)


@main.command(name="list")
@click.argument("project", metavar="PROJECT[:NAME]")
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@_data_dir
def list_tasks(project: str, as_json: bool, data_dir: str | None) -> None:
    """List the tasks of a project: condition, last run and next run, without running it."""
    from redengine.exc import ProjectError
    from redengine_tui import listing

    try:
        with _answering():
            loaded, scheduled = _with_past(project, data_dir)
            views = listing.views(loaded, scheduled)
    except ProjectError as problem:
        _stop(str(problem))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    click.echo(listing.as_json(views) if as_json else listing.as_text(views, loaded.session.zone, width))


@main.command()
@click.argument("project", metavar="PROJECT[:NAME]")
@click.argument("task", metavar="TASK")
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@_data_dir
def explain(project: str, task: str, as_json: bool, data_dir: str | None) -> None:
    """Say why a task is or is not started: its condition, part by part, and its next starts."""
    from redengine.exc import ProjectError
    from redengine_tui import explaining

    try:
        with _answering():
            loaded, scheduled = _with_past(project, data_dir)
            report = explaining.explain(loaded, task, scheduled)
    except ProjectError as problem:
        _stop(str(problem))
    click.echo(explaining.as_json(report) if as_json else explaining.as_text(task, report, loaded.session.zone))


@main.command()
@click.argument("project", metavar="PROJECT[:NAME]")
@click.option("--hours", type=click.FloatRange(min=0, min_open=True, max=24 * 366), default=24.0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@_data_dir
def forecast(project: str, hours: float, as_json: bool, data_dir: str | None) -> None:
    """Say what will start in the next hours, from what the log says of now, and what was assumed."""
    from datetime import timedelta

    from redengine.exc import ProjectError
    from redengine.scheduling.forecast import forecast as foretell
    from redengine_tui import forecasting

    try:
        with _answering():
            session = _with_past(project, data_dir)[0].session
            found = foretell(session, timedelta(hours=hours))
    except ProjectError as problem:
        _stop(str(problem))
    click.echo(forecasting.as_json(found) if as_json else forecasting.as_text(found, session.zone))


def _with_past(spec: str, data_dir: str | None) -> tuple[Any, bool]:
    """A project that knows its log, but does not run here; whether it runs elsewhere."""
    from redengine_tui.data import ProjectData, data_root
    from redengine_tui.outside import take_past
    from redengine_tui.text import safe_line

    loaded = _loaded(spec)
    for oddity in loaded.oddities:
        click.echo(f"{safe_line(str(oddity))}", err=True)
    return loaded, take_past(loaded, ProjectData.of(loaded.path, data_root(data_dir)))


@main.command()
@click.argument("project", metavar="PROJECT", required=False)
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@_data_dir
def locate(project: str | None, as_json: bool, data_dir: str | None) -> None:
    """Say where things are kept: of all projects, or of one and which process runs it."""
    from redengine.exc import ProjectError
    from redengine_tui import locating
    from redengine_tui.data import ProjectData, data_root
    from redengine_tui.project import existing, split

    root = data_root(data_dir)
    found: locating.Places | locating.ProjectPlaces
    try:
        if project is None:
            found = locating.places(root)
        elif project == "demo":
            found = locating.places_of(ProjectData.of(root, root, "demo"))
        else:
            found = locating.places_of(ProjectData.of(existing(split(project)[0]), root))
    except ProjectError as problem:
        _stop(str(problem))
    click.echo(locating.as_json(found) if as_json else locating.as_text(found))


def _stop(message: str, code: int = UNUSABLE) -> NoReturn:
    from redengine_tui.text import safe_block

    click.echo(f"redengine-tui: {safe_block(message)}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
