"""Alias of :mod:`redengine.tasks.base`."""

from redengine.tasks.base import Task

__all__ = ["Task"]
