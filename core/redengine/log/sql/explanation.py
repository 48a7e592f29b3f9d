"""What is said of a file of SQLite that cannot be used.

Needs SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from redengine.log import bird
from redengine.log.sql.queries import engine_of


@contextmanager
def explained(repo: bird.Repo) -> Iterator[None]:
    """Have an error say which file it is about and what to do. It is of the same class.

    Only those of SQLite that are about its file, which it does not name. A server names itself.
    """
    try:
        yield
    except DBAPIError as error:
        url = engine_of(repo).url
        advice = _advice(Path(url.database or ""), str(error.orig)) if url.get_backend_name() == "sqlite" else ""
        if not advice or error.orig is None:
            raise
        text = f"cannot use the log in the database {url.database}: {error.orig}; {advice}"
        raise type(error)(None, None, type(error.orig)(text)) from error


def _advice(path: Path, reason: str) -> str:
    """What to do about an error of SQLite, by its words; nothing for one that is not about the file itself."""
    if "not a database" in reason:
        return "it is a file of another kind; give the name of another one, or move it away"
    if "malformed" in reason:
        return "it is damaged; put a copy of it in its place, or move it away"
    if "unable to open" not in reason and "readonly" not in reason:
        return ""
    if path.is_dir():
        return "it is a folder; give the name of a file"
    if not path.parent.exists():
        return f"the folder {path.parent} does not exist; create it or choose another place for the log"
    return f"make {path.parent} and the file writable for this user, or choose another place for the log"
