"""Alias of :mod:`redengine.args`, for code written for Rocketry."""

from redengine.args import *  # noqa: F403
from redengine.args import __all__ as __all__
