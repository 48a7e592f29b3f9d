"""Models of what a log keeps of each record.

They are models of pydantic 1 (as bundled with pydantic 2), which is what redbird works with. Subclass them with
``pydantic.v1`` to add fields; a model of your own may be of pydantic 2 as well.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic.v1 import BaseModel, Field, validator

from redengine.log.bird_additions import INTERVAL_EPOCH
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
        if isinstance(value, datetime):
            value = value.replace(tzinfo=None) - INTERVAL_EPOCH
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
