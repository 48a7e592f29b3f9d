"""Reduces records of a CSV log to what history needs. A million of them pass through here when a scheduler starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from math import isfinite

from redengine.log.csv.format import CsvFormat
from redengine.log.times import to_epoch, to_seconds

#: What reading an odd value may raise.
BAD = (ValueError, TypeError, OverflowError, OSError)

#: The values of a :class:`~redengine.log.history.Past`, in its order.
PastValues = tuple[str, str, float, str, "float | None", "float | None"]


class RowReader:
    """Reads records that have exactly these columns, among them ``task_name``, ``action`` and ``created``.

    Without ``all_starts`` only records without a run id may come with their ``start``: others do not need it.
    """

    def __init__(self, columns: Sequence[str], fmt: CsvFormat, *, all_starts: bool = True) -> None:
        #: Records left out, since they cannot be understood.
        self.skipped = 0
        self._format = fmt
        self._all_starts = all_starts
        self._quote = quote = fmt.quotechar.encode()
        before, after = re.escape(f"\n{fmt.delimiter}".encode()), re.escape(f"\r\n{fmt.delimiter}".encode())
        q = re.escape(quote)
        #: A quoted field, but for one at the very beginning. It begins with the quote, which is searched for faster.
        self._quoted = re.compile(
            rb"%b(?<=[%b]%b)[^%b]*(?:%b%b[^%b]*)*%b(?=[%b])" % (q, before, q, q, q, q, q, q, after)
        )
        self._width = width = len(columns)
        place = {name: columns.index(name) for name in columns}
        self._task, self._action, self._created = (place[name] for name in ("task_name", "action", "created"))
        # Columns that the file lacks are read from an empty field added to each row.
        self._run, self._start, self._runtime = (place.get(name, width) for name in ("run_id", "start", "runtime"))
        self._needed = max(self._task, self._action, self._created) + 1

    def read(self, data: bytes) -> Iterable[PastValues]:
        """What can be understood of these whole records, in their order."""
        try:
            return self._together(data)
        except BAD:
            # One of them is odd.
            return self._one_by_one(self._format.split(data))

    def _together(self, data: bytes) -> Iterable[PastValues]:
        """All of them, column by column. Raises one of ``BAD`` unless each is as a scheduler writes it.

        One list of all fields, with a line break between records to tell that each has its columns: it is cut into
        columns without making a list for each record. What is quoted is a traceback, mostly: a mark takes its place.
        """
        delimiter, width = self._format.delimiter, self._width
        marks = 0
        if self._quote in data:
            data, marks = self._quoted.subn(self._quote, data)
        text = data.decode()
        if text.count(self._format.quotechar) != marks or (marks and "\0" in text):
            raise ValueError("a quote, or what comes with it, is not as it should be")
        fields = text.replace("\r\n", "\n").replace("\n", f"{delimiter}\n{delimiter}").split(delimiter)
        count = fields.count("\n")
        if fields.pop() or len(fields) != count * (width + 1) or fields[width :: width + 1].count("\n") != count:
            raise ValueError("not all of them are whole")
        names, actions = fields[self._task :: width + 1], fields[self._action :: width + 1]
        run_ids = [""] * count if self._run == width else fields[self._run :: width + 1]
        if "" in names or "" in actions:
            raise ValueError("one of them is of no task")
        if marks and any(self._format.quotechar in column for column in (names, actions, run_ids)):
            raise ValueError("what is quoted is needed")
        created = list(map(float, fields[self._created :: width + 1]))
        if not isfinite(sum(created)):
            raise ValueError("a time is none")
        with_start = self._all_starts or "" in run_ids
        starts = self._numbers(self._start, fields) if with_start else repeat(None)
        runtimes = self._numbers(self._runtime, fields)
        return zip(names, actions, created, run_ids, starts, runtimes, strict=False)

    def _numbers(self, place: int, fields: list[str]) -> Iterable[float | None]:
        if place == self._width:
            return repeat(None)
        numbers = [float(text) if text else None for text in fields[place :: self._width + 1]]
        if not isfinite(sum(filter(None, numbers))):
            raise ValueError("a number is none")
        return numbers

    def _one_by_one(self, records: list[bytes]) -> Iterator[PastValues]:
        quote, delimiter, parse, width = (
            self._format.quotechar.encode(),
            self._format.delimiter,
            self._format.parse,
            self._width,
        )
        for record in records:
            try:
                if quote in record:
                    row = parse(record)
                else:
                    row = record.decode().split(delimiter)
                    row[-1] = row[-1].removesuffix("\r")
                if len(row) != width:
                    if not any(row):
                        continue  # an empty line
                    if not self._needed <= len(row) < width:
                        raise ValueError("damaged")
                    row += [""] * (width - len(row))
                row.append("")
                task_name, action, start, runtime = (
                    row[self._task],
                    row[self._action],
                    row[self._start],
                    row[self._runtime],
                )
                if not task_name or not action:
                    raise ValueError("damaged")
                values = (
                    task_name,
                    action,
                    time_of(row[self._created]),
                    row[self._run],
                    lenient(to_epoch, start) if start else None,
                    lenient(to_seconds, runtime) if runtime else None,
                )
            except BAD:
                self.skipped += 1
            else:
                yield values


def lenient(convert: Callable[[object], float | None], value: object) -> float | None:
    """A value the past can do without."""
    try:
        return convert(value)
    except BAD:
        return None


def time_of(value: object) -> float:
    """Epoch seconds. Raises ``ValueError`` when there are none."""
    moment = to_epoch(value)
    if moment is None:
        raise ValueError("no time")
    return moment
