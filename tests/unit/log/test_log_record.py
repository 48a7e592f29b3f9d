from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redengine.log import (
    LogRecord,
    MinimalRecord,
    MinimalRunRecord,
    RunRecord,
    TaskLogRecord,
    TaskRunRecord,
)
from redengine.log.log_record import FIELDS, built_plain, storable, stored_row
from redengine.log.times import to_epoch, to_seconds


def test_fields():
    assert list(MinimalRecord.__fields__) == ["task_name", "action", "created"]
    assert list(MinimalRunRecord.__fields__)[-1] == "run_id"
    assert {"start", "end", "runtime", "message", "exc_text"} <= set(TaskLogRecord.__fields__)
    assert {"levelname", "formatted_message", "msecs"} <= set(LogRecord.__fields__)
    assert {"run_id"} == set(RunRecord.__fields__) - set(LogRecord.__fields__)
    assert {"run_id"} == set(TaskRunRecord.__fields__) - set(TaskLogRecord.__fields__)


def test_a_record_of_logging_fits():
    record = logging.LogRecord("redengine.task", logging.INFO, "", 1, "hi", None, None)
    record.task_name, record.action = "a", "run"
    model = RunRecord(**{**vars(record), "message": "hi", "formatted_message": "hi"})
    assert (model.name, model.funcName, model.exc_text, model.run_id) == ("redengine.task", None, None, None)


@pytest.mark.parametrize("start", [1609459200.5, "1609459200.5", datetime.fromtimestamp(1609459200.5)])
@pytest.mark.parametrize("runtime", [90.5, "90.5", "0:01:30.500000", timedelta(seconds=90.5)])
def test_times_of_any_version_are_read(start, runtime):
    record = TaskLogRecord(task_name="a", action="success", created=1, start=start, end=str(start), runtime=runtime)
    assert record.start == record.end == datetime.fromtimestamp(1609459200.5)
    assert record.runtime == timedelta(seconds=90.5)


def test_stored_are_seconds():
    record = TaskRunRecord(task_name="a", action="success", created=1, start=5.25, end=7, runtime=1.75)
    stored = storable(TaskRunRecord, record.dict())
    assert (stored["start"], stored["end"], stored["runtime"]) == (5.25, 7.0, 1.75)


ODD = st.sampled_from(
    [None, "", "5.5", 3, True, "text", datetime(2022, 7, 2), timedelta(1), float("nan"), float("inf")]
)
MOMENT = st.floats(0, 4e9) | st.floats(-1e14, 1e14)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([MinimalRecord, MinimalRunRecord, TaskLogRecord, TaskRunRecord]),
    st.fixed_dictionaries(
        {},
        optional={
            "task_name": st.text() | ODD,
            "action": st.sampled_from(["run", "success"]) | ODD,
            "created": MOMENT | ODD,
            "start": MOMENT | ODD,
            "end": MOMENT | ODD,
            "runtime": st.floats() | ODD,
            "message": st.text() | ODD,
            "exc_text": st.text() | ODD,
            "run_id": st.text() | ODD,
            "levelname": st.text(),
        },
    ),
)
def test_what_is_stored_without_a_model_is_what_the_model_would_store(model, values):
    row = stored_row(model, values)
    if row is None:
        return  # only the model can tell
    stored = dict(zip(FIELDS, row, strict=True))
    by_model = storable(model, model(**values).dict())
    for name, value in by_model.items():
        assert str(stored[name]) == ("" if value is None else str(value))
    built = built_plain(model, values)
    assert built == model(**values)
    assert built.__fields_set__ == model(**values).__fields_set__


@pytest.mark.parametrize("run_id", [None, "1", 'a "quoted", id'])
def test_what_the_scheduler_logs_is_stored_without_a_model(run_id):
    values = {"task_name": "a", "action": "success", "created": 1700000000.1234567, "message": "m", "exc_text": None}
    values |= {"start": 1700000000.1234567, "end": 1700000001.7654321, "runtime": 1.6419754, "run_id": run_id}
    by_model = storable(TaskRunRecord, TaskRunRecord(**values).dict())
    assert stored_row(TaskRunRecord, values) == tuple("" if value is None else value for value in by_model.values())


def test_a_model_of_a_project_is_always_built():
    class Own(TaskRunRecord):
        host: str = "here"

    values = {"task_name": "a", "action": "run", "created": 1.0}
    assert stored_row(Own, values) is None
    assert stored_row(dict, values) is None


def test_a_user_model_is_stored_as_it_is():
    assert storable(dict, {"start": timedelta(1)}) == {"start": timedelta(1)}


def test_unset_fields_can_be_left_out():
    record = TaskRunRecord(task_name="a", action="run", created=1)
    assert record.dict(exclude_unset=True) == {"task_name": "a", "action": "run", "created": 1.0}
    assert record.dict()["message"] == ""


@pytest.mark.parametrize(
    ("value", "epoch"),
    [
        (None, None),
        ("", None),
        (5, 5.0),
        ("1e3", 1000.0),
        ("2021-01-01T00:00:00Z", 1609459200.0),
        ("2021-01-01 01:00:00+01:00", 1609459200.0),
        (datetime(2021, 1, 1, tzinfo=timezone.utc), 1609459200.0),
        ("2021-01-01 00:00:00", datetime(2021, 1, 1).timestamp()),
    ],
)
def test_to_epoch(value, epoch):
    assert to_epoch(value) == epoch


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        (5, 5.0),
        ("1 day, 2:03:04.5", 86400 + 7384.5),
        ("-1 day, 23:59:59", -1.0),
        ("2 days, 0:00:00", 172800.0),
        ("0 days 00:00:04.000123", 4.000123),
        (timedelta(minutes=1), 60.0),
    ],
)
def test_to_seconds(value, seconds):
    assert to_seconds(value) == seconds


@pytest.mark.parametrize("value", ["x", "nan", "inf", "12:3", object(), [1]])
def test_nonsense_is_refused(value):
    with pytest.raises(ValueError):
        to_epoch(value)
    with pytest.raises(ValueError):
        to_seconds(value)
