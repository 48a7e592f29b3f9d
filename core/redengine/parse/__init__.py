"""Where Red Engine and Rocketry had the condition parser; it lives in :mod:`redengine.syntax`."""

from redengine.exc import ParserError
from redengine.syntax import parse_condition, parse_time

__all__ = ["ParserError", "parse_condition", "parse_time"]
