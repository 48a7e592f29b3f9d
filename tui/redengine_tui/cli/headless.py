"""Running a project without a screen, for ``run --headless``."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, NoReturn

from redengine_tui.cli.ending import RUNNING_ALREADY, UNUSABLE, say


def run_headless(spec: str, data_dir: str | None, log_format: Any, quiet: bool) -> NoReturn:
    """Run a project until it is stopped, and end the program with its exit code."""
    _have_descriptors()
    import gc
    import logging
    import signal

    # Of what is imported and declared nothing is garbage.
    gc.disable()
    from redengine.exc import ProjectError, ProjectLocked
    from redengine_tui import headless
    from redengine_tui.cli.loading import loaded
    from redengine_tui.data import ProjectData, data_root
    from redengine_tui.log_settings import load_log_options

    # Nothing has begun yet; and the first process of a container has to say so itself that it goes.
    signal.signal(signal.SIGTERM, lambda number, frame: headless.end_of(number))
    reporter = headless.Reporter(2, log_format, quiet=quiet, journal=headless.in_journal(2, os.environ))
    try:
        project = loaded(spec)
        reporter.zone = project.session.zone
        problems: list[str] = []
        log = load_log_options(problems)
        for problem in problems:
            reporter.say(logging.WARNING, problem)
        gc.freeze()
        gc.enable()
        code = headless.run(project, ProjectData.of(project.path, data_root(data_dir)), log, reporter)
    except ProjectError as refusal:
        code = RUNNING_ALREADY if isinstance(refusal, ProjectLocked) else UNUSABLE
        if log_format == "json":
            reporter.say(logging.CRITICAL, str(refusal))
        else:
            say(str(refusal))
    reporter.close()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or nobody reads it
            stream.flush()
    # Not sys.exit: a thread of a task's own, or one that would not stop, must not keep the program.
    os._exit(code)


def _have_descriptors() -> None:
    """Have the three standard descriptors open, so that no file of ours takes the place of one that was closed."""
    for fd in (0, 1, 2):
        if not _is_open(fd):
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for name, fd in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, open(fd, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 (lives as long as we do)


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
