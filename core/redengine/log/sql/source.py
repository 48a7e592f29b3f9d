"""Pages of a log in a database, each asked for by the key of its records.

Needs SQLAlchemy.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from redengine.control.messages import LogEntry, LogFilter, LogPage, ReadLog
from redengine.log import bird
from redengine.log.entry import LEVELS, entry_of, fits, level_number
from redengine.log.events import COMMAND, REFUSED
from redengine.log.log_source import LogSource, failed_page, page_length
from redengine.log.repo_source import RepoLogSource
from redengine.log.sql.queries import engine_of, table_of
from redengine.log.sql.table import SqlTable

#: Records that the database looks at in one call, and those that are looked at here because it cannot.
BUDGET = 50_000
BUDGET_HERE = 2_000
#: The columns of what is shown of a record, and those in which a text is searched.
SHOWN = (
    *("created", "task_name", "action", "message", "msg", "levelname", "exc_text", "run_id"),
    *("start", "end", "runtime"),
)
SEARCHED = ["message", "task_name", "action", "exc_text", "run_id"]


class SqlLogSource(LogSource):
    """The log in a table.

    A cursor is the key of a record, counted on behind the keys of earlier records when the table was emptied. A table
    without such a key is read as any other repository is.
    """

    def __init__(self, repo: bird.Repo, *, budget: int = BUDGET, budget_here: int = BUDGET_HERE) -> None:
        self._repo = repo
        self._budget, self._budget_here = budget, budget_here
        self._lock = threading.Lock()
        self._whole: RepoLogSource | None = None
        #: Cursor of the record before the first key, and the newest key that was seen.
        self._base = 0
        self._newest = 0

    def read(self, query: ReadLog) -> LogPage:
        """The page that is asked for."""
        with self._lock:
            try:
                if self._whole is None:
                    table = table_of(self._repo)
                    if table is None:
                        place = self._base + self._newest
                        return LogPage(
                            first=place, last=place, at_start=True, at_end=True, searched=1.0, epoch=self._base
                        )
                    if table.key is not None:
                        with engine_of(self._repo).connect() as connection:
                            return self._read(_Keys(connection, table, table.key), query)
                    self._whole = RepoLogSource(self._repo)
            except Exception as exc:  # whatever the database raises; the reader is told
                return failed_page(f"cannot read the log: {type(exc).__name__}: {exc}")
            return self._whole.read(query)

    def close(self) -> None:
        """Nothing is held between two pages."""

    def _read(self, keys: _Keys, query: ReadLog) -> LogPage:
        notice = ""
        if keys.newest < self._newest:
            self._base += self._newest
            notice = "records were removed from the log"
        self._newest = keys.newest
        if query.at is not None:
            page = self._forward(keys, query, keys.made_at(query.at), notice)
        elif query.after is not None:
            page = self._forward(keys, query, max(query.after - self._base + 1, keys.oldest), notice)
        else:
            page = self._backward(keys, query, notice)
        return msgspec.structs.replace(page, epoch=self._base)

    def _forward(self, keys: _Keys, query: ReadLog, start: int, notice: str) -> LogPage:
        """The records from this key on."""
        base = self._base
        if start > keys.newest:
            place = base + keys.newest if query.after is None else query.after
            # After a time to come, the newest record is the first one before.
            first = place + (query.at is not None)
            return LogPage(first=first, last=place, at_end=True, searched=1.0, notice=notice)
        wanted = _Wanted(keys.table, query.where)
        stop = keys.newest
        if wanted.is_filter:
            budget = self._budget if wanted.exact else self._budget_here
            stop = keys.many_after(start, budget, wanted.first) or keys.newest
        entries, reached = self._entries(keys, query, wanted, start, stop, newest_first=False)
        self._newest = max(self._newest, reached)
        return LogPage(
            entries=tuple(entries),
            first=base + start,
            last=base + reached,
            at_start=start <= keys.oldest,
            at_end=reached >= keys.newest,
            searched=min((reached - keys.oldest + 1) / keys.span, 1.0),
            notice=notice,
        )

    def _backward(self, keys: _Keys, query: ReadLog, notice: str) -> LogPage:
        """The records before a cursor, or the newest."""
        base = self._base
        stop = keys.newest if query.before is None else min(query.before - base - 1, keys.newest)
        if stop < keys.oldest:
            place = base + keys.newest if query.before is None else query.before
            return LogPage(
                first=place, last=place, at_start=True, at_end=keys.newest < keys.oldest, searched=1.0, notice=notice
            )
        wanted = _Wanted(keys.table, query.where)
        start = keys.oldest
        if wanted.is_filter:
            budget = self._budget if wanted.exact else self._budget_here
            start = keys.many_before(stop, budget, wanted.first) or keys.oldest
        entries, reached = self._entries(keys, query, wanted, start, stop, newest_first=True)
        return LogPage(
            entries=tuple(reversed(entries)),
            first=base + reached,
            last=base + stop,
            at_start=reached <= keys.oldest,
            at_end=stop >= keys.newest,
            searched=(keys.newest - reached + 1) / keys.span,
            notice=notice,
        )

    def _entries(
        self, keys: _Keys, query: ReadLog, wanted: _Wanted, start: int, stop: int, *, newest_first: bool
    ) -> tuple[list[LogEntry], int]:
        """Entries with keys from ``start`` to ``stop``, and the last key that was looked at."""
        limit, found, key = page_length(query), [], stop
        for key, values in keys.records(start, stop, wanted, limit if wanted.exact else None, newest_first):
            entry = entry_of(self._base + key, values.get)
            if wanted.exact or fits(entry, query.where):
                found.append(entry)
                if len(found) == limit:
                    return found, key
        # Some may have come meanwhile.
        return found, start if newest_first else max(key, stop)


class _Keys:
    """The keys of a table at one moment, and the records of some of them."""

    def __init__(self, connection: sa.Connection, table: SqlTable, key: sa.ColumnElement[Any]) -> None:
        self._connection = connection
        self.table = table
        self._key = key
        # Two questions in one, since only the end of an index is looked at for each.
        ends = (sa.select(end(key)).select_from(table.table).scalar_subquery() for end in (sa.func.min, sa.func.max))
        found: Any = connection.execute(sa.select(*ends)).one()
        #: The ends, both included; of an empty table so that nothing lies between them.
        self.oldest: int
        self.newest: int
        self.oldest, self.newest = (1, 0) if found[1] is None else found

    @property
    def span(self) -> int:
        """How many records there are when no key is left out."""
        return self.newest - self.oldest + 1

    def many_after(self, start: int, count: int, only: Sequence[sa.ColumnElement[bool]]) -> int | None:
        """The key of the record that is ``count`` records on; ``None`` if there are less."""
        return self._pick(sa.and_(self._key >= start, *only), self._key, count - 1)

    def many_before(self, stop: int, count: int, only: Sequence[sa.ColumnElement[bool]]) -> int | None:
        """The key of the record that is ``count`` records back; ``None`` if there are less."""
        return self._pick(sa.and_(self._key <= stop, *only), self._key.desc(), count - 1)

    def _pick(self, condition: sa.ColumnElement[bool], order: sa.ColumnElement[Any], offset: int) -> int | None:
        asked = sa.select(self._key).select_from(self.table.table).where(condition).order_by(order)
        key: int | None = self._connection.execute(asked.limit(1).offset(offset)).scalar()
        return key

    def made_at(self, at: float) -> int:
        """The key from which on records were made at this time or later; times are taken to grow."""
        low, high = self.oldest, self.newest + 1
        asked = sa.select(self._key, self.table.columns["created"]).select_from(self.table.table).order_by(self._key)
        while low < high:
            middle = (low + high) // 2
            found = self._connection.execute(asked.where(self._key >= middle).limit(1)).first()
            if found is None or entry_of(0, {"created": found[1]}.get).created >= at:
                high = middle
            else:
                low = found[0] + 1
        return low

    def records(
        self, start: int, stop: int, wanted: _Wanted, limit: int | None, newest_first: bool
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Keys and values of the records between two keys, both included."""
        names = [name for name in SHOWN if name in self.table.columns]
        asked = sa.select(self._key, *(self.table.columns[name] for name in names)).select_from(self.table.table)
        # No more bounds than are needed: a database that has no statistics yet takes two for few records, and sorts.
        if not newest_first or start > self.oldest:
            asked = asked.where(self._key >= start)
        if newest_first or stop < self.newest:
            asked = asked.where(self._key <= stop)
        asked = asked.where(*wanted.conditions)
        asked = asked.order_by(self._key.desc() if newest_first else self._key).limit(limit)
        for key, *row in self._connection.execute(asked):
            yield key, dict(zip(names, row, strict=True))


class _Wanted:
    """A filter as conditions of the database. Where they are not ``exact``, records are looked at here, too."""

    def __init__(self, table: SqlTable, where: LogFilter) -> None:
        columns = table.columns
        #: Whether records are left out.
        self.is_filter = where != LogFilter()
        self.exact = True
        #: By which the database finds records in an index.
        self.first: list[sa.ColumnElement[bool]] = []
        if where.task:
            self.first.append(columns["task_name"] == table.value("task_name", where.task))
        self.conditions = [*self.first, columns["action"] != ""]
        if where.actions:
            self.conditions.append(columns["action"].in_(where.actions))
        if where.since is not None or where.until is not None:
            self._add_times(table, where.since, where.until)
        if where.level:
            self._add_level(columns, where.level)
        if where.text:
            self._add_text(table, where.text)

    def _add_times(self, table: SqlTable, since: float | None, until: float | None) -> None:
        created = table.columns["created"]
        if table.kinds["created"] not in (float, int):
            self.exact = False
            return
        if since is not None:
            self.conditions.append(created >= since)
        if until is not None:
            self.conditions.append(created < until)

    def _add_level(self, columns: Mapping[str, sa.Column[Any]], level: str) -> None:
        number = level_number(level)
        if "levelname" in columns:
            self.exact = False  # a database does not know which level is above which
        elif number > level_number("INFO"):
            loud = [action for action, name in LEVELS.items() if level_number(name) >= number]
            wanted: sa.ColumnElement[bool] = columns["action"].in_(loud)
            if number <= level_number("WARNING") and "message" in columns:
                refused = columns["message"].startswith(REFUSED, autoescape=True)
                wanted = sa.or_(wanted, sa.and_(columns["action"] == COMMAND, refused))
            self.conditions.append(wanted)

    def _add_text(self, table: SqlTable, text: str) -> None:
        names = [name for name in SEARCHED if name in table.columns]
        if "message" not in table.columns and "msg" in table.columns:
            names.append("msg")
        # Databases have ideas of their own of what is the lower case of other letters.
        if text.isascii() and all(table.kinds[name] is str for name in names):
            self.conditions.append(sa.or_(*(table.columns[name].icontains(text, autoescape=True) for name in names)))
        else:
            self.exact = False
