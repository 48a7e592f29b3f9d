"""Aliases: what Red Engine and Rocketry had beside their parsers."""

from redengine.exc import ParserError
from redengine.parse.condition import add_condition_parser

__all__ = ["ParserError", "add_condition_parser"]
