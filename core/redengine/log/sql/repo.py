"""The log in a table of a database: redbird's repository, made for a log that grows and is asked all the time.

Needs SQLAlchemy.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import sqlalchemy as sa
from pydantic.v1 import Field, PrivateAttr
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.pool import QueuePool

from redengine.log import bird
from redengine.log.repo_checks import check_records, refuse_unknown
from redengine.log.sql.explanation import explained
from redengine.log.sql.table import SqlTable, describe

bird.load_sql()

#: Seconds that a database of SQLite is waited for while another process writes to it.
PATIENCE = 30.0
#: Options of redbird's that are no fields.
_OPTIONS = ("reflect_model",)


class SQLRepo(bird.SQLRepo):  # type: ignore[misc]
    """SQL repository.

    Parameters are those of redbird's (``conn_string``, ``engine`` or ``session``; ``table``, ``model``, ``id_field``,
    ``errors_query``, ``autocommit``, ``model_orm``; ``reflect_model`` changes nothing), with

    - ``if_missing``: ``"create"`` (the default) or ``"raise"`` (``NoSuchTableError``) when there is no such table;
    - ``fsync``: whether each record is waited for until it is forced to the disk, so that it survives a power cut.
      For SQLite and PostgreSQL, and with ``conn_string`` only.

    The database is connected to when first used, not before: processes that only import the project leave it alone.
    Raises ``TypeError`` for options that there are not or that are missing, ``ValueError`` for those that cannot be.
    """

    fsync: bool = False
    if_missing: str = "create"
    #: Not shown: it may hold a password.
    conn_string: str | None = Field(default=None, repr=False)

    _found: SqlTable | None = PrivateAttr(default=None)
    _is_prepared: bool = PrivateAttr(default=False)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    def __init__(self, *, conn_string: str | None = None, engine: Any = None, session: Any = None, **data: Any) -> None:
        refuse_unknown(type(self), data, also=_OPTIONS)
        if data.get("model_orm") is None and not data.get("table"):
            raise TypeError("A SQLRepo needs the name of its table: table='log'")
        if data.get("if_missing", "create") not in ("create", "raise"):
            raise ValueError(f"if_missing is 'create' or 'raise', not {data['if_missing']!r}")
        if conn_string is not None:
            conn_string = _absolute(conn_string)
            engine = _connect(conn_string, fsync=data.get("fsync", False))
        if engine is not None:
            session = self.create_scoped_session(engine)
        if session is None:
            raise TypeError("A SQLRepo needs a database: conn_string=, engine= or session=")
        # redbird's own way would connect now, and describe every table of the database to itself.
        bird.TemplateRepo.__init__(self, session=session, engine=engine, conn_string=conn_string, **data)
        check_records(self)

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

    def find_table(self) -> SqlTable | None:
        """The table, for reading it; ``None`` if it is still to be created. Nothing is written.

        Raises ``NoSuchTableError``, or what the database raises.
        """
        with self._lock:
            if self._found is None:
                self._found = self._look()
            return self._found

    @property
    def log_table(self) -> SqlTable:
        """The table, for writing to it: created and with its indexes. Raises what the database raises."""
        found = self._found
        if found is None or not self._is_prepared:
            with explained(self):
                self.find_table()
                with self._lock:
                    found = self._found = self._prepare(self._found)
                    self._is_prepared = True
        return found

    def create(self) -> None:
        """Create the table now, if there is none."""
        _ = self.log_table

    def close(self) -> None:
        """Let go of the database; it is connected to again when needed."""
        self.session.get_bind().engine.dispose()

    def _look(self) -> SqlTable | None:
        engine: sa.Engine = self.session.get_bind().engine
        mapped = self.model_orm
        name = self.table if mapped is None else mapped.__table__.name
        is_there = self.conn_string is None or not _is_without_file(engine.url)
        if not is_there or not _has_table(engine, name):
            if self.if_missing == "raise":
                raise NoSuchTableError(f"Table {name} is missing. Create it or pass if_missing='create'")
            return None
        if mapped is not None:
            return SqlTable.of_class(mapped, engine.dialect.name)
        table = sa.Table(name, sa.MetaData(), autoload_with=engine)
        return SqlTable(table, dict(table.columns.items()), engine.dialect.name)

    def _prepare(self, found: SqlTable | None) -> SqlTable:
        engine: sa.Engine = self.session.get_bind().engine
        if self.conn_string is not None and engine.dialect.name == "sqlite":
            # Readers and the writer do not wait for each other.
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        if found is None:
            mapped = self.model_orm
            table = describe(self.table, self.model, self.id_field) if mapped is None else mapped.__table__
            table.create(engine, checkfirst=True)
            found = self._look()
        if found is None:
            raise NoSuchTableError(f"The table of {self!r} is gone already")
        found.create_indexes(engine)
        return found


def _has_table(engine: sa.Engine, name: str) -> bool:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # Else what it tells of tables may be older than those that others have created since.
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").all()
        return sa.inspect(connection).has_table(name)


def _absolute(conn_string: str) -> str:
    """With the path of a file as it is now, since a task may change the working directory later."""
    url = sa.make_url(conn_string)
    if _is_file(url):
        url = url.set(database=os.path.abspath(url.database or ""))
    return url.render_as_string(hide_password=False)


def _is_file(url: sa.URL) -> bool:
    path = url.database or ":memory:"
    return url.get_backend_name() == "sqlite" and path != ":memory:" and not path.startswith("file:")


def _is_without_file(url: sa.URL) -> bool:
    """Whether this is a database of SQLite that does not exist yet, and would by looking into it."""
    return _is_file(url) and not os.path.exists(url.database or "")


def _connect(conn_string: str, *, fsync: bool) -> sa.Engine:
    url = sa.make_url(conn_string)
    if url.get_backend_name() != "sqlite":
        # A server may have been restarted since the last record.
        engine = sa.create_engine(url, pool_pre_ping=True)
        if url.get_backend_name() == "postgresql" and not fsync:
            # The server has the record all the same, and forces it to the disk within a second.
            _at_connecting(engine, "SET synchronous_commit TO off")
        return engine
    if url.database in (None, "", ":memory:"):
        # Another connection would be to another database, so that all threads share one, each in its turn.
        return sa.create_engine(
            url, poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args={"check_same_thread": False}
        )
    engine = sa.create_engine(url, connect_args={"timeout": PATIENCE})
    # With a write-ahead log what is written outlives this process without being forced to the disk.
    _at_connecting(engine, f"PRAGMA synchronous={'FULL' if fsync else 'NORMAL'}")
    return engine


def _at_connecting(engine: sa.Engine, statement: str) -> None:
    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        connection.commit()

    sa.event.listen(engine, "connect", prepare)
