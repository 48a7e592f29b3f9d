"""The condition language: parse, diagnose, complete, highlight, describe and print condition strings.

The grammar is ``condition.lark``; :func:`keywords` are its words.
"""

from redengine.syntax.complete import complete
from redengine.syntax.describe import describe
from redengine.syntax.diagnose import diagnose
from redengine.syntax.grammar import keywords
from redengine.syntax.parse import parse_condition, parse_time
from redengine.syntax.spans import spans
from redengine.syntax.unparse import unparse

__all__ = ["complete", "describe", "diagnose", "keywords", "parse_condition", "parse_time", "spans", "unparse"]
