"""The class that everything bound to a session derives from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redengine.session import Session


class RedBase:
    """Has a ``session``: its own when it was given one, else the default session."""

    #: The default session, set by :meth:`redengine.session.Session.set_as_default`.
    session: Any = None


def default_session() -> Session:
    """The session that tasks, conditions and arguments use when they were given none."""
    session: Session = RedBase.session
    return session
