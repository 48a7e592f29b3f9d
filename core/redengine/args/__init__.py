"""Arguments: values of a task's parameters that are worked out when the task runs."""

from redengine.args.base import BaseArgument, PipeArg, argument
from redengine.args.function import FuncArg, FuncParam
from redengine.args.outside import CliArg, EnvArg, Private
from redengine.args.parameters import Parameters
from redengine.args.scheduler import Config, SchedulerLogger, Session, Task, TaskLogger, TerminationFlag
from redengine.args.value import Arg, Return, SimpleArg

__all__ = [
    "Arg",
    "BaseArgument",
    "CliArg",
    "Config",
    "EnvArg",
    "FuncArg",
    "FuncParam",
    "Parameters",
    "PipeArg",
    "Private",
    "Return",
    "SchedulerLogger",
    "Session",
    "SimpleArg",
    "Task",
    "TaskLogger",
    "TerminationFlag",
    "argument",
]
