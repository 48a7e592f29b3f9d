"""What the tests of a log in several files share."""

from __future__ import annotations


def numbers(records):
    """The seconds of records, or of those on a page."""
    return [int(each.created) for each in getattr(records, "entries", records)]


def files(path):
    """The names of the files of a log, oldest first."""
    return sorted(file.name for file in path.parent.glob("*.csv"))
