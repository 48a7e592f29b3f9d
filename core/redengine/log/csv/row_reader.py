"""Reduces records of a CSV log to what history needs. A million of them pass through here when a scheduler starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat

import msgspec

from redengine.log.csv.format import CsvFormat
from redengine.log.events import COMMAND
from redengine.log.times import to_epoch, to_seconds

_decode_numbers = msgspec.json.Decoder(list[float]).decode

#: What reading an odd value may raise.
BAD = (ValueError, TypeError, OverflowError, OSError)

#: The values of a :class:`~redengine.log.history.Past`, in its order.
PastValues = tuple[str, str, float, str, "float | None", "float | None"]


class RowReader:
    """Reads records that have exactly these columns, among them ``task_name``, ``action`` and ``created``.

    Commands are left out: they are nobody's past. Without ``all_starts`` only records without a run id may come with
    their ``start``: others do not need it.
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

        One list of all fields is cut into columns without making a list for each record. There the last field of a
        record and the first of the next one are one, with the line break between them, which tells that each record
        has its columns. What is quoted is a traceback, mostly: a mark takes its place.
        """
        stride, width = self._width - 1, self._width
        marks = 0
        if self._quote in data:
            data, marks = self._quoted.subn(self._quote, data)
        text = data.decode()
        if text.count(self._format.quotechar) != marks or (marks and "\0" in text):
            raise ValueError("a quote, or what comes with it, is not as it should be")
        count, line_end = text.count("\n"), "\r\n" if text.endswith("\r\n") else "\n"
        if line_end == "\n" and "\r" in text:
            raise ValueError("not all of them end alike")
        fields = text.split(self._format.delimiter)
        meeting = fields[::stride]
        if (
            len(fields) != count * stride + 1
            or line_end in meeting[0]
            or sum([line_end in each for each in meeting]) != count
        ):
            raise ValueError("not all of them are whole")
        ends = line_end.join(meeting).split(line_end)
        if ends.pop():
            raise ValueError("the last one is not whole")

        def column(place: int) -> list[str]:
            if place in (0, stride):
                return ends[place and 1 :: 2]
            return fields[place::stride] if place < width else [""] * count

        names, actions, run_ids = column(self._task), column(self._action), column(self._run)
        commands = COMMAND in actions
        if "" in actions or ("" in names and not (commands and _of_commands(names, actions))):
            raise ValueError("one of them is of no task")
        if marks and any(self._format.quotechar in column for column in (names, actions, run_ids)):
            raise ValueError("what is quoted is needed")
        created = numbers_of(column(self._created))
        with_start = self._start < width and (self._all_starts or "" in run_ids)
        starts = _numbers_or_none(column(self._start)) if with_start else repeat(None)
        runtimes = _numbers_or_none(column(self._runtime)) if self._runtime < width else repeat(None)
        values = zip(names, actions, created, run_ids, starts, runtimes, strict=False)
        return (each for each in values if each[1] != COMMAND) if commands else values

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
                if not action or (not task_name and action != COMMAND):
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
                if action != COMMAND:
                    yield values


def _of_commands(names: list[str], actions: list[str]) -> bool:
    """Whether what is of no task is a command, each."""
    return all(action == COMMAND for name, action in zip(names, actions, strict=True) if not name)


def numbers_of(texts: list[str]) -> list[float]:
    """Numbers by their texts. Raises ``ValueError`` unless all are plain ones."""
    try:
        # Reads a number of 16 digits in a fifth of the time.
        numbers = _decode_numbers(f"[{','.join(texts)}]")
    except msgspec.DecodeError as error:
        raise ValueError(f"not all of them are numbers: {error}") from None
    if len(numbers) != len(texts):
        raise ValueError("one of them is empty, or two")
    return numbers


def _numbers_or_none(texts: list[str]) -> list[float | None]:
    numbers = iter(numbers_of([text for text in texts if text]))
    return [next(numbers) if text else None for text in texts]


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
