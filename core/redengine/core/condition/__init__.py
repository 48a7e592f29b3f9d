"""Alias of :mod:`redengine.conditions`."""

from redengine.conditions import All, AlwaysFalse, AlwaysTrue, Any, BaseComparable, BaseCondition, Not
from redengine.core.condition.statement import Comparable, Historical, Statement

__all__ = [
    "All",
    "AlwaysFalse",
    "AlwaysTrue",
    "Any",
    "BaseComparable",
    "BaseCondition",
    "Comparable",
    "Historical",
    "Not",
    "Statement",
]
