"""Models of what a log keeps of each record.

They are models of pydantic 1 (as bundled with pydantic 2), which is what redbird works with. Subclass them with
``pydantic.v1`` to add fields; a model of your own may be of pydantic 2 as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic.v1 import BaseModel, Field, validator

from redengine.log.times import to_epoch, to_seconds


class MinimalRecord(BaseModel):
    """The least a scheduler needs to know of the past."""

    task_name: str
    action: str = Field(description="run, success, fail, inaction, terminate or crash")
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


def storable(model: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The values of a record as a file keeps them: of :class:`TaskLogRecord` and its kin, plain seconds."""
    if isinstance(model, type) and issubclass(model, TaskLogRecord):
        for name in ("start", "end"):
            if isinstance(values.get(name), datetime):
                values[name] = values[name].timestamp()
        if isinstance(values.get("runtime"), timedelta):
            values["runtime"] = values["runtime"].total_seconds()
    return values


#: By field: the type of what needs no conversion, what a file keeps of it, and (unless it is required) of ``None``.
_Field = tuple[type, Callable[[Any], Any] | None, tuple[Any, ...]]


def _stored_moment(seconds: float) -> float:
    # As by way of a datetime: to the microsecond.
    return datetime.fromtimestamp(seconds).timestamp()


def _stored_duration(seconds: float) -> float:
    return timedelta(seconds=seconds).total_seconds()


_FIELDS: dict[str, _Field] = {
    "task_name": (str, None, ()),
    "action": (str, None, ()),
    "created": (float, None, ()),
    "start": (float, _stored_moment, (None,)),
    "end": (float, _stored_moment, (None,)),
    "runtime": (float, _stored_duration, (None,)),
    "message": (str, None, ("",)),
    "exc_text": (str, None, (None,)),
    "run_id": (str, None, (None,)),
}

#: The models whose records need not be built to be stored. Not their subclasses: these may do anything.
_KNOWN: dict[Any, list[tuple[str, _Field]]] = {
    model: [(name, _FIELDS[name]) for name in model.__fields__]
    for model in (MinimalRecord, MinimalRunRecord, TaskLogRecord, TaskRunRecord)
}


def stored_values(model: Any, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a file keeps of a record of these values, as if it had been built: ``storable(model, model(**values))``.

    ``None`` when only the model itself can tell: it is another one, or a value is none that the scheduler logs.
    """
    fields = _KNOWN.get(model)
    if fields is None:
        return None
    stored: dict[str, Any] = {}
    try:
        for name, (kind, convert, absent) in fields:
            value = values.get(name)
            if type(value) is kind:
                stored[name] = value if convert is None else convert(value)
            elif value is None and absent:
                stored[name] = absent[0]
            else:
                return None
    except (ValueError, OverflowError, OSError):
        return None
    return stored
