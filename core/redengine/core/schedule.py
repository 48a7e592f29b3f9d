"""Alias of :mod:`redengine.scheduling.scheduler`."""

from redengine.scheduling.scheduler import Scheduler

__all__ = ["Scheduler"]
