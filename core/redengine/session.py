"""The registry of one project: tasks, parameters, returns, hooks, configuration, log."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone, tzinfo
from math import inf
from typing import Any

import tzlocal

from redengine.abc import Topic
from redengine.args.parameters import Parameters
from redengine.base import RedBase
from redengine.conditions.context import Context, Instant
from redengine.conditions.pace import Pace
from redengine.config import Config
from redengine.config import Config as Options
from redengine.execution import in_worker
from redengine.hooks import Hooks
from redengine.journal import Journal
from redengine.loading import refuse_to_run
from redengine.returns import Returns
from redengine.scheduling.process_control import refuse_within_a_loop
from redengine.scheduling.scheduler import Scheduler
from redengine.scheduling.tickets import Tickets
from redengine.tasks.base import Task
from redengine.tasks.registry import TaskSet

#: Shortest time between two looks at a condition that can tell nothing of the future (seconds).
SHORTEST_POLL = 0.01
#: Steps back of the clock that are waited out (seconds); a larger one is followed.
SMALL_STEP = 1.0


class Session(Journal, RedBase):
    """Everything of one project.

    Parameters
    ----------
    config
        Options: a dict or a :class:`~redengine.config.Config`. Single options may also be given as keywords.
    parameters
        The session's parameters.
    delete_existing_loggers
        Start with task loggers that have no handlers of an earlier session.
    """

    Config = Options
    __redengine_live__ = True

    def __init__(
        self,
        config: Options | dict[str, Any] | None = None,
        parameters: Any = None,
        delete_existing_loggers: bool = False,
        **options: Any,
    ) -> None:
        if isinstance(config, Config):
            self.config = config
        elif config is None or isinstance(config, dict):
            self.config = Config(**(config or {}), **options)
        else:
            raise TypeError(f"A session's config is a dict or a Config, not {type(config).__name__}")
        super().__init__()
        self.config._on_change = self._config_changed
        self.config._session = self
        self.tasks = TaskSet()
        self.hooks = Hooks()
        self.returns = Returns(self)
        self._listeners: tuple[Callable[[Topic], None], ...] = ()
        self.parameters = parameters
        #: Where the outputs of runs go; ``None``: they are not captured.
        self.outputs: Any = None
        #: How process workers find the project's functions; see :mod:`redengine.execution`.
        self.worker_setup: Any = None
        self._cond_parsers: dict[Any, Callable[..., Any]] = {}
        self._zone: tzinfo | None = None
        self._latest = 0.0
        #: The newest instant that conditions were examined at.
        self._instant = Instant(-inf, timezone.utc)
        self.scheduler = Scheduler(self)
        #: The runs that somebody asks after.
        self.tickets = Tickets(self.get_time)
        #: Asks the project's own conditions.
        self.pace = Pace(lambda text: self.scheduler.logger.warning(text, extra={"action": "condition"}))
        if delete_existing_loggers:
            self.delete_task_loggers()

    # Events

    def listen(self, listener: Callable[[Topic], None]) -> Callable[[], None]:
        """Call ``listener`` with the topic of everything that happens, on whatever thread it happens.

        Returns a function that ends it.
        """
        self._listeners = (*self._listeners, listener)

        def unlisten() -> None:
            self._listeners = tuple(other for other in self._listeners if other is not listener)

        return unlisten

    def emit(self, topic: Topic) -> None:
        """Announce that something happened."""
        for listener in self._listeners:
            listener(topic)

    def _config_changed(self, name: str) -> None:
        if name == "timezone":
            self._zone = None
        elif name == "max_memory_records":
            self._bound_log()
        self.emit(("config", name))

    # Time

    def get_time(self) -> float:
        """Now, in epoch seconds. While the machine's clock is put back by less than :data:`SMALL_STEP`, time stands
        still instead, so that what happens later is never logged as earlier (and ``after`` chains hold)."""
        func = self.config.time_func
        if func is not None:
            return func()
        now, latest = time.time(), self._latest
        if latest - SMALL_STEP < now < latest:
            return latest
        self._latest = now
        return now

    @property
    def zone(self) -> tzinfo:
        """The time zone of wall times."""
        if self.config.timezone is not None:
            return self.config.timezone
        if self._zone is None:
            self._zone = tzlocal.get_localzone()
        return self._zone

    def get_current_time(self) -> datetime:
        """Now, as :meth:`_format_timestamp` gives it."""
        return self._format_timestamp(self.get_time())

    _get_datetime_now = get_current_time

    def _format_timestamp(self, seconds: float) -> datetime:
        """Wall time: naive local time, or aware when the session has a time zone of its own."""
        return datetime.fromtimestamp(seconds, tz=self.config.timezone)

    def context(self, task: Any = None, now: float | None = None) -> Context:
        """What conditions are examined with, now or at another instant."""
        now = self.get_time() if now is None else now
        zone, instant = self.zone, self._instant
        if instant.now != now or instant.zone is not zone:
            instant = self._instant = Instant(now, zone)
        poll_at = now + max(self.config.cycle_sleep or 0.0, SHORTEST_POLL)
        return Context(
            now, self, self.book, zone, task, poll_at, self.scheduler.started_at, self._count_logged, instant
        )

    # Tasks

    @staticmethod
    def _name_of(task: Any) -> Any:
        if isinstance(task, Task):
            return task.name
        marks = getattr(task, "__redengine__", None)
        if isinstance(marks, dict) and "name" in marks:
            return marks["name"]
        if callable(task):
            raise KeyError(f"Function {getattr(task, '__name__', task)!r} is not a task")
        return task

    def __getitem__(self, task: Any) -> Any:
        """The task of a name, or of a function; ``KeyError`` when there is none."""
        name = self._name_of(task)
        try:
            return self.tasks.named(name)
        except (KeyError, TypeError):
            raise KeyError(f"Task {name!r} not found") from None

    def __contains__(self, task: object) -> bool:
        try:
            self[task]
        except KeyError:
            return False
        return True

    def create_task(self, *, command: Any = None, path: Any = None, code: str | None = None, **kwargs: Any) -> Any:
        """Declare a task in this session; a decorator unless it is given something to run."""
        from redengine.tasks import CodeTask, CommandTask, FuncTask

        given = [name for name, value in {"command": command, "path": path, "code": code}.items() if value is not None]
        if kwargs.get("func") is not None:
            given.append("func")
        if len(given) > 1 and set(given) != {"path", "func"}:
            raise ValueError(f"A task runs one thing: give {' or '.join(given)}, not all of them")
        kwargs["session"] = self
        if command is not None:
            return CommandTask(command=command, **kwargs)
        if code is not None:
            return CodeTask(code=code, **kwargs)
        if path is not None:
            return FuncTask(path=path, **kwargs)
        return FuncTask(_name_template="{func_name}", **kwargs)

    def add_task(self, task: Any) -> None:
        """Take a task in, as ``task_pre_exist`` says when its name is taken."""
        if self.tasks.has(task.name) and self.tasks.named(task.name) is not task:
            exists = self.config.task_pre_exist
            if exists == "ignore":
                return
            if exists == "raise":
                raise KeyError(f"Task '{task.name}' already exists")
            if exists == "rename":
                task.session = self
                task._name = task._free_name(task.name, exists)
        self.tasks.add(task)
        task.session = self
        self.emit(("added", task.name))

    def remove_task(self, task: Any) -> None:
        """Take a task out; ``KeyError`` when it is not in."""
        task = task if isinstance(task, Task) else self[task]
        if task not in self.tasks:
            raise KeyError(f"Task {task.name!r} not found")
        self.tasks.remove(task)
        self.returns.forget(task)
        self._forget_pasts(task.name)
        self.emit(("removed", task.name))

    def get_task(self, task: Any) -> Any:
        """As ``session[task]``."""
        return self[task]

    def get_tasks(self) -> TaskSet:
        """All tasks."""
        return self.tasks

    def task_exists(self, task: Any) -> bool:
        """As ``task in session``."""
        return task in self

    def clear(self) -> None:
        """Remove all tasks and parameters."""
        for task in self.tasks:
            self.remove_task(task)
        self.parameters = None

    # Parameters and conditions

    @property
    def parameters(self) -> Parameters:
        """The session's parameters."""
        return self._parameters

    @parameters.setter
    def parameters(self, value: Any) -> None:
        old = getattr(self, "_parameters", ())
        self._parameters = value if isinstance(value, Parameters) else Parameters(value)
        self._parameters._on_change = self._param_changed
        for key in {*old, *self._parameters}:
            self._param_changed(key)

    def _param_changed(self, key: Any) -> None:
        self.emit(("param", key))

    @property
    def env(self) -> Any:
        """The parameter ``env``."""
        return self.parameters.get("env")

    @env.setter
    def env(self, value: Any) -> None:
        self.parameters["env"] = value

    def get_cond_parsers(self) -> dict[Any, Callable[..., Any]]:
        """The conditions of one's own: syntax (text or regular expression) to what makes the condition."""
        return self._cond_parsers

    # Running

    def start(self) -> None:
        """Run the scheduler; returns when it was shut down.

        Does nothing in a worker process, which imports the project to find its functions.
        """
        refuse_to_run()
        if in_worker():
            return
        self._check_readable_logger()
        self.scheduler()

    async def serve(self) -> None:
        """Run the scheduler on the running event loop."""
        refuse_to_run()
        if in_worker():
            return
        self._check_readable_logger()
        await self.scheduler.serve()

    def run(self, *task_names: Any, execution: str | None = None, obey_cond: bool = False) -> None:
        """Run some tasks once each and shut down: for running a task by hand while no scheduler runs.

        Parameters
        ----------
        *task_names
            Which tasks.
        execution
            How to run them, instead of how they say.
        obey_cond
            Only those whose condition holds.
        """
        from redengine.conditions import FuncCond

        refuse_within_a_loop()
        chosen = [self[name] for name in task_names]
        before = [(task, task.disabled, task.execution) for task in self.tasks]
        shut_cond = self.config.shut_cond
        try:
            for task in chosen:
                if not obey_cond or task.is_runnable():
                    task.run()
                if execution is not None:
                    task.execution = execution
            for task in self.tasks:
                task.disabled = True
            # Some may have to wait for a process.
            self.config.shut_cond = FuncCond(lambda: not any(task.batches for task in chosen), session=self)
            self.start()
        finally:
            self.config.shut_cond = shut_cond
            for task, disabled, own in before:
                task.disabled = disabled
                task.execution = own

    def restart(self) -> None:
        """Have the scheduler restarted once the running tasks have finished."""
        self.scheduler.request_restart()

    def shut_down(self, force: bool | None = None) -> None:
        """Have the scheduler shut down; asked for twice, or with ``force``, running tasks are terminated."""
        self.scheduler.request_shut_down(force)

    def shutdown(self) -> None:
        """As :meth:`shut_down`."""
        self.shut_down()

    @property
    def on_hold(self) -> bool:
        """Whether no task is started by its condition for now."""
        return bool(self.scheduler.on_hold)

    @on_hold.setter
    def on_hold(self, value: bool) -> None:
        self.scheduler.on_hold = value

    def set_as_default(self) -> None:
        """Make this the session of what is declared without one."""
        import redengine

        RedBase.session = self
        redengine.session = self

    # Hooks

    def _hook(self, kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def wrapper(func: Callable[..., Any]) -> Callable[..., Any]:
            getattr(self.hooks, kind).append(func)
            return func

        return wrapper

    def hook_startup(self) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorator: call when the scheduler starts."""
        return self._hook("scheduler_startup")

    def hook_shutdown(self) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorator: call when the scheduler shuts down."""
        return self._hook("scheduler_shutdown")

    def hook_scheduler_cycle(self) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorator: call at each pass of the scheduler."""
        return self._hook("scheduler_cycle")

    def hook_task_init(self) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorator: call when a task is declared."""
        return self._hook("task_init")

    def hook_task_execute(self) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorator: call when a task runs, where it runs."""
        return self._hook("task_execute")
