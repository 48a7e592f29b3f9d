"""The table of a log in a database: its columns, the order of its records, and the indexes that questions need.

Needs SQLAlchemy.
"""

from __future__ import annotations

import logging
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from redengine.log.bird_additions import field_names, is_pydantic2
from redengine.log.log_record import TaskLogRecord
from redengine.log.times import INTERVAL_EPOCH

#: What is asked of a log, each with the key behind it: the newest record of a task by action; the records of a task;
#: how many there are in a time span.
INDEXES = (("task_name", "action"), ("task_name",), ("task_name", "action", "created"))

#: A number that grows with each record. Only INTEGER is counted up by SQLite itself.
_KEY_TYPE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: Types of columns by those of a record's fields. redbird's own would keep numbers of four bytes, which identities of
#: threads are not, and on some databases times of single precision.
COLUMN_TYPES: dict[type, Any] = {
    bool: sa.Boolean(),
    int: _KEY_TYPE,
    float: sa.Double(),
    datetime: sa.DateTime(),
    date: sa.Date(),
    timedelta: sa.Double(),
    dict: sa.JSON(),
}


@dataclass(frozen=True)
class SqlTable:
    """A table as the records of a log are kept in it. ``columns`` are by the names of a record's fields."""

    table: sa.Table
    columns: Mapping[str, sa.Column[Any]]
    dialect: str

    @classmethod
    def of_class(cls, mapped: Any, dialect: str) -> SqlTable:
        """The table of a class that SQLAlchemy maps."""
        mapper: Any = sa.inspect(mapped)
        return cls(mapped.__table__, dict(mapper.columns.items()), dialect)

    @cached_property
    def kinds(self) -> dict[str, type | None]:
        """What each column gives; ``None`` for a type of the database's own."""
        return {name: _kind(column) for name, column in self.columns.items()}

    @cached_property
    def key(self) -> sa.ColumnElement[Any] | None:
        """A number by which the records are in the order in which they came; ``None`` if the table has none."""
        primary = list(self.table.primary_key.columns)
        if len(primary) == 1 and _kind(primary[0]) is int:
            return primary[0]
        if self.dialect != "sqlite" or any(name.lower() == "rowid" for name in self.table.columns.keys()):  # noqa: SIM118
            return None
        return sa.literal_column("rowid", sa.Integer)

    @cached_property
    def insertion(self) -> sa.Insert:
        """The statement that adds a record. The key that it gets is not asked for."""
        return self.table.insert().inline()

    @cached_property
    def order(self) -> list[sa.ColumnElement[Any]]:
        """What orders the records, oldest first."""
        if self.key is not None:
            return [self.key]
        created = self.columns.get("created")
        return [*([] if created is None else [created]), *self.table.primary_key.columns]

    def value(self, name: str, value: Any) -> Any:
        """A value as its column can hold it."""
        if isinstance(value, str):
            if self.dialect != "sqlite":
                # PostgreSQL has no NUL in a text.
                value = value.replace("\0", "\\x00")
            # Lone surrogates (what could not be decoded) have no UTF-8.
            return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
        kind = self.kinds.get(name)
        if kind is None or value is None or isinstance(value, kind):
            return value
        if isinstance(value, timedelta):
            # As SQLAlchemy's Interval does where there is no such type: a table that is read back does not tell.
            return INTERVAL_EPOCH + value if issubclass(kind, datetime) else value.total_seconds()
        if isinstance(value, datetime) and issubclass(kind, (int, float)):
            return value.timestamp()
        if isinstance(value, (int, float)) and issubclass(kind, datetime):
            return datetime.fromtimestamp(value)
        return value

    def row(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a record for its insertion. What there is no column for is not kept."""
        row = {name: self.value(name, values[name]) for name in self.columns.keys() & values.keys()}
        for column in self.table.primary_key.columns:
            # The database counts it up.
            if row.get(column.key, 0) is None:
                del row[column.key]
        return {self.columns[name].key: value for name, value in row.items()}

    def create_indexes(self, bind: sa.Engine) -> None:
        """Have the indexes that are needed. A table that may not be changed is told of and used as it is."""
        for names in INDEXES:
            if not self.columns.keys() >= set(names):
                continue
            columns = [self.columns[name] for name in names]
            if names[-1] != "created" and isinstance(self.key, sa.Column) and self.key not in columns:
                columns.append(self.key)
            try:
                self._create_index(bind, columns)
            except SQLAlchemyError as error:
                logging.getLogger("redengine.log").warning(
                    "The log in table %r has no index on %s, which makes it slow to ask: %s",
                    self.table.name,
                    ", ".join(column.key for column in columns),
                    str(error).splitlines()[0],
                )
                return

    def _create_index(self, bind: sa.Engine, columns: list[Any]) -> None:
        wanted = [column.key for column in columns]
        known = sa.inspect(bind).get_indexes(self.table.name, schema=self.table.schema)
        if any(index["column_names"][: len(wanted)] == wanted for index in known):
            return
        # Of a table of its own, so that the given one stays as it was described.
        table = sa.Table(
            self.table.name, sa.MetaData(), *(sa.Column(name, _KEY_TYPE) for name in wanted), schema=self.table.schema
        )
        name = f"ix_{self.table.name}"[:40] + "_" + "_".join(part[:6] for part in wanted)
        index = sa.Index(name, *table.columns)
        with bind.begin() as connection:
            connection.execute(sa.schema.CreateIndex(index, if_not_exists=bind.dialect.name != "mysql"))


def describe(name: str, model: Any, id_field: str | None) -> sa.Table:
    """A table for the records of a model, with a key that is counted up. Raises ``TypeError`` for a model that has no
    fixed fields."""
    names = field_names(model)
    if names is None:
        raise TypeError(f"There is no table {name!r}, and a model of {model.__name__} does not say what columns it has")
    fields = _field_types(model)
    times = ("start", "end", "runtime") if issubclass(model, TaskLogRecord) else ()
    columns = []
    key = id_field if id_field is not None and fields.get(id_field) is int else None
    if key is None:
        key = "id" if "id" not in names else "seq"
        columns.append(sa.Column(key, _KEY_TYPE, primary_key=True))
    for field in names:
        if field == key:
            columns.append(sa.Column(field, _KEY_TYPE, primary_key=True))
        else:
            kind = float if field in times else fields[field]
            columns.append(sa.Column(field, COLUMN_TYPES.get(kind, sa.Text()), unique=field == id_field or None))
    # Without it SQLite would use the key of a deleted record again.
    return sa.Table(name, sa.MetaData(), *columns, sqlite_autoincrement=True)


def _field_types(model: Any) -> dict[str, Any]:
    if is_pydantic2(model):
        return {name: _plain_type(field.annotation) for name, field in model.model_fields.items()}
    return {name: _plain_type(field.outer_type_) for name, field in model.__fields__.items()}


def _plain_type(annotation: Any) -> Any:
    """``X`` for ``Optional[X]``."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
        return kinds[0] if len(kinds) == 1 else str
    return typing.get_origin(annotation) or annotation


def _kind(column: sa.ColumnElement[Any]) -> type | None:
    try:
        return column.type.python_type
    except NotImplementedError:
        return None
