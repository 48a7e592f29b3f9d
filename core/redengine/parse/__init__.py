"""Where Red Engine and Rocketry had the condition parser; it lives in :mod:`redengine.syntax`."""

from redengine.exc import ParserError
from redengine.parse.condition import add_condition_parser
from redengine.syntax import parse_condition, parse_time

__all__ = ["ParserError", "add_condition_parser", "parse_condition", "parse_time"]
