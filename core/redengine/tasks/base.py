"""The task: what to run, when, and what is known of its runs."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from copy import copy
from datetime import datetime
from typing import Any, ClassVar, get_type_hints

from redengine.args.parameters import Parameters, keyword_names
from redengine.base import RedBase
from redengine.hooks import HookRun
from redengine.loading import declared_at, ignored
from redengine.log.adapter import TaskAdapter, find_logger
from redengine.log.history import TaskHistory
from redengine.tasks.adjustable import Adjustable
from redengine.tasks.export import Exported, Options
from redengine.tasks.recording import MESSAGE, Recording

#: What cannot be changed, so that all tasks may share it as a default.
_PLAIN = frozenset({type(None), bool, int, float, str, tuple})
#: What may be given to any task beside its name.
_OPTIONS = frozenset({
    "session", "name", "description", "logger_name", "logger", "execution", "priority", "disabled", "force_run",
    "timeout", "parameters", "start_cond", "end_cond", "multilaunch", "on_startup", "on_shutdown", "permanent",
    "permanent_task", "daemon", "func_run_id", "on_exists",
})  # fmt: skip


class Task(Adjustable, Recording, Exported, RedBase):
    """Base class of tasks: override :meth:`execute`.

    A subclass may declare options of its own as annotated class attributes; they are set from keywords.

    Parameters
    ----------
    name
        Unique in the session; :meth:`get_default_name` by default.
    start_cond, end_cond
        Condition, or condition string, for when to start and when to terminate.
    execution
        ``auto``, ``main``, ``async``, ``thread``, ``process`` or ``dask``; by default as the session's configuration
        says.
    parameters
        The task's own parameters.
    priority
        Higher is started first.
    timeout
        Longest time of a run: seconds, a length of time in words, or ``"never"``.
    disabled
        Not started by its condition.
    force_run
        Run once, whatever the condition says.
    on_startup, on_shutdown
        Run when the scheduler starts or shuts down, not in between.
    permanent
        Not meant to finish: has no timeout, and is terminated at shut-down.
    multilaunch
        May start while it runs.
    """

    __redengine_live__ = True
    #: Options that a subclass declares, with their defaults.
    _own_options: ClassVar[Options] = {}

    fmt_log_message: str = MESSAGE
    #: Only the option of that name has an effect, as in Red Engine and Rocketry.
    use_instance_naming: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = {
            name: getattr(cls, name, None)
            for name in inspect.get_annotations(cls)
            if not name.startswith("_") and not isinstance(inspect.getattr_static(cls, name, None), property)
        }
        cls._own_options = {**cls._own_options, **own}

    def __init__(
        self,
        *,
        session: Any = None,
        name: Any = None,
        description: str | None = None,
        logger_name: Any = None,
        execution: str | None = None,
        priority: int | None = None,
        disabled: bool = False,
        force_run: bool = False,
        timeout: Any = None,
        parameters: Any = None,
        start_cond: Any = None,
        end_cond: Any = None,
        multilaunch: bool | None = None,
        on_startup: bool = False,
        on_shutdown: bool = False,
        permanent: bool = False,
        daemon: bool | None = None,
        func_run_id: Callable[..., str] | None = None,
        **options: Any,
    ) -> None:
        if session is not None:
            self.session = session
        hooks = HookRun(self.session.hooks.task_init)
        hooks.before(self, task=self, session=self.session)

        permanent = options.pop("permanent_task", permanent)
        logger_name = options.pop("logger", logger_name)
        exists = options.pop("on_exists", None) or self.session.config.task_pre_exist
        self._set_options(options)
        #: File and line of the declaration.
        self.declared_at = declared_at()
        if name is None:
            if self.session.config.use_instance_naming:
                name = id(self)
            else:
                name = self.get_default_name(**options)
        # The log knows names as text.
        self._name = self._free_name(str(name), exists)
        self._tell_unknown(options)
        self.description = description
        self.logger_name = self._as_logger_name(logger_name)
        self.priority = self.session.config.task_priority if priority is None else priority
        self.multilaunch = multilaunch
        self.on_startup = on_startup
        self.on_shutdown = on_shutdown
        self.permanent = permanent
        self.daemon = daemon
        self.func_run_id = func_run_id
        self._parameters = Parameters(parameters)
        self.execution = execution
        self._disabled = bool(disabled)
        self.timeout = timeout
        #: Parameters of runs that were asked for; each makes one run, whatever the condition says.
        self.batches: list[Parameters] = []
        self._force_termination = False
        self._lock: Any = None
        self._start_cond = self._as_condition(start_cond)
        self._end_cond = self._as_condition(end_cond)
        if force_run:
            self.batches.append(Parameters())
        if exists != "ignore" or not self.session.tasks.has(self._name):
            self.session.add_task(self)
        hooks.after()

    # Making

    def _set_options(self, options: dict[str, Any]) -> None:
        for name, default in self._own_options.items():
            if name in options:
                setattr(self, name, options[name])
            else:
                setattr(self, name, default if type(default) in _PLAIN else copy(default))

    def _tell_unknown(self, options: dict[str, Any]) -> None:
        unknown = [name for name in options if name not in self._own_options and not name.startswith("_")]
        for name in unknown:
            near = difflib.get_close_matches(name, _OPTIONS | self._own_options.keys(), n=1)
            ignored(f"there is no option {name!r}: it is ignored", next(iter(near), ""), self._name)

    def _free_name(self, name: Any, exists: str) -> Any:
        tasks = self.session.tasks
        if not tasks.has(name):
            return name
        if exists == "raise":
            raise ValueError(f"Task name '{name}' already exists. Please pick another")
        if exists == "rename":
            return next(new for n in range(1, len(tasks) + 2) if not tasks.has(new := f"{name} - {n}"))
        return name

    def _as_logger_name(self, logger: Any) -> str:
        basename: str = self.session.config.task_logger_basename
        if logger is None:
            return basename
        name = logger if isinstance(logger, str) else logger.name
        if not isinstance(logger, str) and not name.startswith(basename):
            raise ValueError(f"Logger name must start with '{basename}' as session finds loggers with names")
        return str(name)

    def get_default_name(self, **kwargs: Any) -> Any:
        """Override: the name of a task that was given none."""
        raise ValueError(f"A {type(self).__name__} must be given a name")

    def run(self, _params: Any = None, **kwargs: Any) -> None:
        """Have the task run once, as soon as possible, with these parameters beside its own."""
        params = Parameters(_params)
        params.update(kwargs)
        self.batches.append(params)
        self._changed()

    def terminate(self) -> None:
        """Have the live runs stopped."""
        self.force_termination = True

    def delete(self) -> None:
        """Remove the task from its session."""
        self.session.remove_task(self)

    # Running

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Override: what the task does. Gets the values of the parameters it takes."""
        raise TypeError(f"{type(self).__name__} does not say what it does: override execute")

    def process_success(self, output: Any) -> None:
        """Override: called after a success with the return value, where the task runs. Failing here is failing."""

    def process_failure(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        """Override: called after a failure, where the task runs."""

    def process_finish(self, status: str) -> None:
        """Override: called after any end (``succeeded failed termination inaction``), where the task runs."""

    def prefilter_params(self, params: Parameters) -> Any:
        """Which of the session's parameters the run gets; called beside the scheduler."""
        names = keyword_names(self.execute)
        return params if names is None else {key: value for key, value in params.items() if key in names}

    def takes(self) -> frozenset[str] | None:
        """Names of the parameters that a run can be given; ``None``: any."""
        return keyword_names(self.execute)

    @property
    def takes_nothing(self) -> bool:
        """Whether :meth:`prefilter_params` and :meth:`get_task_params` give nothing whatever there is, so that nothing
        has to be looked for."""
        return False

    def postfilter_params(self, params: Parameters) -> Any:
        """Which parameters the work gets; called where the task runs."""
        return params

    def get_task_params(self) -> Parameters:
        """The task's own parameters."""
        return self.parameters.copy()

    @property
    def is_async(self) -> bool:
        """Whether the work is a coroutine."""
        return inspect.iscoroutinefunction(self.execute)

    def is_delayed(self) -> bool:
        """Whether what the task does is imported when it runs."""
        return False

    def get_execution(self) -> str:
        """How the task runs, ``auto`` resolved."""
        execution: str = self.execution or self.session.config.execution
        return self._auto_execution() if execution == "auto" else execution

    def _auto_execution(self) -> str:
        if self.is_async:
            return "async"
        return "thread" if self.live_parameters() or self.live_names() else "process"

    def live_names(self) -> tuple[str, ...]:
        """Names by which the work reaches a live part of the scheduler: what it does to it in a process is lost."""
        return ()

    def live_parameters(self) -> list[str]:
        """Names of parameters that are a live part of the scheduler and cannot travel to a process."""
        own = self.get_task_params().to_dict()
        taken = Parameters(self.prefilter_params(self.session.parameters)).to_dict()
        names = [name for name, value in {**taken, **own}.items() if getattr(value, "live", False)]
        special = keyword_names(self.execute) or frozenset()
        return names + sorted(special & {"_session_", "_task_", "_thread_terminate_"})

    def get_run_id(self, run: Any = None, params: Any = None) -> str:
        """A name for a run."""
        make = self.func_run_id or self.session.config.func_run_id
        return make(self, params)

    def __call__(self, params: Any = None, **kwargs: Any) -> None:
        """Run the task now, outside the schedule, and wait for it unless it has a process or thread of its own."""
        self.session.scheduler.run_now(self, params)

    def __bool__(self) -> bool:
        return self.is_runnable()

    def is_runnable(self) -> bool:
        """Whether a run was asked for, or the condition holds and the task is not disabled."""
        if self.batches:
            return True
        return not self.disabled and bool(self.start_cond.observe(task=self, session=self.session))

    @property
    def lock(self) -> Any:
        """A lock for whoever changes the task from another thread."""
        if self._lock is None:
            self._lock = self.session.config.cls_lock()
        return self._lock

    # What is known

    @property
    def history(self) -> TaskHistory:
        """What is known of the task's past."""
        history: TaskHistory = self.session.book[self._name]
        return history

    @property
    def live_runs(self) -> dict[str, float]:
        """Start (epoch seconds) of each live run, by run id."""
        return self.history.live

    @property
    def n_alive(self) -> int:
        """How many runs are alive."""
        return len(self.live_runs)

    def is_alive(self) -> bool:
        """Whether any run is alive."""
        return bool(self.live_runs)

    def is_alive_as_main(self) -> bool:
        """Whether a run is alive in the scheduler's own thread."""
        return self._is_alive_as("main")

    def is_alive_as_async(self) -> bool:
        """Whether a run is alive on the scheduler's event loop."""
        return self._is_alive_as("async")

    def is_alive_as_thread(self) -> bool:
        """Whether a run is alive in a thread."""
        return self._is_alive_as("thread")

    def is_alive_as_process(self) -> bool:
        """Whether a run is alive in a process."""
        return self._is_alive_as("process")

    def _is_alive_as(self, execution: str) -> bool:
        live = list(self.session.scheduler.runs.values())
        return any(run.task is self and run.execution == execution for run in live)

    @property
    def is_running(self) -> bool:
        """Whether the newest thing known of the task is that it started."""
        return self.get_status() == "run"

    @property
    def period(self) -> Any:
        """The time period in which the task may be started by its condition, as far as that can be told; else all
        time."""
        from redengine.conditions.period import period_of

        return period_of(self.start_cond)

    @property
    def logger(self) -> TaskAdapter:
        """The task's logger; reads the log back with ``filter_by(...)``."""
        self.session.book  # noqa: B018 - read before anything is added, so that nothing is counted twice
        return TaskAdapter(find_logger(self.logger_name), task=self, on_record=self.session.note)

    def _moment(self, action: str) -> datetime | None:
        created = self._get_last_action(action)
        return None if created is None else self.session._format_timestamp(created)

    # As a value

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self._name!r})"

    def __getstate__(self) -> dict[str, Any]:
        """What travels to a process: what the work needs, nothing of the scheduler."""
        gone = ("session", "_start_cond", "_end_cond", "_lock", "batches", "_parameters", "func_run_id")
        state = {key: value for key, value in self.__dict__.items() if key not in gone}
        return {
            **state,
            "_start_cond": None,
            "_end_cond": None,
            "_lock": None,
            "batches": [],
            "_parameters": Parameters(),
            "func_run_id": None,
        }

    @classmethod
    def hints(cls) -> dict[str, Any]:
        """Types of the options that the class declares."""
        return get_type_hints(cls)
