"""Alias: parameters that are functions."""

from redengine.args import FuncParam

__all__ = ["FuncParam"]
