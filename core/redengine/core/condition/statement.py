"""Aliases: the base classes of conditions, by their names in Red Engine 2."""

from redengine.conditions import BaseComparable as Comparable
from redengine.conditions import BaseCondition as Statement


class Historical(Statement):
    """A condition about a period of the past. Subclasses go together with those of :class:`Comparable`."""


__all__ = ["Comparable", "Historical", "Statement"]
