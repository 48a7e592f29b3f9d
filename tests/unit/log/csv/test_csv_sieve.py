"""What is told from bytes: nothing that fits is lost, and what does not fit costs little."""

from __future__ import annotations

import logging
from itertools import product

import pytest

from redengine.control.messages import LogFilter
from redengine.log.csv.format import CsvFormat
from redengine.log.csv.sieve import Sieve
from redengine.log.entry import entry_of, fits

COLUMNS = ("task_name", "action", "created", "levelname", "message", "exc_text", "run_id")
FORMAT = CsvFormat()


START = 1_000


def block_of(records):
    return b"".join(record + b"\n" for _, record in records)


@pytest.fixture(scope="module", params=["in other scripts too", "ASCII"])
def records(request):
    """Records with what is awkward in bytes: quotes, other scripts, odd lower cases, line breaks, odd levels."""
    rows = [
        ("a", "run", 1, "", "plain", "", "r1"),
        ("a", "fail", 2, "", "", "Trace\nback", "r1"),
        ("b", "crash", 3, "", 'with "quotes" in it', "", "r2"),
        ('quo"ted', "success", 4, "INFO", "ÄRGER in Straße", "", "r3"),
        ("c, d", "fail", 5, "WARNING", "\u212aelvin \u0130stanbul", "", "r4"),
        ("ä", "run", 6, "warn", "", "", "r5"),
        ("a", "run", 7, "ERROR", "KELVIN", "", "r6"),
        ("a", "run", 8, "DEBUG", "", "", "fail"),
        ("a", "run", 9, "Nonsense", "lone \udc9b surrogate", "", ""),
        ("a", "inaction", 10, "LOUD", "", "", ""),
    ]
    encoded = [FORMAT.encode(row).removesuffix(b"\r\n") for row in rows]
    place, placed = START, []
    for record in encoded:
        if request.param != "ASCII" or record.isascii():
            placed.append((place, record))
            place += len(record) + 1
    return placed


def entry(record):
    return entry_of(0, dict(zip(COLUMNS, FORMAT.parse(record[1]), strict=True)).get)


TEXTS = [
    *("", "plain", "TRACE", "Trace\nb", 'with "quotes"', '"', "ärger", "straße", "kelvin", "i", "istan", "fail", "R4"),
    *("lone \\udc9b", "c, d", "nowhere"),
]


TASKS = ["", "a", 'quo"ted', "c, d", "ä", "none"]
ACTIONS = [(), ("fail", "crash"), ("run",)]


@pytest.mark.parametrize("level", ["", "INFO", "WARNING", "error", "CRITICAL", "LOUD"])
def test_nothing_that_fits_is_lost(records, level, monkeypatch):
    monkeypatch.setitem(logging._nameToLevel, "LOUD", 35)
    fitting = 0
    for text, task, actions in product(TEXTS, TASKS, ACTIONS):
        where = LogFilter(task=task, actions=actions, text=text, level=level)
        sieve = Sieve(where, FORMAT.quotechar)
        kept = sieve.sift(block_of(records), START, records)
        for record in records:
            if fits(entry(record), where):
                fitting += 1
                assert record in kept, where
                assert sieve.block(record[1]), where
    assert fitting or level == "CRITICAL"


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        (LogFilter(), range(10)),
        (LogFilter(level="INFO"), range(10)),
        (LogFilter(task="c, d"), [4]),
        # By its longest part without a quote.
        (LogFilter(task='quo"ted'), [2, 3]),
        (LogFilter(actions=("crash", "inaction")), [2, 9]),
        (LogFilter(text="nowhere"), []),
        (LogFilter(text="KELVIN"), [4, 6]),
        (LogFilter(text='"quotes"'), [2]),
        (LogFilter(level="ERROR"), [1, 2, 4, 6, 7]),
        (LogFilter(level="ERROR", actions=("run",)), [6, 7]),
    ],
)
def test_what_is_let_through(records, where, kept):
    sieve = Sieve(where, FORMAT.quotechar)
    numbers = {record: int(entry((place, record)).created) - 1 for place, record in records}
    assert [numbers[record] for _, record in sieve.sift(block_of(records), START, records)] == [
        number for number in kept if number in numbers.values()
    ]
    assert sieve.passes_all == (len(kept) == 10)
