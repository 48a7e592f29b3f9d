"""The log in a table of a database: redbird's repository, made for a log that grows and is asked all the time.

Needs SQLAlchemy.
"""

from __future__ import annotations

import threading
from typing import Any

import sqlalchemy as sa
from pydantic.v1 import PrivateAttr
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.pool import QueuePool

from redengine.log import bird
from redengine.log.sql_table import SqlTable, describe

#: Seconds that a database of SQLite is waited for while another process writes to it.
PATIENCE = 30.0


class SQLRepo(bird.SQLRepo):  # type: ignore[misc]
    """SQL repository.

    Parameters are those of redbird's (``conn_string``, ``engine`` or ``session``; ``table``, ``model``, ``id_field``,
    ``errors_query``, ``autocommit``, ``model_orm``), with

    - ``if_missing``: ``"create"`` (the default) or ``"raise"`` (``NoSuchTableError``) when there is no such table;
    - ``fsync``: whether each record is forced to the disk, so that it survives a power cut. For SQLite and with
      ``conn_string`` only: a server has settings of its own for that.

    The database is connected to when first used, not before: processes that only import the project leave it alone.
    """

    fsync: bool = False
    if_missing: str = "create"
    conn_string: str | None = None

    _log_table: SqlTable | None = PrivateAttr(default=None)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    def __init__(self, *, conn_string: str | None = None, engine: Any = None, session: Any = None, **data: Any) -> None:
        if data.get("model_orm") is None and not data.get("table"):
            raise TypeError("A SQLRepo needs the name of its table: table='log'")
        if data.get("if_missing", "create") not in ("create", "raise"):
            raise ValueError(f"if_missing is 'create' or 'raise', not {data['if_missing']!r}")
        if conn_string is not None:
            engine = _connect(conn_string, fsync=data.get("fsync", False))
        if engine is not None:
            session = self.create_scoped_session(engine)
        if session is None:
            raise TypeError("A SQLRepo needs a database: conn_string=, engine= or session=")
        # redbird's own way would connect now, and describe every table of the database to itself.
        bird.TemplateRepo.__init__(self, session=session, engine=engine, conn_string=conn_string, **data)

    def __getstate__(self) -> dict[Any, Any]:
        """A copy in another process connects itself. Raises ``TypeError`` if it cannot know how."""
        if self.conn_string is None:
            raise TypeError("Only a SQLRepo that was made with conn_string can be sent to another process")
        state: dict[Any, Any] = super().__getstate__()
        kept = {name: value for name, value in state["__dict__"].items() if name not in ("engine", "session")}
        return {**state, "__dict__": kept, "__private_attribute_values__": {}}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        self._init_private_attributes()
        super().__setstate__(state)
        engine = _connect(self.conn_string or "", fsync=self.fsync)
        self.__dict__.update(engine=engine, session=self.create_scoped_session(engine))

    @property
    def log_table(self) -> SqlTable:
        """The table, which is created or looked up when first asked for. Raises what the database raises."""
        with self._lock:
            if self._log_table is None:
                self._log_table = self._open()
            return self._log_table

    def create(self) -> None:
        """Create the table now, if there is none."""
        _ = self.log_table

    def close(self) -> None:
        """Let go of the database; it is connected to again when needed."""
        self.session.get_bind().engine.dispose()

    def _open(self) -> SqlTable:
        engine: sa.Engine = self.session.get_bind().engine
        mapped = self.model_orm
        name = self.table if mapped is None else mapped.__table__.name
        if not sa.inspect(engine).has_table(name):
            if self.if_missing == "raise":
                raise NoSuchTableError(f"Table {name} is missing. Create it or pass if_missing='create'")
            described = describe(name, self.model, self.id_field) if mapped is None else mapped.__table__
            described.create(engine, checkfirst=True)
        if mapped is None:
            table = sa.Table(name, sa.MetaData(), autoload_with=engine)
            found = SqlTable(table, dict(table.columns.items()), engine.dialect.name)
        else:
            found = SqlTable.of_class(mapped, engine.dialect.name)
        found.create_indexes(engine)
        return found


def _connect(conn_string: str, *, fsync: bool) -> sa.Engine:
    url = sa.make_url(conn_string)
    if url.get_backend_name() != "sqlite":
        # A server may have been restarted since the last record.
        return sa.create_engine(url, pool_pre_ping=True)
    if url.database in (None, "", ":memory:"):
        # Another connection would be to another database, so that all threads share one, each in its turn.
        return sa.create_engine(
            url, poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args={"check_same_thread": False}
        )
    engine = sa.create_engine(url, connect_args={"timeout": PATIENCE})
    synchronous = "FULL" if fsync else "NORMAL"

    def prepare(connection: Any, _record: Any) -> None:
        # Readers and the writer do not wait for each other, and what is written outlives this process without being
        # forced to the disk.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")

    sa.event.listen(engine, "connect", prepare)
    return engine
