"""Alias: removal of all hooks."""

from redengine.base import default_session


def clear_hooks() -> None:
    """Remove all hooks of the default session."""
    default_session().hooks.clear()


__all__ = ["clear_hooks"]
