"""Alias of :mod:`redengine.conditions.task`, for code written for Red Engine and Rocketry."""

from redengine.conditions.depend import DependFailure, DependFinish, DependSuccess
from redengine.conditions.task import (
    Retry,
    TaskCrashed,
    TaskExecutable,
    TaskFailed,
    TaskFinished,
    TaskInacted,
    TaskRunnable,
    TaskRunning,
    TaskStarted,
    TaskSucceeded,
    TaskTerminated,
)

__all__ = [
    "DependFailure",
    "DependFinish",
    "DependSuccess",
    "Retry",
    "TaskCrashed",
    "TaskExecutable",
    "TaskFailed",
    "TaskFinished",
    "TaskInacted",
    "TaskRunnable",
    "TaskRunning",
    "TaskStarted",
    "TaskSucceeded",
    "TaskTerminated",
]
