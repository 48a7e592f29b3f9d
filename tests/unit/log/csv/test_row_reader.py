"""Records read together must be what they are when read one by one."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redengine.log.csv.format import CsvFormat
from redengine.log.csv.row_reader import RowReader

COLUMNS = ("task_name", "action", "created", "start", "end", "runtime", "message", "exc_text", "run_id")
TEXTS = st.one_of(
    st.sampled_from(
        ["a", "b,c", 'say "x"', '"', "", "x\r", "two\nlines", "\r\n", "1", "nan", "1e999", "2021-01-01 00:00:00"]
    ),
    st.text(alphabet='a",\n\r\0é', max_size=6),
)
ROWS = st.tuples(
    st.one_of(st.sampled_from(["a", "b"]), TEXTS),
    st.sampled_from(["run", "success", "fail", "odd"]),
    st.one_of(st.floats(0, 1e12).map(str), TEXTS),
    st.one_of(st.just("1.5"), TEXTS),
    TEXTS,
    st.one_of(st.just("0.5"), TEXTS),
    TEXTS,
    TEXTS,
    st.one_of(st.sampled_from(["x", ""]), TEXTS),
)
DAMAGE = st.sampled_from(
    [
        b"",
        b"\n",
        b"a,run\n",
        b"\xff,run,1,,,,,,x\n",
        b'a,run,1,,,,"x"y,,z\n',
        b"a,run,1,,,,,,x\n",
        b'a\0,run,1,,,,"",,x\r\n',
    ]
)


def both(data: bytes, fmt: CsvFormat) -> tuple[object, ...]:
    apart, together = RowReader(COLUMNS, fmt), RowReader(COLUMNS, fmt)
    return (
        [*apart._one_by_one(fmt.split(data))],
        apart.skipped,
        [*together.read(data)],
        together.skipped,
    )


@pytest.mark.parametrize(
    "fmt", [CsvFormat(), CsvFormat(lineterminator="\n", delimiter=";"), CsvFormat(quoting=csv.QUOTE_ALL)]
)
@given(parts=st.lists(st.one_of(ROWS, DAMAGE), max_size=8))
def test_together_is_as_one_by_one(fmt, parts):
    data = b"".join(part if isinstance(part, bytes) else fmt.encode(part) for part in parts)
    expected, skipped, found, found_skipped = both(data, fmt)
    assert found == expected
    assert found_skipped == skipped


def test_what_a_scheduler_writes_is_read_together(monkeypatch):
    fmt = CsvFormat()
    rows = [
        ("a", "run", 1.5, 1.5, None, None, "m", None, "x"),
        ("a", "fail", 2.5, 1.5, 2.5, 1.0, "m", 'T\n "b", c', "x"),
    ]
    monkeypatch.setattr(RowReader, "_one_by_one", None)
    read = RowReader(COLUMNS, fmt).read(b"".join(map(fmt.encode, rows)))
    assert list(read) == [("a", "run", 1.5, "x", 1.5, None), ("a", "fail", 2.5, "x", 1.5, 1.0)]


def test_starts_are_read_where_they_are_needed():
    fmt = CsvFormat()
    named, nameless = (fmt.encode(("a", "run", 1, 1, "", "", "", "", run_id)) for run_id in ("x", ""))
    reader = RowReader(COLUMNS, fmt, all_starts=False)
    assert [values[4] for values in reader.read(named)] == [None]
    assert [values[4] for values in reader.read(nameless)] == [1.0]


def test_two_numbers_in_a_field_are_none():
    fmt = CsvFormat(delimiter=";")
    rows = [
        ("a", "run", created, 1, "", runtime, "", "", "x") for created, runtime in ((1, ""), ("2,3", ""), (4, "5,"))
    ]
    reader = RowReader(COLUMNS, fmt)
    assert [values[2:] for values in reader.read(b"".join(map(fmt.encode, rows)))] == [
        (1.0, "x", 1.0, None),
        (4.0, "x", 1.0, None),
    ]
    assert reader.skipped == 1
