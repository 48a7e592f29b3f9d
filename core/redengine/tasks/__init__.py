"""Kinds of tasks: a function, a shell command, a piece of code, and maintenance."""

from redengine.tasks.base import Task
from redengine.tasks.code import CodeTask
from redengine.tasks.command import CommandTask
from redengine.tasks.func import FuncTask
from redengine.tasks.maintain import Restart, ShutDown

__all__ = ["CodeTask", "CommandTask", "FuncTask", "Restart", "ShutDown", "Task"]
