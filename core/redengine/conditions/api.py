"""Alias of :mod:`redengine.conds`, where projects written for Rocketry often import it from."""

from redengine.conds import *  # noqa: F403
from redengine.conds import __all__ as __all__
