"""Alias of :mod:`redengine.conditions`."""

from redengine.conditions import All, AlwaysFalse, AlwaysTrue, Any, BaseComparable, BaseCondition, Not

__all__ = ["All", "AlwaysFalse", "AlwaysTrue", "Any", "BaseComparable", "BaseCondition", "Not"]
