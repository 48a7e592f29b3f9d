"""Models of what a log keeps of each record.

They are models of pydantic 1 (as bundled with pydantic 2), which is what redbird works with. Subclass them with
``pydantic.v1`` to add fields; a model of your own may be of pydantic 2 as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic.v1 import BaseModel, Field, validator

from redengine.log.times import to_epoch, to_seconds


class MinimalRecord(BaseModel):
    """The least a scheduler needs to know of the past."""

    task_name: str
    action: str = Field(description="run, success, fail, inaction, terminate, crash, or command")
    #: Epoch seconds.
    created: float


class LogRecord(MinimalRecord):
    """Everything :class:`logging.LogRecord` has (see its attributes in the documentation of Python)."""

    name: str
    msg: str
    levelname: str
    levelno: int
    pathname: str
    filename: str
    module: str
    exc_text: str | None = None
    lineno: int
    # logging may be told not to find these out, and a record made by hand has none.
    funcName: str | None  # noqa: N815
    msecs: float
    relativeCreated: float  # noqa: N815 - logging's name
    thread: int | None
    threadName: str | None  # noqa: N815
    processName: str | None  # noqa: N815
    process: int | None
    message: str
    formatted_message: str


class TaskLogRecord(MinimalRecord):
    """When a task started, when it ended and how long it took.

    ``start`` and ``end`` are local datetimes and ``runtime`` is a timedelta for whoever reads them; the log keeps
    epoch seconds and seconds (see :func:`storable`), and what older versions wrote is read as well.
    """

    start: datetime | None = None
    end: datetime | None = None
    runtime: timedelta | None = None
    message: str = ""
    exc_text: str | None = None

    @validator("start", "end", pre=True)
    @classmethod
    def _read_time(cls, value: Any) -> datetime | None:
        moment = to_epoch(value)
        return None if moment is None else datetime.fromtimestamp(moment)

    @validator("runtime", pre=True)
    @classmethod
    def _read_duration(cls, value: Any) -> timedelta | None:
        seconds = to_seconds(value)
        return None if seconds is None else timedelta(seconds=seconds)

    @validator("message", pre=True)
    @classmethod
    def _read_message(cls, value: Any) -> Any:
        return "" if value is None else value


class MinimalRunRecord(MinimalRecord):
    """The least, with the run's id."""

    run_id: str | None = None


class RunRecord(LogRecord):
    """Everything of logging, with the run's id."""

    run_id: str | None = None


class TaskRunRecord(TaskLogRecord):
    """Start, end and runtime, with the run's id. The default of a log."""

    run_id: str | None = None


#: All of them. Not their subclasses: these may do anything.
MODELS = frozenset({MinimalRecord, MinimalRunRecord, LogRecord, RunRecord, TaskLogRecord, TaskRunRecord})


def storable(model: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The values of a record as a file keeps them: of :class:`TaskLogRecord` and its kin, plain seconds."""
    if isinstance(model, type) and issubclass(model, TaskLogRecord):
        for name in ("start", "end"):
            if isinstance(values.get(name), datetime):
                values[name] = values[name].timestamp()
        if isinstance(values.get("runtime"), timedelta):
            values["runtime"] = values["runtime"].total_seconds()
    return values


#: The values of :class:`TaskRunRecord`, the record with most of ours, in the order of its columns.
FIELDS = tuple(TaskRunRecord.__fields__)
#: The models whose records need not be built to be stored: those with none but our own values.
_KNOWN = MODELS - {LogRecord, RunRecord}


def stored_row(model: Any, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What a file keeps of a record of these values, by :data:`FIELDS` and with ``""`` for nothing, as if it had been
    built: ``storable(model, model(**values))``.

    ``None`` when only the model itself can tell: it is another one, or a value is none that the scheduler logs.
    """
    if model not in _KNOWN:
        return None
    # Each record comes by here twice a run: nothing is looped over.
    get = values.get
    task_name, action, created = get("task_name"), get("action"), get("created")
    start, end, runtime = get("start"), get("end"), get("runtime")
    message, exc_text, run_id = get("message"), get("exc_text"), get("run_id")
    if not (
        type(task_name) is type(action) is str
        and type(created) is float
        and (start is None or type(start) is float)
        and (end is None or type(end) is float)
        and (runtime is None or type(runtime) is float)
        and (message is None or type(message) is str)
        and (exc_text is None or type(exc_text) is str)
        and (run_id is None or type(run_id) is str)
    ):
        return None
    try:
        return (
            task_name,
            action,
            created,
            # As by way of a datetime: to the microsecond.
            "" if start is None else datetime.fromtimestamp(start).timestamp(),
            "" if end is None else datetime.fromtimestamp(end).timestamp(),
            "" if runtime is None else timedelta(0, runtime).total_seconds(),
            message or "",
            exc_text or "",
            run_id or "",
        )
    except (ValueError, OverflowError, OSError):
        return None


def built_plain(model: Any, values: Mapping[str, Any]) -> Any:
    """``model(**values)``, sooner; ``None`` when only the model itself can tell, as with :func:`stored_row`."""
    if stored_row(model, values) is None:
        return None
    fields = {name: value for name, value in values.items() if name in model.__fields__}
    for name in ("start", "end"):
        if fields.get(name) is not None:
            fields[name] = datetime.fromtimestamp(fields[name])
    if fields.get("runtime") is not None:
        fields["runtime"] = timedelta(seconds=fields["runtime"])
    if fields.get("message", "") is None:
        fields["message"] = ""
    return model.construct(set(fields), **fields)
