"""Every exception that users of the scheduler may raise or catch."""

from __future__ import annotations


class TaskInactionException(Exception):  # noqa: N818 - the name people know
    """Raised by a task that found nothing to do: the run ends as ``inaction``, neither success nor failure."""


class TaskTerminationException(Exception):  # noqa: N818 - the name people know
    """Raised by a task that noticed it was asked to stop: the run ends as ``terminate``."""


class TaskCrashError(RuntimeError):
    """The process that ran a task died before it could say how the run ended."""


class TaskSetupError(RuntimeError):
    """A task failed before its own code was reached, for example because an argument has no value."""


class CommandError(OSError):
    """A command ended with an exit code other than 0 or was killed; the message has the code or the signal, and what it
    wrote to standard error."""


class TaskLoggingError(Exception):
    """What a task did could not be written to its log."""


class SchedulerRestart(Exception):  # noqa: N818 - the name people know
    """Raised by a task to restart the scheduler once the running tasks have finished."""


class SchedulerExit(Exception):  # noqa: N818 - the name people know
    """Raised by a task to shut the scheduler down."""


class ConditionSyntaxError(ValueError):
    """A condition string that cannot be understood.

    ``str()`` of it names line and column of each error, what was found, what was expected and the nearest valid word.
    ``diagnostics`` holds every independent error of the ``text``, in order (see :mod:`redengine.syntax`).
    """

    def __init__(self, message: str, diagnostics: tuple[object, ...] = (), text: str = "") -> None:
        super().__init__(message)
        self.diagnostics = diagnostics
        self.text = text


#: The name the condition parser's error had in Red Engine and Rocketry.
ParserError = ConditionSyntaxError


class ProjectError(Exception):
    """A project file that cannot be used; the message says where and what to do about it.

    ``file`` and ``line`` are where that is, empty and 0 when it is nowhere; ``summary`` is the message in one line,
    without them.
    """

    def __init__(self, message: str, *, file: str = "", line: int = 0, summary: str = "") -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.summary = summary or next(iter(message.splitlines()), "")


class ControlError(Exception):
    """A scheduler cannot be reached, or not be offered to others; the message says why and what to do.

    ``lasting``: to try again is of no use, before somebody has done something.
    """

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class ProjectLocked(ProjectError):  # noqa: N818 - the name people know
    """Another process schedules this project already."""
