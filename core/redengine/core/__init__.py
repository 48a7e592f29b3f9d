"""Aliases: the classes people subclass, where Red Engine 2 and Rocketry had them."""

from redengine.args.base import BaseArgument
from redengine.args.parameters import Parameters
from redengine.conditions.base import BaseCondition
from redengine.scheduling.scheduler import Scheduler
from redengine.tasks.base import Task
from redengine.time import RolledPeriod as TimePeriod

__all__ = ["BaseArgument", "BaseCondition", "Parameters", "Scheduler", "Task", "TimePeriod"]
