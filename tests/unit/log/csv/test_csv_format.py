from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redengine.log.csv.format import CsvFormat
from redengine.log.csv.index import STRIDE, SparseIndex

FORMAT = CsvFormat()
# No surrogates and no NUL: these are written as escapes, which the other tests look at.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30) | st.sampled_from(
    ['"', '""', '"\n', "\r\n", ",", "\n\n", 'a"b,\r']
)
ROWS = st.lists(st.lists(TEXT, min_size=3, max_size=3).filter(any), max_size=20)


def index_of(data: bytes, columns: int = 3, steps: int = 1) -> SparseIndex:
    index = SparseIndex(FORMAT, columns, 0, lambda line: line.startswith(b"task,run,"))
    for step in range(1, steps + 1):
        size = len(data) * step // steps
        index.extend(lambda n, at, size=size: data[at : min(at + n, size)], size)
    return index


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(1, 7))
def test_what_is_written_is_read(rows, steps):
    records = [FORMAT.encode(row) for row in rows]
    data = b"".join(records)
    assert [FORMAT.parse(record) for record in FORMAT.split(data)] == rows
    assert list(csv.reader(io.StringIO(data.decode(), newline=""))) == rows
    assert all(FORMAT.is_regular(record, 3) for record in records)
    index = index_of(data, steps=steps)
    assert (index.end, index.holes) == (len(data), [])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(TEXT | st.floats() | st.none() | st.integers() | st.sampled_from(["\ud800", " a", "a;b"]), min_size=1),
    st.sampled_from([",", ";"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\r\n", "\n"]),
)
def test_a_record_is_what_the_csv_module_makes_of_it(row, delimiter, quoting, lineterminator):
    buffer = io.StringIO(newline="")
    # A lone carriage return is quoted by some versions of Python only; here always.
    lone = any("\r" in str(value) for value in row)
    csv.writer(
        buffer,
        delimiter=delimiter,
        quoting=csv.QUOTE_ALL if lone else quoting,
        lineterminator=lineterminator,
    ).writerow(["" if value is None else str(value) for value in row])
    fmt = CsvFormat(delimiter=delimiter, quoting=quoting, lineterminator=lineterminator)
    assert fmt.encode(row) == buffer.getvalue().encode("utf-8", "backslashreplace")


@settings(max_examples=60, deadline=None)
@given(ROWS.filter(bool), st.data())
def test_a_file_cut_anywhere_ends_after_its_last_whole_record(rows, data):
    records = [FORMAT.encode(row) for row in rows]
    whole = b"".join(records[:-1])
    cut = data.draw(st.integers(0, len(records[-1]) - 1))
    # What is cut may contain a line that looks like a record; that is another matter.
    index = SparseIndex(FORMAT, 3, 0, lambda line: False)
    text = whole + records[-1][:cut]
    index.extend(lambda n, at: text[at : at + n], len(text))
    # A line break inside of quotes never counts; the one at the end of an unquoted prefix is not there yet.
    assert index.end == len(whole)


def test_marks_are_boundaries_and_close_together():
    records = [
        FORMAT.encode(["task", "run", f'{number} "quoted"\nline' if number % 7 else number]) for number in range(20_000)
    ]
    data = b"".join(records)
    index = index_of(data, steps=3)
    boundaries = {0}
    position = 0
    for record in records:
        position += len(record)
        boundaries.add(position)
    assert set(index.marks) <= boundaries
    assert all(b - a < 2 * STRIDE for a, b in zip(index.marks, index.marks[1:], strict=False))
    assert len(index.marks) > 3
    assert index.mark_before(index.marks[1]) == 0
    assert index.mark_after(0) == index.marks[1]
    assert index.mark_after(index.marks[-1]) == index.end == len(data)


def test_a_record_torn_in_a_quote_hides_nothing_that_follows():
    torn = b'task,fail,"Traceback\r\n  File'
    data = b"task,run,1\r\n" + torn + b"\r\n" + b"task,run,2\r\n" + b'task,fail,"Trace\r\nback"\r\n' + b"task,run,3\r\n"
    index = index_of(data)
    assert index.end == len(data)
    assert index.holes == [(12, 12 + len(torn) + 2)]
    read = [record for start, stop in index.stretches(0, index.end) for record in FORMAT.split(data[start:stop])]
    assert read == [b"task,run,1\r", b"task,run,2\r", b'task,fail,"Trace\r\nback"\r', b"task,run,3\r"]


def test_an_unfinished_quote_with_whole_records_behind_it():
    data = b'task,fail,"Trac\r\ntask,run,2\r\ntask,ru'
    index = index_of(data)
    assert index.holes == [(0, 17)]
    assert data[index.end :] == b"task,ru"


def test_lone_surrogates_and_nul():
    record = FORMAT.encode(["a\udc80b", "x\0y", None])
    assert record == b"a\\udc80b,x\\x00y,\r\n"


def test_a_lone_carriage_return_is_quoted_whatever_the_line_break():
    fmt = CsvFormat(lineterminator="\n")
    record = fmt.encode(["a\rb", "c"])
    assert fmt.parse(record) == ["a\rb", "c"]


def test_a_field_over_the_limit_of_the_csv_module():
    long = 'x"\n' * 100_000
    assert FORMAT.parse(FORMAT.encode(["a", long, "b"])) == ["a", long, "b"]


@pytest.mark.parametrize("data", [b"\0\0\0\n", b"\xff\xfe,a\n", b'a,"b"c\rd,"e\n', b'""x",\r,\n', b'"\n'])
def test_rubbish_is_parsed_to_something(data):
    assert all(isinstance(field, str) for field in FORMAT.parse(data))


@pytest.mark.parametrize(
    "keywords",
    [
        {"escapechar": "\\"},
        {"doublequote": False},
        {"quoting": csv.QUOTE_NONE},
        {"delimiter": ";;"},
        {"delimiter": 5},
        {5: ";", "escapechar": ";"},
        {"delimiter": '"'},
        {"quotechar": "é"},
        {"lineterminator": "|"},
    ],
)
def test_a_dialect_without_clear_ends_is_refused(keywords):
    with pytest.raises(ValueError, match="kwds_csv"):
        CsvFormat.from_keywords(keywords)
