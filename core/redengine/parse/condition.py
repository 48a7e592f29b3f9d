"""Alias of :mod:`redengine.syntax`, for code written for Red Engine and Rocketry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redengine.base import default_session
from redengine.syntax import parse_condition


def add_condition_parser(parsers: Mapping[Any, Any]) -> None:
    """Add conditions to the default session: how each is written (text or regular expression), and the condition or
    what makes it. ``@app.cond(...)`` says the same of one app."""
    default_session().get_cond_parsers().update(parsers)


__all__ = ["add_condition_parser", "parse_condition"]
