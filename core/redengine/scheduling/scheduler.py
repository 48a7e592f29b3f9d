"""The asyncio driver: carries out what the engine decides, on one event loop, and tells it what happened."""

from __future__ import annotations

import asyncio
import logging
import math
import signal
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from redengine.abc import Topic
from redengine.args.parameters import Parameters
from redengine.base import RedBase
from redengine.conditions.context import Context
from redengine.exc import SchedulerExit, SchedulerRestart
from redengine.hooks import HookRun
from redengine.loading import refuse_to_run
from redengine.scheduling.alarm import Alarm
from redengine.scheduling.breath import BREATH, Breath
from redengine.scheduling.earlier_life import settle_past
from redengine.scheduling.engine import FAILURES, Engine, Start, Stop, execution_of
from redengine.scheduling.outputs import find_output
from redengine.scheduling.process_control import refuse_within_a_loop, start_anew, stopping_signals, undisturbed
from redengine.scheduling.runs import LiveRun, Runs, run_by_hand

#: Longest sleep, so that a stepped clock or a suspended machine is noticed (seconds).
LONGEST_SLEEP = 60.0
#: Seconds after which it is tried again to write what could not be written to the log.
LATE = 1.0
#: How long the shut-down waits for runs that were asked to stop and do not (seconds).
GRACE = 10.0
#: What the scheduler says itself, for others to hear.
_OWN_TOPICS = frozenset({"reading", "run", "up", "stopped", "command"})


class Scheduler(RedBase):
    """Runs the tasks of a session. One session has one scheduler."""

    __redengine_live__ = True

    def __init__(self, session: Any) -> None:
        self.session = session
        self.logger = logging.getLogger(session.config.scheduler_logger_basename)
        #: Passes over what was due, since the start.
        self.n_cycles = 0
        #: When the scheduler was started, in epoch seconds.
        self.started_at: float | None = None
        #: Whether it is running; ``None`` before the first start.
        self.is_alive: bool | None = None
        #: Whether it is on its way to shut down.
        self.stopping = False
        self._runs = Runs(session, self.logger)
        self._on_hold = False
        self._engine: Engine | None = None
        #: What it sleeps by while it runs.
        self._alarm: Alarm | None = None
        self._events: deque[Topic] = deque()
        self._shut_down_asked = False
        self._force_asked = False
        self._restart_asked = False
        self._draining = False
        self._last_cycle = -math.inf
        #: Starts this program again, given how (see ``restarting``); whoever has more than the scheduler in this
        #: process sets another.
        self.start_anew: Callable[[str], None] = start_anew

    # What others see and ask for; from any thread

    @property
    def tasks(self) -> list[Any]:
        """The tasks, highest priority first."""
        return sorted(self.session.tasks, key=lambda task: task.priority, reverse=True)

    @property
    def startup_time(self) -> datetime | None:
        """When the scheduler was started."""
        when: datetime | None = None if self.started_at is None else self.session._format_timestamp(self.started_at)
        return when

    @startup_time.setter
    def startup_time(self, value: datetime | None) -> None:
        self.started_at = None if value is None else value.timestamp()

    @property
    def runs(self) -> dict[str, LiveRun]:
        """The live runs, by run id."""
        return self._runs.live

    @property
    def n_alive(self) -> int:
        """How many runs are alive."""
        return len(self.runs)

    @property
    def engine(self) -> Engine | None:
        """The mind of the running scheduler."""
        return self._engine

    def has_free_processors(self) -> bool:
        """Whether a run in a process of its own may be started."""
        return self.count_process_tasks_alive() < int(self.session.config.max_process_count)

    def count_process_tasks_alive(self) -> int:
        """How many runs are in processes of their own."""
        return self._runs.in_processes

    def output_path(self, run_id: str, start: float | None = None) -> Path | None:
        """The file with the output of the run of this id that began at ``start`` (epoch seconds), by default of the
        newest; ``None`` when there is none."""
        return find_output(self.session, run_id, start)

    def handle_logs(self) -> None:
        """Nothing is left to do: what a run reports is logged as it arrives."""

    @property
    def on_hold(self) -> bool:
        """Whether no task is started by its condition; running ones go on."""
        return self._on_hold

    @on_hold.setter
    def on_hold(self, value: bool) -> None:
        self._on_hold = bool(value)
        self.session.emit(("hold",))

    def request_shut_down(self, force: bool | None = None) -> None:
        """Shut down after the running tasks; with ``force``, or when asked again, terminate them."""
        if force or (force is None and self._shut_down_asked):
            self._force_asked = True
        self._shut_down_asked = True
        self.session.emit(("flag",))

    set_shut_down = request_shut_down

    @property
    def draining(self) -> bool:
        """Whether it starts nothing more, and shuts down once no run is alive but those of permanent tasks."""
        return self._draining

    @draining.setter
    def draining(self, value: bool) -> None:
        self._draining = bool(value)
        self.session.emit(("hold",))

    @property
    def stops_for_good(self) -> bool:
        """Whether it shuts down, and that cannot be taken back."""
        return self.stopping or self._shut_down_asked

    def request_restart(self) -> None:
        """Restart after the running tasks."""
        self._restart_asked = True
        self.session.emit(("flag",))

    # Life

    def __call__(self) -> None:
        """Run until shut down, on an event loop of its own. Raises ``RuntimeError`` where another is running."""
        refuse_within_a_loop()
        # Outside the loop, which else would take the interrupt for itself.
        with stopping_signals(self._signalled):
            asyncio.run(self.serve())

    async def serve(self) -> None:
        """Run until shut down. Raises what a task or a hook raised beyond itself, or nothing."""
        refuse_to_run()
        if self.is_alive:
            raise RuntimeError("The scheduler of this session is running already")
        try:
            while await self._serve_once():
                self.logger.info("Restarting...", extra={"action": "restart"})
        finally:
            self.session.tickets.close()

    async def _serve_once(self) -> bool:
        """One life. Returns whether another one follows within this process."""
        self._begin()
        unlisten = self.session.listen(self._heard)
        exception: BaseException | None = None
        try:
            with stopping_signals(self._signalled), undisturbed(), self.session.looked_after():
                try:
                    if not await self._read_past():
                        self._say("Shut down before the log was read: no task was started.")
                        await self._runs.close()
                        return False
                    await self._startup()
                    await self._cycles()
                    self._say("Purpose completed. Shutting down...")
                except SchedulerExit as exc:
                    self._say("Shutdown called. Shutting down...")
                    exception = exc
                except SchedulerRestart as exc:
                    self._say("Restart called. Shutting down...")
                    exception = exc
                except (KeyboardInterrupt, asyncio.CancelledError) as exc:
                    self._say("Interrupted. Shutting down...")
                    exception = exc
                except BaseException as exc:
                    self.logger.critical(
                        "Fatal error encountered. Shutting down...", exc_info=True, extra={"action": "crash"}
                    )
                    exception = exc
                await self._shut_down(exception)
                exception = exception or self._runs.raised
        finally:
            unlisten()
            self.is_alive = False
            self._engine, self._alarm = None, None
            self.session.emit(("stopped",))
        if isinstance(exception, SchedulerRestart):
            # Who asked it to stop does not want it back.
            return not self._draining and self._restart()
        if exception is not None and not isinstance(exception, SchedulerExit):
            raise exception
        return False

    def _begin(self) -> None:
        self._alarm = Alarm(self.session.get_time)
        self._events.clear()
        self._shut_down_asked = self._force_asked = self._restart_asked = self._draining = False
        self.stopping = False
        self.n_cycles = 0
        self._last_cycle = -math.inf
        self._runs = Runs(self.session, self.logger, self._count_processes)
        self.is_alive = True

    def _say(self, message: str) -> None:
        self.logger.info(message, extra={"action": "shutdown"})

    def _signalled(self, number: int) -> None:
        """Shut down, terminating what runs; a second interrupt breaks through a task that keeps the loop busy."""
        if self._force_asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._force_asked = self._shut_down_asked = True
        self._rouse()

    def _heard(self, topic: Topic) -> None:
        """Take in what happened; called on whatever thread it happened."""
        if topic[0] in _OWN_TOPICS:
            return
        self._events.append(topic)
        # What people ask for may come out of a signal handler, amid the sleep of the loop's own thread.
        alarm = self._alarm
        if alarm is not None and alarm.is_on_this_thread and topic[0] not in ("flag", "hold", "changed"):
            alarm.ring()
        else:
            self._rouse()

    def _rouse(self) -> None:
        """Wake the scheduler up, from any thread or signal handler."""
        if self._alarm is not None:
            self._alarm.call(self._attend)

    def _attend(self) -> None:
        """Wake up; or, while all waits for a coroutine of ``main`` execution, see whether that is to stop."""
        if self._alarm is not None:
            self._alarm.ring()
        run = self._runs.in_front
        if run is not None and run.reason is None:
            if run.task.force_termination:
                self._runs.stop(Stop(run.task, run.run_id, "forced termination"))
            elif self._force_asked and not run.task.on_shutdown:
                self._runs.stop(Stop(run.task, run.run_id, "shutdown of the scheduler"))

    def _take_in(self) -> None:
        assert self._engine is not None
        while self._events:
            topic = self._events.popleft()
            if topic[0] == "hold":
                self._engine.on_hold, self._engine.draining = self._on_hold, self._draining
                self._engine.touch_all()
            elif topic[0] != "flag":
                self._engine.touch(topic)

    def _context(self, task: Any, now: float) -> Context:
        context: Context = self.session.context(task, now)
        return context

    async def _read_past(self) -> bool:
        """Read the log, which takes a while if it is long. Whether that came to its end before the scheduler was asked
        to shut down."""
        while not self.session.read_on(BREATH):
            self.session.emit(("reading",))
            await asyncio.sleep(0)
            if self._shut_down_asked or self._draining:
                return False
        return True

    async def _startup(self) -> None:
        session = self.session
        self.logger.info("Starting up...", extra={"action": "setup"})
        now = session.get_time()
        settle_past(session, now, self._runs.logging_failed)
        self.started_at = now
        hooks = HookRun(session.hooks.scheduler_startup)
        hooks.before(self, scheduler=self, session=session)
        self._engine = self._new_engine()
        self._engine.on_hold, self._engine.draining = self._on_hold, self._draining
        session.emit(("started",))
        await self._run_marked("on_startup")
        hooks.after()
        self.logger.info("Startup complete.", extra={"action": "setup"})
        session.emit(("up",))

    async def _run_marked(self, mark: str) -> None:
        """Start the tasks that run at start-up or shut-down: those without a condition, or whose condition holds."""
        from redengine.conditions import AlwaysFalse

        for task in self.tasks:
            if not getattr(task, mark) or (self._draining and not self.stopping):
                continue
            if isinstance(task.start_cond, AlwaysFalse) and not task.disabled and not task.batches:
                task.batches.append(Parameters())
            try:
                runnable = task.is_runnable()
            except FAILURES as problem:
                self._condition_problem(task, problem)
                continue
            if runnable:
                await self._runs.launch(Start(task, forced=bool(task.batches)))

    async def _cycles(self) -> None:
        assert self._engine is not None
        while not self._engine.is_over(self.session.get_time()):
            await self._sleep()
            if self.session.unwritten:
                self.session.write_late()
            self._runs.raise_noted()
            if self._shut_down_asked or self._is_drained:
                break
            if self._restart_asked and not self._draining:
                raise SchedulerRestart
            await self.run_cycle()
            self._runs.raise_noted()

    @property
    def _is_drained(self) -> bool:
        return self._draining and all(run.task.permanent for run in self.runs.values())

    async def _sleep(self) -> None:
        """Sleep until something happens or is due."""
        assert self._engine is not None
        assert self._alarm is not None
        await asyncio.sleep(0)
        self._alarm.reset()
        self._take_in()
        if self._engine.has_work or self._shut_down_asked or self._restart_asked or self._is_drained:
            return
        longest = LATE if self.session.unwritten else LONGEST_SLEEP
        delay = min(self._engine.wake_at() - self.session.get_time(), longest)
        if delay > 0:
            await self._alarm.sleep(delay)
        self._take_in()
        self._compare_clocks()

    def _compare_clocks(self) -> None:
        assert self._engine is not None
        assert self._alarm is not None
        step = self._alarm.stepped()
        if step:
            # A clock of the project's own may go as it likes: then its time is what passes.
            own = self.session.config.time_func is not None
            self._engine.clock_stepped(self.session.get_time(), 0.0 if own else step)

    async def run_cycle(self) -> None:
        """One pass over what is due."""
        assert self._engine is not None
        session, engine, runs = self.session, self._engine, self._runs
        if session.config.force_status_from_logs:
            session.refresh_past_or_tell()
        engine.begin(session.get_time())
        action = engine.next(session.get_time())
        breath = Breath()
        if action is None and breath.since < self._last_cycle + (session.config.cycle_sleep or 0.0):
            # Something happened but nothing is due: looking at it makes no cycle.
            return
        self._last_cycle = breath.since
        hooks = HookRun(session.hooks.scheduler_cycle)
        hooks.before(self, scheduler=self, session=session)
        begun = False
        while action is not None:
            if isinstance(action, Stop):
                runs.stop(action)
            elif action.task in session.tasks and engine.has_room(action.task) and not self._draining:
                execution = execution_of(action.task)
                if begun and execution == "main":
                    # Coroutines of higher priority do their first step before one that may hold the loop up.
                    await asyncio.sleep(0)
                    begun = False
                await runs.launch(action)
                begun = begun or execution == "async"
            self._take_in()
            engine.settle(action.task, session.get_time())
            pause = breath.pause(isinstance(action, Start) and action.first)
            if pause is not None:
                # Runs on the event loop get on meanwhile.
                await asyncio.sleep(pause)
                breath.since = time.monotonic()
            action = engine.next(session.get_time())
        hooks.after()
        self.n_cycles += 1

    def _new_engine(self) -> Engine:
        def queued(task: Any) -> None:
            self.session.emit(("run", task.name))

        return Engine(self.session, self._context, self._condition_problem, queued)

    def _condition_problem(self, task: Any, problem: BaseException | None) -> None:
        """A condition of a task (``None``: the one to shut down) raised, or no longer does."""
        config = self.session.config
        whose = "to shut down" if task is None else f"of task '{task.name}'"
        if problem is None:
            self.logger.info(f"The condition {whose} works again", extra={"action": "condition"})
            return
        whose = "to shut down" if task is None else f"for task '{task.name}'"
        self.logger.error(f"Condition crashed {whose}", exc_info=problem, extra={"action": "condition"})
        if config.debug and not config.silence_cond_check:
            raise problem

    def _count_processes(self) -> None:
        if self._engine is not None:
            self._engine.processes = self._runs.in_processes

    # The end

    async def _shut_down(self, exception: BaseException | None) -> None:
        """Run the tasks of the shut-down, wait for what runs or terminate it, release everything."""
        self.stopping = True
        session = self.session
        session.emit(("stopping", "restart") if isinstance(exception, SchedulerRestart) else ("stopping",))
        if self._engine is None:
            # It failed before it was up.
            self._engine = self._new_engine()
        hooks = HookRun(session.hooks.scheduler_shutdown)
        try:
            hooks.before(self, scheduler=self, session=session)
            await self._run_marked("on_shutdown")
        finally:
            self._engine.closing = True
            graceful = exception is None or isinstance(exception, SchedulerRestart)
            if session.config.instant_shutdown or not graceful:
                self._force_asked = True
            try:
                await self._wait_for_runs()
            finally:
                await self._runs.close()
            hooks.after()
            self.logger.info("Shutdown completed. Good bye.", extra={"action": "shutdown"})

    async def _wait_for_runs(self) -> None:
        """Until all runs have ended: by themselves, or asked to when forced. Tasks of the shut-down are not asked:
        they tidy up, and have as long as is waited for the others."""
        assert self._alarm is not None
        give_up: float | None = None
        while self.runs:
            self._alarm.reset()
            for run_id, run in list(self.runs.items()):
                if self._force_asked and run.reason is None and not run.task.on_shutdown:
                    self._runs.stop(Stop(run.task, run_id, "shutdown of the scheduler"))
                elif run.task.permanent and run.reason is None:
                    self._runs.stop(Stop(run.task, run_id, "permanent task: ended with the scheduler"))
            if self._force_asked:
                give_up = give_up or time.monotonic() + GRACE
                if time.monotonic() >= give_up:
                    break
            await self._pass_without_starts(until=give_up)
        self._runs.abandon("did not stop in time, left behind by the shutdown")

    async def _pass_without_starts(self, until: float | None) -> None:
        """Stop what has to be stopped, then wait for the next thing to happen."""
        assert self._engine is not None
        assert self._alarm is not None
        self._take_in()
        self._engine.begin(self.session.get_time())
        while (action := self._engine.next(self.session.get_time())) is not None:
            if isinstance(action, Stop):
                self._runs.stop(action)
        delay = max(min(self._engine.wake_at() - self.session.get_time(), LONGEST_SLEEP), 0.001)
        if until is not None:
            delay = min(delay, max(until - time.monotonic(), 0.001))
        await self._alarm.sleep(delay)

    def _restart(self) -> bool:
        """Restart as the configuration says; returns whether within this process."""
        how = self.session.config.restarting
        if how != "recall":
            self.logger.debug("Restarting...", extra={"action": "restart"})
            self.start_anew(how)
        return bool(how == "recall")

    # By hand

    def run_now(self, task: Any, params: Any = None) -> None:
        """Run one task at once and wait for its end, beside the schedule.

        Raises ``RuntimeError`` on the thread of the running scheduler or of another event loop: it would be held up.
        """
        if self._alarm is not None and self._alarm.is_on_this_thread:
            raise RuntimeError(f"The scheduler is running: use task.run() to have {task.name!r} run by it")
        refuse_within_a_loop()
        self.session._check_readable_logger()
        asyncio.run(run_by_hand(self.session, self.logger, task, params))
