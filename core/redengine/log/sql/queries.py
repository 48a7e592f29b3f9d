"""How a repository asks a database: what takes the place of redbird's own ways in its ``SQLRepo``.

redbird's read the whole table for the first or the last record and in no order, keep a transaction open after reading,
and after one failed write refuse every later one. Here each question is a transaction of its own that brings what is
asked for, oldest record first, and the number of records is counted by the database.

Needs SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from itertools import chain, islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from redengine.log import bird
from redengine.log.bird_additions import field_names
from redengine.log.commands import ButNoCommand
from redengine.log.events import COMMAND
from redengine.log.sql.table import COLUMN_TYPES, SqlTable

#: Records that are fetched at once.
BATCH = 5_000
#: The same when the past of all tasks is read: what comes in larger batches than the processor's cache holds takes half
#: as long again.
PAST_BATCH = 1_000
_PLAIN = (sa.String, sa.Float, sa.Integer, sa.types.NullType)
#: The types of columns that redbird gets wrong.
WIDE_TYPES: dict[type, Any] = {kind: COLUMN_TYPES[kind] for kind in (int, float, timedelta)}


def engine_of(repo: bird.Repo) -> sa.Engine:
    """Where the connections of a repository come from."""
    engine: sa.Engine = repo.session.get_bind().engine
    return engine


def table_of(repo: bird.Repo) -> SqlTable | None:
    """The table of a repository of redbird or of ours; ``None`` while there is none. Raises what the database
    raises."""
    if hasattr(repo, "find_table"):
        table: SqlTable | None = repo.find_table()
        return table
    return SqlTable.of_class(repo.model_orm, engine_of(repo).dialect.name)


def index_created(created: Any) -> None:
    """Have the indexes of a log in a table that redbird has just created (a ``redbird.sql.Table``)."""
    table: sa.Table = created.object
    engine: sa.Engine = created.bind.engine
    SqlTable(table, dict(table.columns.items()), engine.dialect.name).create_indexes(engine)


@contextmanager
def connected(repo: bird.Repo) -> Iterator[sa.Connection]:
    """For one statement, in a transaction of its own; with ``autocommit=False`` in that of the repository's session,
    which its owner ends."""
    if not repo.autocommit:
        yield repo.session.connection()
        return
    with engine_of(repo).connect() as connection:
        if connection.dialect.name == "sqlite":
            with connection.begin():
                yield connection
        else:
            # A server is asked once, not also to begin and to end.
            yield connection.execution_options(isolation_level="AUTOCOMMIT")


def batches(repo: bird.Repo, names: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
    """These fields of all records (and perhaps the key), oldest first, many at once, each time in a transaction of its
    own: one thread may go on where another one was. A field that has no column is ``None``."""
    table = table_of(repo)
    if table is None:
        return
    columns = [table.columns[name] if name in table.columns else sa.null() for name in names]
    statement = sa.select(*columns).select_from(table.table).order_by(*table.order)
    key = table.key
    if key is None:
        # There is no way back to where a batch ended.
        yield from _partitions(repo, statement)
        return
    plain = all(_is_plain(column.type) for column in columns)
    batch = statement.add_columns(key).limit(PAST_BATCH)
    while True:
        with connected(repo) as connection:
            result = connection.execute(batch)
            # As the database's own module gives them: in half the time.
            rows = result.cursor.fetchall() if plain and result.cursor is not None else result.all()
            result.close()
        if rows:
            yield rows
        if len(rows) < PAST_BATCH:
            return
        batch = statement.add_columns(key).where(key > rows[-1][-1]).limit(PAST_BATCH)


def _is_plain(kind: sa.types.TypeEngine[Any]) -> bool:
    """Whether what a database gives for a column of this type is its value."""
    return isinstance(kind, _PLAIN) and not isinstance(kind, sa.Enum)


def _partitions(repo: bird.Repo, statement: sa.Select[Any]) -> Iterator[Sequence[sa.Row[Any]]]:
    """The rows of a statement, in one transaction and with few in memory at a time."""
    with (
        engine_of(repo).connect() if repo.autocommit else nullcontext(repo.session.connection()) as connection,
        connection.execute(statement, execution_options={"yield_per": BATCH}) as result,
    ):
        yield from result.partitions()


class SqlQueries:
    """The methods of a ``SQLRepo`` that ask the database. A query is by names of fields, as in other repositories."""

    def insert(self: bird.Repo, item: Any) -> None:
        """Add a record. Raises ``KeyFoundError`` for a known ``id_field``, or what the database raises."""
        table: Any = self.log_table if hasattr(self, "find_table") else table_of(self)
        row = table.row(self.item_to_dict(item, exclude_unset=False))
        try:
            with connected(self) as connection:
                connection.execute(table.insertion, row)
        except IntegrityError as error:
            if self.id_field is None:
                raise
            identity = self.get_field_value(item, self.id_field)
            raise bird.KeyFoundError(f"Item {identity} is already in the table.") from error

    def upsert(self: bird.Repo, item: Any) -> None:
        """Add a record, or change the one of the same ``id_field``."""
        bird.BaseRepo.upsert(self, item)

    def format_query(self: bird.Repo, oper: Any) -> Any:
        """The query as it is."""
        return oper

    def data_to_item(self: bird.Repo, data: Mapping[str, Any]) -> Any:
        """A row of the table as an item."""
        return bird.BaseRepo.data_to_item(self, data)

    def query_items(self: bird.Repo, query: Mapping[str, Any]) -> Iterator[Any]:
        """The records that fit, oldest first."""
        return _items(self, query)

    def query_read_first(self: bird.Repo, query: Mapping[str, Any]) -> Any:
        """The oldest record that fits."""
        return next(_items(self, query, size=1), None)

    def query_read_last(self: bird.Repo, query: Mapping[str, Any]) -> Any:
        """The newest record that fits."""
        return next(_items(self, query, newest_first=True, size=1), None)

    def query_read_limit(self: bird.Repo, query: Mapping[str, Any], n: int) -> list[Any]:
        """The first ``n`` records that fit."""
        return list(islice(_items(self, query, size=max(n, 1)), n))

    def query_count(self: bird.Repo, query: Mapping[str, Any]) -> int:
        """How many records fit."""
        table = table_of(self)
        if table is None:
            return 0
        with connected(self) as connection:
            counted = sa.select(sa.func.count()).select_from(table.table).where(*conditions(table, query))
            return connection.execute(counted).scalar_one()

    def query_update(self: bird.Repo, query: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Change the records that fit."""
        table = table_of(self)
        if table is None:
            return
        new = {table.columns[name]: table.value(name, value) for name, value in values.items()}
        with connected(self) as connection:
            connection.execute(table.table.update().where(*conditions(table, query)).values(new))

    def query_delete(self: bird.Repo, query: Mapping[str, Any]) -> None:
        """Remove the records that fit."""
        table = table_of(self)
        if table is None:
            return
        with connected(self) as connection:
            connection.execute(table.table.delete().where(*conditions(table, query)))


def conditions(table: SqlTable, query: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """A query of redbird as the database understands it; ``AttributeError`` for a field that there is no column for."""
    return [condition for name, wanted in query.items() for condition in _conditions(table, name, wanted)]


def _conditions(table: SqlTable, name: str, wanted: Any) -> Iterator[sa.ColumnElement[bool]]:
    if name not in table.columns:
        raise AttributeError(f"Table {table.table.name!r} has no column {name!r}")
    column = table.columns[name]
    if wanted is bird.skip:
        return
    if isinstance(wanted, ButNoCommand):
        yield from _conditions(table, name, wanted.value)
        wanted = bird.NotEqual(COMMAND)
    if isinstance(wanted, bird.Between):
        wanted = slice(wanted.start, wanted.end)
    if isinstance(wanted, slice):
        if wanted.start is not None:
            yield column >= table.value(name, wanted.start)
        if wanted.stop is not None:
            yield column <= table.value(name, wanted.stop)
    elif isinstance(wanted, bird.In):
        yield column.in_([table.value(name, value) for value in wanted.value])
    elif isinstance(wanted, bird.NotEqual):
        # Nothing is not equal to something, in Python.
        yield column.is_distinct_from(table.value(name, wanted.value))
    elif isinstance(wanted, bird.Operation):
        yield getattr(column, wanted.__py_magic__)(table.value(name, wanted.value))
    else:
        yield column == table.value(name, wanted)


def _items(
    repo: bird.Repo, query: Mapping[str, Any], *, newest_first: bool = False, size: int = BATCH
) -> Iterator[Any]:
    for row in _rows(repo, query, newest_first, size):
        try:
            yield repo.data_to_item(row)
        except ValueError:  # noqa: PERF203 - a record that does not fit is what errors_query says
            bird.handle_conversion_error(repo, row)


def _rows(repo: bird.Repo, query: Mapping[str, Any], newest_first: bool, size: int) -> Iterator[dict[str, Any]]:
    """Rows by the names of fields, in batches, so that no transaction is open while somebody looks at one.

    Without a key there is no way back to where a batch ended: then there is one transaction.
    """
    table = table_of(repo)
    if table is None:
        return
    fields = field_names(repo.model)
    names = [name for name in table.columns if fields is None or name in fields]
    columns = [table.columns[name] for name in names]
    key = table.key
    statement = (sa.select(*columns) if key is None else sa.select(*columns, key)).select_from(table.table)
    statement = statement.where(*conditions(table, query))
    statement = statement.order_by(*(part.desc() if newest_first else part for part in table.order))
    if key is None:
        for row in chain.from_iterable(_partitions(repo, statement)):
            yield dict(zip(names, row, strict=True))
        return
    batch = statement.limit(size)
    while True:
        with connected(repo) as connection:
            rows = connection.execute(batch).all()
        for row in rows:
            yield dict(zip(names, row, strict=False))
        if len(rows) < size:
            return
        reached, size = rows[-1][-1], BATCH
        batch = statement.where(key < reached if newest_first else key > reached).limit(size)
