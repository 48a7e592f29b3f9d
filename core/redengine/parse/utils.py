"""Alias of :mod:`redengine.exc`, for code written for Red Engine and Rocketry."""

from redengine.exc import ParserError

__all__ = ["ParserError"]
