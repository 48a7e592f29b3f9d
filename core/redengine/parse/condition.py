"""Alias of :mod:`redengine.syntax`, for code written for Red Engine and Rocketry."""

from redengine.syntax import parse_condition

__all__ = ["parse_condition"]
