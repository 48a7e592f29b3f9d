"""Alias of :mod:`redengine.log.adapter`."""

from redengine.log.adapter import TaskAdapter

__all__ = ["TaskAdapter"]
