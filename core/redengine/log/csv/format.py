"""How a record is written as CSV, and how bytes are cut into records again.

A record is not a line: a quoted traceback holds line breaks. What makes a line break the end of a record is an even
number of quotes before it, which can be told by counting bytes, without reading CSV.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

_UNDERSTOOD = frozenset({"delimiter", "quotechar", "quoting", "lineterminator"})


@dataclass(frozen=True)
class CsvFormat:
    """A dialect of CSV in which quotes inside of a quoted field are doubled."""

    delimiter: str = ","
    quotechar: str = '"'
    quoting: int = csv.QUOTE_MINIMAL
    lineterminator: str = "\r\n"

    def __post_init__(self) -> None:
        for name, char in (("delimiter", self.delimiter), ("quotechar", self.quotechar)):
            if not isinstance(char, str) or len(char) != 1 or not char.isascii() or char in "\r\n\0":
                raise ValueError(f"kwds_csv: {name} must be one ASCII character, not {char!r}")
        if self.delimiter == self.quotechar:
            raise ValueError("kwds_csv: delimiter and quotechar must differ")
        if self.quoting not in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
            raise ValueError("kwds_csv: quoting must be csv.QUOTE_MINIMAL or csv.QUOTE_ALL")
        if self.lineterminator not in ("\r\n", "\n"):
            raise ValueError("kwds_csv: lineterminator must be a line break")

    @classmethod
    def from_keywords(cls, keywords: Mapping[str, object]) -> CsvFormat:
        """The format that ``kwds_csv`` of a repository asks for.

        Raises ``ValueError`` for a dialect in which the end of a record cannot be found by its quotes.
        """
        strange = sorted(map(str, set(keywords) - _UNDERSTOOD))
        if strange:
            raise ValueError(
                f"kwds_csv: {', '.join(strange)} not supported in a log; use {', '.join(sorted(_UNDERSTOOD))}"
            )
        return cls(**keywords)  # type: ignore[arg-type]

    def encode(self, values: Iterable[object]) -> bytes:
        """One record as the bytes of a file, its line break included."""
        row = ["" if value is None else value if type(value) is str else str(value) for value in values]
        return self._encoded(self.delimiter.join(row), row)

    def template(self, fields: int) -> str:
        """Puts so many fields together, for :meth:`encode_by`."""
        return self.delimiter.replace("%", "%%").join(["%s"] * fields)

    def encode_by(self, template: str, values: tuple[object, ...]) -> bytes:
        """As :meth:`encode`, in half the time, for values of which none is ``None``."""
        return self._encoded(template % values, values)

    def _encoded(self, text: str, values: Sequence[object]) -> bytes:
        """The record of these values, of which ``text`` is put together."""
        fields = len(values)
        if (
            text.count(self.delimiter) == fields - 1
            and fields > 1
            and self.quoting == csv.QUOTE_MINIMAL
            and self.quotechar not in text
            and "\n" not in text
            and "\r" not in text
            and "\0" not in text
        ):
            # Nothing is quoted or escaped: most records by far, in a tenth of the time.
            return (text + self.lineterminator).encode("utf-8", "backslashreplace")
        # A NUL stops the csv module of Python 3.10.
        row = [str(value).replace("\0", "\\x00") for value in values]
        # Before Python 3.13 the writer leaves a lone carriage return bare when it is no part of the line break.
        quoting = csv.QUOTE_ALL if any("\r" in value for value in row) else self.quoting
        buffer = io.StringIO(newline="")
        csv.writer(
            buffer,
            delimiter=self.delimiter,
            quotechar=self.quotechar,
            quoting=quoting,  # type: ignore[arg-type]
            lineterminator=self.lineterminator,
        ).writerow(row)
        # Lone surrogates (what could not be decoded) have no UTF-8.
        return buffer.getvalue().encode("utf-8", "backslashreplace")

    def parse(self, record: bytes) -> list[str]:
        """The fields of one whole record, whatever is in it. An empty line has none."""
        text = record.decode("utf-8", "replace").replace("\0", "").removesuffix("\n").removesuffix("\r")
        if not text:
            return []
        if self.quotechar not in text:
            return text.split(self.delimiter)
        try:
            return next(csv.reader((text,), delimiter=self.delimiter, quotechar=self.quotechar))
        except csv.Error:
            # A field over csv.field_size_limit(), which is not ours to change, or a stray carriage return.
            return self._parse_by_pattern(text)

    def _parse_by_pattern(self, text: str) -> list[str]:
        quote = self.quotechar
        fields = []
        position = 0
        pattern = _field_pattern(self.delimiter, quote)
        while found := pattern.match(text, position):
            quoted, plain = found.groups()
            fields.append(plain if quoted is None else quoted.replace(quote * 2, quote))
            position = found.end() + 1
            if found.end() >= len(text):
                break
        return fields

    def split(self, block: bytes) -> list[bytes]:
        """Cut bytes that start and end with whole records into records, without their final line feed."""
        lines = block.split(b"\n")
        # What follows the last line feed is nothing.
        rest = lines.pop()
        quote = self.quotechar.encode()
        if quote in block:
            lines = _mask_quoted(block, quote) if b"\0" not in block else list(_join_quoted(lines, quote))
        if rest:
            lines.append(rest)
        return lines

    def is_regular(self, record: bytes, columns: int) -> bool:
        """Whether a record is exactly as a writer makes it, with so many columns and every quote in its place."""
        return _record_pattern(self.delimiter, self.quotechar, columns).fullmatch(record) is not None


def _mask_quoted(block: bytes, quote: bytes) -> list[bytes]:
    """The records of a block without a NUL, which stands for a quoted line break while the others are looked for."""
    pieces = block.split(quote)
    pieces[1::2] = [piece.replace(b"\n", b"\0") for piece in pieces[1::2]]
    lines = quote.join(pieces).split(b"\n")
    lines.pop()
    return [line.replace(b"\0", b"\n") if b"\0" in line else line for line in lines]


def _join_quoted(lines: Iterable[bytes], quote: bytes) -> Iterable[bytes]:
    parts: list[bytes] = []
    for line in lines:
        odd = quote in line and line.count(quote) & 1
        if parts:
            parts.append(line)
            if odd:
                yield b"\n".join(parts)
                parts = []
        elif odd:
            parts = [line]
        else:
            yield line
    if parts:
        yield b"\n".join(parts)


@lru_cache
def _field_pattern(delimiter: str, quote: str) -> re.Pattern[str]:
    d, q = re.escape(delimiter), re.escape(quote)
    return re.compile(rf"(?:{q}([^{q}]*(?:{q}{q}[^{q}]*)*){q}(?={d}|\Z)|([^{d}]*))")


@lru_cache
def _record_pattern(delimiter: str, quote: str, columns: int) -> re.Pattern[bytes]:
    d, q = re.escape(delimiter), re.escape(quote)
    field = rf"(?:{q}[^{q}]*(?:{q}{q}[^{q}]*)*{q}|[^{q}{d}\r\n]*)"
    return re.compile(rf"{field}(?:{d}{field}){{{columns - 1}}}\r?\n".encode())
