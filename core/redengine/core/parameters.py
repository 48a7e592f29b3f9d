"""Alias of :mod:`redengine.args`."""

from redengine.args import BaseArgument, Parameters

__all__ = ["BaseArgument", "Parameters"]
