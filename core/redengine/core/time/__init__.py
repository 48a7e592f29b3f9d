"""Alias of :mod:`redengine.time`."""

from redengine.time import *  # noqa: F403
from redengine.time import __all__ as __all__
