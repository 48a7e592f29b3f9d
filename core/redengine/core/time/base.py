"""Alias of :mod:`redengine.time`, where Red Engine and Rocketry had the base classes."""

from redengine.core import TimePeriod
from redengine.core.time import *  # noqa: F403
from redengine.core.time import __all__ as _all

__all__ = [*_all, "TimePeriod"]
