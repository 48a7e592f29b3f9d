"""Conditions: what has to be true for a task to start (or end), and for the scheduler to shut down."""

from redengine.conditions.base import BaseComparable, BaseCondition
from redengine.conditions.depend import DependFailure, DependFinish, DependSuccess, DependTerminate
from redengine.conditions.function import FuncCond
from redengine.conditions.logic import All, AlwaysFalse, AlwaysTrue, Any, Not
from redengine.conditions.parameter import IsEnv, ParamExists
from redengine.conditions.scheduler import SchedulerCycles, SchedulerStarted
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
from redengine.conditions.taskcond import TaskCond
from redengine.conditions.time import IsPeriod

true = AlwaysTrue()
false = AlwaysFalse()

__all__ = [
    "All",
    "AlwaysFalse",
    "AlwaysTrue",
    "Any",
    "BaseComparable",
    "BaseCondition",
    "DependFailure",
    "DependFinish",
    "DependSuccess",
    "DependTerminate",
    "FuncCond",
    "IsEnv",
    "IsPeriod",
    "Not",
    "ParamExists",
    "Retry",
    "SchedulerCycles",
    "SchedulerStarted",
    "TaskCond",
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
    "false",
    "true",
]
