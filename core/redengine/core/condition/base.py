"""Alias of :mod:`redengine.conditions`, where Red Engine and Rocketry had the base classes."""

from redengine.core.condition import *  # noqa: F403
from redengine.core.condition import __all__ as __all__
