"""Every option of a session, validated, with its default."""

from __future__ import annotations

import difflib
import os
import threading
from collections.abc import Callable
from datetime import timedelta, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from redengine.execution.dask import require_dask
from redengine.loading import ignored
from redengine.tasks.run_id import uuid

Execution = Literal["auto", "main", "async", "thread", "process", "dask"]


class Config(BaseModel):
    """Options of a session. Assigning one takes effect at once; a wrong value is refused with a reason
    (``ValueError``)."""

    model_config = ConfigDict(validate_assignment=True, arbitrary_types_allowed=True, extra="ignore")

    #: How tasks run that do not say so themselves. ``auto``: ``async def`` on the event loop, tasks that take a live
    #: part of the scheduler in a thread, all others in a process.
    execution: Execution = "auto"
    #: Priority of tasks that have none; higher starts first.
    task_priority: int = 0
    #: What to do when a task's name is taken.
    task_pre_exist: Literal["raise", "ignore", "replace", "rename"] = "raise"
    #: Name tasks without a name by their identity instead of their function.
    use_instance_naming: bool = False
    #: Read the log at each look at a task's past. Slow; for when others write to the same log.
    force_status_from_logs: bool = False

    #: How many records a log in memory keeps, the newest. ``None``: the one that is made when a project sets no log
    #: keeps 10,000, a ``MemoryRepo`` of the project's own all.
    max_memory_records: int | None = Field(default=None, ge=1)

    task_logger_basename: str = "redengine.task"
    scheduler_logger_basename: str = "redengine.scheduler"

    #: With ``debug``, whether these errors stop the scheduler; without it they are logged and it goes on.
    silence_task_prerun: bool = False
    silence_task_logging: bool = False
    silence_cond_check: bool = False
    debug: bool = False

    #: Seconds between looks at conditions that cannot foresee their change, and between two runs of a task whose
    #: condition stays true. ``None``: as often as is sensible.
    cycle_sleep: float | None = Field(default=0.1, ge=0)
    #: Whether a task may start while it runs.
    multilaunch: bool = False
    #: Makes the identity of a run, given the task and its parameters.
    func_run_id: Callable[..., str] = uuid
    #: How many runs may be in processes of their own at once.
    max_process_count: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    tasks_as_daemon: bool = True
    #: Address of the scheduler of the dask cluster that ``dask`` tasks run on, such as ``tcp://10.0.0.5:8786``.
    #: ``None``: as dask is configured, the cluster that the program has a client of, or one in this process.
    dask_address: str | None = None
    #: How a restart is done: ``replace`` this process, ``relaunch`` another, a ``fresh`` one in another window, or
    #: ``recall`` the scheduler within this process.
    restarting: Literal["replace", "relaunch", "fresh", "recall"] = "replace"
    #: Terminate running tasks at shut-down instead of waiting for them.
    instant_shutdown: bool = False
    #: Longest time of a run: a length of time such as ``"10 min"``, seconds, or ``"never"``.
    timeout: timedelta = timedelta(minutes=30)
    #: The scheduler shuts down when this condition is true.
    shut_cond: Any = None
    #: Whether function arguments are called by the scheduler (``pre``) or where the task runs (``post``).
    param_materialize: Literal["pre", "post"] = "post"
    #: Time zone of all wall times: a name such as ``Europe/Helsinki`` or a ``tzinfo``; the machine's by default.
    timezone: tzinfo | None = None
    #: What gives the time (epoch seconds) instead of ``time.time``.
    time_func: Callable[[], float] | None = None
    cls_lock: Any = threading.Lock

    _on_change: Callable[[str], None] | None = PrivateAttr(default=None)
    #: Whose condition strings ``shut_cond`` may use.
    _session: Any = PrivateAttr(default=None)

    def __init__(self, **options: Any) -> None:
        try:
            super().__init__(**options)
        except ValidationError as error:
            raise ValueError(_in_words(error)) from None

    @model_validator(mode="before")
    @classmethod
    def _names(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        values = dict(values)
        if "task_execution" in values:
            values.setdefault("execution", values["task_execution"])
            del values["task_execution"]
        for name in values.keys() - cls.model_fields.keys():
            near = difflib.get_close_matches(name, cls.model_fields, n=1)
            ignored(f"there is no option {name!r}: it is ignored", next(iter(near), ""))
        return values

    @field_validator("execution", mode="before")
    @classmethod
    def _execution(cls, value: Any) -> Any:
        if value == "dask":
            require_dask()
        return "auto" if value is None else value

    @field_validator("max_process_count", mode="before")
    @classmethod
    def _max_process_count(cls, value: Any) -> Any:
        return os.cpu_count() or 1 if value is None else value

    @field_validator("timeout", mode="before")
    @classmethod
    def _timeout(cls, value: Any) -> Any:
        return as_timeout(value)

    @field_validator("shut_cond", mode="before")
    @classmethod
    def _shut_cond(cls, value: Any) -> Any:
        from redengine.conditions import AlwaysFalse
        from redengine.syntax import parse_condition

        return AlwaysFalse() if value is None else parse_condition(value)

    @field_validator("timezone", mode="before")
    @classmethod
    def _timezone(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"There is no time zone {value!r}; they are named like 'Europe/Helsinki'") from error

    @field_serializer("shut_cond", "timezone", "time_func", "func_run_id", "cls_lock", when_used="json-unless-none")
    def _in_words(self, value: Any) -> str:
        return getattr(value, "__name__", None) or str(value)

    @property
    def task_execution(self) -> str:
        """The name ``execution`` had in Red Engine 2."""
        return self.execution

    @task_execution.setter
    def task_execution(self, value: Any) -> None:
        self.execution = value

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "task_execution":
            name = "execution"
        if name == "shut_cond" and isinstance(value, str):
            from redengine.syntax import parse_condition

            value = parse_condition(value, session=self._session)
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            raise ValueError(_in_words(error)) from None
        if not name.startswith("_") and self._on_change is not None:
            self._on_change(name)


_WANTED = {"int": "a whole number", "float": "a number", "bool": "true or false", "callable": "a function"}


def _in_words(error: ValidationError) -> str:
    """What is wrong with options, without the names and addresses of the library that has found it."""
    return "; ".join(
        f"{problem['loc'][0] if problem['loc'] else 'config'}: {_reason(problem)}" for problem in error.errors()
    )


def _reason(problem: Any) -> str:
    kind, about = problem["type"], problem.get("ctx", {})
    if kind == "value_error":
        return str(about["error"])
    wanted = _WANTED.get(kind.partition("_")[0])
    if kind == "literal_error":
        wanted = f"one of {about['expected']}"
    elif kind == "greater_than_equal":
        wanted = f"at least {about['ge']}"
    return f"{wanted}, not {problem['input']!r}" if wanted else f"{problem['msg']}, not {problem['input']!r}"


def as_timeout(value: Any) -> timedelta:
    """A timeout from seconds, a length of time in words, or ``"never"``; ``ValueError`` when it is none of these."""
    from redengine.time import parse_delta

    if isinstance(value, timedelta):
        return value
    if value == "never":
        return timedelta.max
    if isinstance(value, (int, float)):
        return timedelta(seconds=value)
    if isinstance(value, str):
        return parse_delta(value)
    raise ValueError(f"A timeout is a length of time such as '10 min', seconds, or 'never', not {value!r}")
