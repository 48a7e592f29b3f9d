"""What is told of a query from the texts of records is what their models would tell."""

from __future__ import annotations

import csv
import tempfile
import warnings
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from csv_records import HEADER, names, record
from hypothesis import given
from hypothesis import strategies as st
from redbird.oper import (
    between,
    equal,
    greater_equal,
    greater_than,
    in_,
    less_equal,
    less_than,
    not_equal,
    skip,
)

from redengine.log import CSVFileRepo, LogRecord, MinimalRecord, TaskLogRecord, TaskRunRecord, bird
from redengine.log.csv.format import CsvFormat
from redengine.log.csv.raw_query import RawQuery
from redengine.log.log_record import MODELS


class Slow(CSVFileRepo):
    """Builds a model of each record, as a subclass may read records in its own way."""


# Everything that a query may be, over everything that a log may hold

NUMBERS = st.one_of(st.sampled_from([0.0, 1.0, 1.5, 2.0, 1e9, 1e10, 1e11]), st.floats(0, 3))
NUMBER_TEXTS = NUMBERS.map(str)
ODD = st.sampled_from(["", "x", "nan", "inf", "1e999", "-1", "1e11", "1e18", " 1", "1_0", "01", "1e0", "[1]", "١"])
WORDS = st.sampled_from(["a", "b", "run", "a,b", 'say "a"', "two\nlines", "é", "nul \0", "cr\r"])
TIMES = st.one_of(st.sampled_from(["1970-01-01 00:00:02", "1970-01-01T00:00:02.500000Z", "2021-13-01", "noon"]), ODD)
SPANS = st.one_of(st.sampled_from(["0:00:01", "1 day, 0:00:01.5", "-1 day, 23:59:59", "soon"]), ODD)
TEXTS: dict[type, st.SearchStrategy[str]] = {
    str: WORDS,
    int: st.integers(0, 3).map(str),
    float: NUMBER_TEXTS,
    datetime: NUMBER_TEXTS,
    timedelta: NUMBER_TEXTS,
}
ODD_TEXTS = {**TEXTS, int: st.one_of(ODD, st.just("1.0")), float: ODD, datetime: TIMES, timedelta: SPANS}
WANTED: dict[type, st.SearchStrategy[object]] = {
    str: WORDS,
    int: st.integers(0, 3),
    float: NUMBERS,
    datetime: NUMBERS.map(datetime.fromtimestamp),
    timedelta: NUMBERS.map(lambda seconds: timedelta(seconds=seconds)),
}
DAMAGE = st.sampled_from(
    [b"", b"\r\n", b"a,run\r\n", b"a,run,1a,run,2,,,,,,\r\n", b"\xff,run,1.0,1.0,,,,,\r\n", b"\0\r\n"]
)


@st.composite
def rows(draw, model):
    fields = list(model.__fields__.values())
    odd = draw(st.sampled_from([None, None, None, *fields]))
    row = [draw((ODD_TEXTS if field is odd else TEXTS)[field.type_]) for field in fields]
    nothing = draw(st.sampled_from(fields))
    if nothing.allow_none or draw(st.integers(0, 5)) == 0:
        row[fields.index(nothing)] = ""
    return row


@st.composite
def queries(draw, model):
    query = {}
    for name in draw(st.lists(st.sampled_from(sorted(model.__fields__)), unique=True, max_size=2)):
        value = WANTED[model.__fields__[name].type_]
        if draw(st.integers(0, 7)) == 0:
            value = st.one_of(*WANTED.values(), st.none())
        one, another = draw(value), draw(value)
        operations = [equal, not_equal, less_than, less_equal, greater_than, greater_equal]
        choices = [one, None, between(one, another), in_([one, another, None]), skip]
        choices += [operation(one) for operation in operations]
        query[name] = draw(st.sampled_from(choices))
    return query


def outcome(ask):
    """What asking gave, in the end and before: items (in words, as a NaN equals nothing), an error, warnings."""
    items, error = [], None
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            items.extend(map(repr, ask()))
        except Exception as exc:
            error = (type(exc), str(exc))
    return items, error, [str(warning.message) for warning in warned]


FORMATS = [CsvFormat(), CsvFormat(delimiter=";", lineterminator="\n"), CsvFormat(quoting=csv.QUOTE_ALL)]


@given(data=st.data())
@pytest.mark.parametrize("model", sorted(MODELS, key=lambda model: model.__name__))
def test_the_same_as_with_a_model_of_each_record(model, data):
    errors = data.draw(st.sampled_from(["raise", "warn", "discard"]))
    fmt = data.draw(st.sampled_from(FORMATS))
    columns = list(model.__fields__)
    if data.draw(st.integers(0, 5)) == 0:
        columns.remove(data.draw(st.sampled_from(columns[3:] or columns)))
    records = data.draw(st.lists(st.one_of(rows(model), rows(model), rows(model), DAMAGE), max_size=8))
    query = data.draw(queries(model))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.csv")
        content = [part if isinstance(part, bytes) else fmt.encode(part[: len(columns)]) for part in records]
        path.write_bytes(fmt.encode(columns) + b"".join(content))
        keywords = {name: getattr(fmt, name) for name in ("delimiter", "quoting", "lineterminator")}
        fast, slow = (
            kind(filename=path, model=model, errors_query=errors, kwds_csv=keywords) for kind in (CSVFileRepo, Slow)
        )
        for ask in (
            lambda repo: repo.filter_by(**query).query(),
            lambda repo: iter([repo.filter_by(**query).count()]),
            lambda repo: iter([repo.filter_by(**query).first()]),
            lambda repo: iter([repo.filter_by(**query).last()]),
        ):
            assert outcome(lambda ask=ask: ask(fast)) == outcome(lambda ask=ask: ask(slow)), query
        fast.close()
        slow.close()


# How far it goes


@pytest.fixture
def no_models(monkeypatch):
    """From then on none may be built."""

    def refuse(*args):
        raise AssertionError("a model was built")

    return lambda: monkeypatch.setattr(bird.TemplateRepo, "data_to_item", refuse)


MOMENT = datetime.fromtimestamp(2.5)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 4),
        ({"created": greater_than(2)}, 2),
        ({"created": greater_equal(2)}, 3),
        ({"created": less_than(2)}, 1),
        ({"created": between(2, 3)}, 2),
        ({"created": 2.0}, 1),
        ({"created": in_({1, 4})}, 2),
        ({"created": greater_than(1), "task_name": "a"}, 1),
        ({"start": less_than(MOMENT)}, 2),
        ({"start": greater_than(MOMENT)}, 1),
        ({"start": None}, 1),
        ({"runtime": timedelta(seconds=1.5)}, 1),
        ({"runtime": not_equal(None)}, 1),
        ({"run_id": in_(["r1", "r2"])}, 2),
        ({"message": not_equal("")}, 1),
        ({"message": 'two\n"lines", é'}, 1),
        ({"action": not_equal("run")}, 1),
    ],
)
def test_a_count_builds_no_models(open_repo, no_models, query, count):
    repo = open_repo()
    repo.add(record(created=1, start=1, run_id="r1"))
    repo.add(record(name="b", created=2, start=2, run_id="r2"))
    repo.add(record(action="fail", created=3, runtime=1.5, exc_text="Trace\nback", run_id="r3"))
    repo.add(record(name="b", created=4, start=4, message='two\n"lines", é'))
    no_models()
    assert repo.filter_by(**query).count() == count


def test_a_log_of_an_older_version(open_repo, log_path, no_models):
    log_path.write_bytes(
        HEADER
        + b'a,success,1.0,2021-01-01 10:00:00,2021-01-02 10:00:00.5,"1 day, 0:00:00.5",,,\r\n'
        + b"a,success,2.0,2021-01-03 10:00:00,,0:00:01,,,\r\n"
    )
    repo = open_repo()
    no_models()
    assert repo.filter_by(start=greater_than(datetime(2021, 1, 2))).count() == 1
    assert repo.filter_by(end=datetime(2021, 1, 2, 10, 0, 0, 500_000)).count() == 1
    assert repo.filter_by(runtime=greater_than(timedelta(days=1))).count() == 1


def test_records_out_of_order_are_found(open_repo):
    repo = open_repo()
    for number in range(60):
        repo.add(record(created=(number * 37) % 60, exc_text="line\n" * 1000))
    found = [(number * 37) % 60 for number in range(60) if (number * 37) % 60 < 5]
    assert [item.created for item in repo.filter_by(created=less_than(5)).all()] == found
    assert repo.filter_by(created=less_than(5)).last().created == found[-1]


def test_files_with_other_columns(open_repo, log_path, no_models):
    log_path.with_name("log-000001.csv").write_bytes(
        b"run_id,created,task_name,action\r\nr1,1.0,a,run\r\nr2,2.0,b,run\r\n"
    )
    repo = open_repo()
    repo.add(record(name="c", created=2, run_id="r3"))
    assert names(repo, created=2.0) == ["b", "c"]
    assert names(repo, run_id="r1") == ["a"]
    no_models()
    assert repo.filter_by(start=None).count() == 3


@pytest.mark.parametrize("odd", [b"noon,,", b"1e18,,", b",nan,", b",,1e18", b",,soon"])
def test_a_record_that_does_not_fit_is_still_an_error(open_repo, log_path, odd):
    log_path.write_bytes(HEADER + b"a,run,1.0,%b,,,\r\nb,run,2.0,2.0,,,,,\r\n" % odd)
    query = {"created": greater_than(1)}
    with pytest.raises(bird.DataToItemError):
        open_repo().filter_by(**query).count()
    with pytest.warns(bird.ConversionWarning):
        assert open_repo(errors_query="warn").filter_by(**query).count() == 1
    assert open_repo(errors_query="discard").filter_by(**query).count() == 1
    # As ever, what is of another task is not looked at.
    assert open_repo().filter_by(**query, task_name="b").count() == 1


class Own(TaskRunRecord):
    pass


class OwnOperation(bird.Operation):
    def evaluate(self, value):
        return True


@pytest.mark.parametrize(
    ("model", "query"),
    [
        (Own, {}),
        (dict, {}),
        (TaskRunRecord, {"host": "x"}),
        (MinimalRecord, {"run_id": "x"}),
        (TaskLogRecord, {"run_id": "x"}),
        (LogRecord, {"created": OwnOperation(1)}),
        (LogRecord, {"created": in_(iter([1]))}),
        (LogRecord, {"created": object()}),
        (LogRecord, {"created": greater_than(object())}),
        (LogRecord, {"created": in_([object()])}),
    ],
)
def test_what_only_the_model_can_tell(model, query):
    assert RawQuery.of(model, query, CsvFormat()) is None


def test_a_repository_of_a_project_reads_records_itself(log_path):
    class Changed(CSVFileRepo):
        def data_to_item(self, data):
            return super().data_to_item({**data, "created": "7"})

    repo = Changed(filename=log_path, model=TaskRunRecord)
    repo.add(record())
    assert repo.filter_by(created=7.0).count() == 1
