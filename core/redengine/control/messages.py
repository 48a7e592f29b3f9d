"""What crosses between the scheduler and whoever watches or steers it.

Immutable msgspec structs, so that a local screen and a remote one are fed the same. Times are epoch seconds,
durations are seconds. All text in them is *raw*: it can hold anything a task, a project file or a log holds, and is
made safe for a terminal by whoever shows it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from redengine.abc import Action

#: What a record of the log can be of: of a run, or of a command.
LogAction = Literal["run", "success", "fail", "inaction", "terminate", "crash", "command"]
#: ``draining``: it was asked to stop, waits for the live runs and starts nothing; that can still be taken back.
SchedulerState = Literal["starting", "running", "held", "draining", "stopping", "stopped", "failed"]

#: What somebody may do: steer, or look and change nothing.
Role = Literal["operate", "read"]

#: ``running``: at least one run is alive. ``blocked``: its condition cannot be evaluated, or its newest run not be
#: logged (see ``problem``).
#: ``queued``: due, but waiting for a free process or for the scheduler to be resumed.
#: ``idle``: nothing ever ran. Others: how the newest run ended.
TaskState = Literal[
    "running", "blocked", "disabled", "queued", "idle", "unread", "success", "fail", "inaction", "terminate", "crash"
]


class Caller(msgspec.Struct, frozen=True):
    """Who asks for something, as the records of commands keep it."""

    user: str = "operator"
    uid: int | None = None
    role: Role = "operate"
    #: ``SSH_CONNECTION`` of who comes over SSH: client address and port, server address and port. Empty: from here.
    ssh: str = ""

    def __str__(self) -> str:
        """``ada``, or ``ada from 10.0.0.7``."""
        return f"{self.user} from {self.ssh.split()[0]}" if self.ssh.strip() else self.user


class Link(msgspec.Struct, frozen=True):
    """How a far scheduler is connected, at the moment of asking. Durations are seconds."""

    #: In words: ``ssh build7``, or ``attached`` for a scheduler on this machine.
    where: str
    #: ``lost``: connecting again. ``ended``: the scheduler said that it stopped; it is still asked for now and then.
    state: Literal["connected", "lost", "ended"]
    #: How long nothing was heard from the other end.
    silent_for: float = 0.0
    #: There and back, of the newest ping; ``None``: not known yet.
    round_trip: float | None = None
    #: Until it is tried again to connect, while ``lost`` or ``ended``; ``None``: it is being tried now.
    retry_in: float | None = None
    #: Why it is lost, in words.
    problem: str = ""
    role: Role = "operate"
    #: Whether it takes so long that the screen is to spare it.
    slow: bool = False


class NextStart(msgspec.Struct, frozen=True):
    """When a task will start next, as far as that can be known."""

    #: ``at``: at a known time. ``now``: due already. ``after``: when other tasks end (``text`` names them).
    #: ``when``: when something happens that has no time (``text`` says what). ``never``: not by itself.
    #: Of ``now``, ``text`` says that it was asked for, where it has to wait.
    kind: Literal["at", "now", "after", "when", "never"]
    at: float | None = None
    text: str = ""


class RunView(msgspec.Struct, frozen=True):
    """One run that is alive."""

    run_id: str
    started: float
    #: Set once somebody asked it to stop.
    terminating: bool = False


class TaskView(msgspec.Struct, frozen=True):
    """One task as a row of a list shows it."""

    name: str
    state: TaskState
    start_cond: str
    end_cond: str
    execution: str
    priority: int
    next: NextStart
    disabled: bool = False
    on_startup: bool = False
    on_shutdown: bool = False
    permanent: bool = False
    description: str = ""
    #: Longest time a run may take; ``None``: no limit.
    timeout: float | None = None
    runs: tuple[RunView, ...] = ()
    #: Runs that somebody asked for and that have not started yet.
    asked: int = 0
    last_run: float | None = None
    #: How the newest ended run ended, and when.
    last_result: Action | None = None
    last_finish: float | None = None
    #: How long the newest ended run took.
    duration: float | None = None
    #: Why the condition cannot be evaluated or the newest run is not in the log, when ``state`` is ``blocked``.
    problem: str = ""
    #: Position in the project file's order of declaration.
    order: int = 0


class SchedulerView(msgspec.Struct, frozen=True):
    """The scheduler as the header shows it."""

    project: str
    path: str
    host: str
    pid: int
    state: SchedulerState
    started: float | None = None
    tasks: int = 0
    running: int = 0
    #: The earliest known start of any task, and of which.
    next_at: float | None = None
    next_task: str = ""
    cycles: int = 0
    #: Where the log is kept, in words.
    log: str = ""
    #: Why the scheduler failed, when ``state`` is ``failed``.
    problem: str = ""
    #: Why the log cannot be written, so that nothing is started; until a record can be written again.
    log_problem: str = ""
    timezone: str = ""
    #: How much of the log is read, in words, while that goes on: ``state`` is ``starting`` then.
    reading: str = ""
    #: How many tasks are in a state that wants attention: ``fail``, ``crash`` or ``blocked``.
    failing: int = 0
    #: How many screens watch, this one included.
    viewers: int = 0


class Snapshot(msgspec.Struct, frozen=True):
    """Everything at one moment. ``seq`` numbers the state; deltas continue from it."""

    seq: int
    scheduler: SchedulerView
    tasks: tuple[TaskView, ...]


class Delta(msgspec.Struct, frozen=True):
    """What changed since an earlier ``seq``: apply ``tasks`` by name, then drop ``removed``."""

    seq: int
    scheduler: SchedulerView
    tasks: tuple[TaskView, ...] = ()
    removed: tuple[str, ...] = ()


# Commands: each is validated in the core, carried out or refused with a reason, and audited in the log.


class Command(msgspec.Struct, frozen=True, tag=True):
    """Base of all commands."""


class Run(Command, frozen=True, tag="run"):
    """Run a task once, now, whatever its condition says (disabled or held too)."""

    task: str
    parameters: dict[str, str | int | float | bool | None] = {}
    #: A name of the caller's making for this one run, to ask after it with :class:`FollowRun`; empty: nobody asks.
    ticket: str = ""


class Terminate(Command, frozen=True, tag="terminate"):
    """Stop the live runs of a task, and take back those that were asked for and have not started."""

    task: str


class Disable(Command, frozen=True, tag="disable"):
    """Do not start a task by its condition any more."""

    task: str


class Enable(Command, frozen=True, tag="enable"):
    """Start a task by its condition again."""

    task: str


class SetCondition(Command, frozen=True, tag="set_condition"):
    """Replace the start condition of a task, until the project is loaded again."""

    task: str
    condition: str


class Hold(Command, frozen=True, tag="hold"):
    """Start nothing by condition until resumed; running tasks go on."""


class Resume(Command, frozen=True, tag="resume"):
    """End a hold."""


class ShutDown(Command, frozen=True, tag="shut_down"):
    """Stop the scheduler: start nothing more and stop once the live runs have ended, which :class:`KeepRunning` takes
    back until then; or with ``force`` terminate them and stop."""

    force: bool = False


class KeepRunning(Command, frozen=True, tag="keep_running"):
    """Take back a :class:`ShutDown` that waits for live runs. Refused once the scheduler stops for good."""


class Reply(msgspec.Struct, frozen=True):
    """The answer to a command: carried out, or refused with a reason a person understands."""

    ok: bool
    message: str = ""


# Queries and their answers. Those of :data:`RUNS_CODE` run code of the project, and are refused to a reader.


class CheckCondition(Command, frozen=True, tag="check_condition"):
    """What would this text mean as the start condition of this task, now? Answer: :class:`ConditionReport`."""

    task: str
    condition: str


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong in a text. ``start``/``end``: character offsets; ``line`` and ``column`` count from 1."""

    message: str
    start: int
    end: int
    line: int
    column: int
    severity: Literal["error", "warning"] = "error"
    expected: tuple[str, ...] = ()
    #: The nearest valid word, when there is one near enough.
    suggestion: str = ""


class ConditionNode(msgspec.Struct, frozen=True):
    """One part of a condition and its truth now. ``truth`` is ``None`` when it could not be evaluated."""

    text: str
    truth: bool | None
    #: In words, why: "last succeeded 10:02 today".
    reason: str = ""
    #: When this part may change by time alone; ``None``: on an event only, or never.
    changes_at: float | None = None
    children: tuple[ConditionNode, ...] = ()
    #: On which events it may change besides, in words: "a run of 'load'". Of parts without parts.
    changes_on: tuple[str, ...] = ()


class ConditionReport(msgspec.Struct, frozen=True):
    """What a condition text means for a task, now."""

    ok: bool
    problems: tuple[Problem, ...] = ()
    #: The condition as one English sentence.
    description: str = ""
    tree: ConditionNode | None = None
    #: Why the task is or is not started now, in one sentence.
    verdict: str = ""
    #: The next starts that are known, earliest first.
    next_starts: tuple[float, ...] = ()
    next: NextStart | None = None


class Explain(Command, frozen=True, tag="explain"):
    """Why is this task started or not, by the condition it has now? Answer: :class:`ConditionReport`."""

    task: str


class Foretell(Command, frozen=True, tag="foretell"):
    """What will start in the next hours? Answer: :class:`redengine.scheduling.forecast.Forecast`."""

    hours: float = 24.0


class FollowRun(Command, frozen=True, tag="follow_run"):
    """How is the run of this ticket (see :class:`Run`)? Answer: :class:`RunStatus`."""

    ticket: str


class RunStatus(msgspec.Struct, frozen=True):
    """One run that somebody asked for. ``unknown``: no such ticket, or so long ago that it is forgotten."""

    state: Literal["unknown", "waiting", "running", "ended"]
    task: str = ""
    run_id: str = ""
    #: Epoch seconds.
    started: float | None = None
    ended: float | None = None
    #: How it ended.
    action: Action | None = None
    #: Why it failed or crashed: the traceback, or the reason.
    exc_text: str = ""


class Complete(Command, frozen=True, tag="complete"):
    """What may stand at ``position`` (character offset) of this text? Answer: :class:`Completions`."""

    condition: str
    position: int


class Completion(msgspec.Struct, frozen=True):
    """One thing that may be written. It replaces ``condition[start:position]``."""

    text: str
    start: int
    kind: Literal["keyword", "operator", "literal", "task", "custom"] = "keyword"


class Completions(msgspec.Struct, frozen=True):
    """What may be written, best first."""

    items: tuple[Completion, ...] = ()


class ListParameters(Command, frozen=True, tag="list_parameters"):
    """The parameters a task would be run with. ``task`` empty: the session's. Answer: :class:`ParameterList`."""

    task: str = ""


class ParameterView(msgspec.Struct, frozen=True):
    """One parameter."""

    name: str
    scope: Literal["task", "session"]
    #: The class of the argument: ``Arg``, ``FuncArg``, ``Return``, ``Private``, or ``value`` for a plain value.
    kind: str
    #: The value, or where it comes from; secrets are masked.
    value: str
    #: Whether a run gets this one, or it is covered by one of the same name (or not taken by the function).
    wins: bool = True
    #: Why not, or what is wrong with it.
    note: str = ""
    #: Whether it takes code to know the value, so that it is evaluated on request only.
    lazy: bool = False


class ParameterList(msgspec.Struct, frozen=True):
    """The parameters of a task, task level first."""

    items: tuple[ParameterView, ...] = ()
    #: Why they are not known now: the link to the scheduler is lost, say.
    failed: str = ""


class EvaluateParameter(Command, frozen=True, tag="evaluate_parameter"):
    """Work out a lazy parameter now. Answer: :class:`Reply` with the value, masked if secret."""

    task: str
    name: str
    scope: Literal["task", "session"] = "task"


class LogFilter(msgspec.Struct, frozen=True):
    """Which records. Empty: all. ``text`` is looked for without regard to case.

    ``level`` is the name of the lowest level (``"WARNING"``: warnings and worse). ``since <= created < until``, both
    epoch seconds.
    """

    task: str = ""
    actions: tuple[LogAction, ...] = ()
    text: str = ""
    level: str = ""
    since: float | None = None
    until: float | None = None


class ReadLog(Command, frozen=True, tag="read_log"):
    """A page of the log. Answer: :class:`LogPage`.

    The newest ``limit`` records, or with one of these three: ``before``: those just before this cursor; ``after``:
    those after it; ``at``: those from the first one on that was made at this time (epoch seconds) or later.
    """

    limit: int = 200
    before: int | None = None
    after: int | None = None
    at: float | None = None
    where: LogFilter = LogFilter()


class LogEntry(msgspec.Struct, frozen=True):
    """One record of the log. ``cursor`` is its place; cursors grow with time and are never reused."""

    cursor: int
    created: float
    task: str
    action: str
    message: str = ""
    level: str = ""
    exc_text: str = ""
    run_id: str = ""
    start: float | None = None
    end: float | None = None
    runtime: float | None = None


class LogPage(msgspec.Struct, frozen=True):
    """Records, oldest first. Continue with ``before=first`` or ``after=last``."""

    entries: tuple[LogEntry, ...] = ()
    first: int = 0
    last: int = 0
    #: Whether there is nothing before ``first`` (that fits the filter).
    at_start: bool = False
    #: Whether there is nothing after ``last`` (that fits the filter) by now.
    at_end: bool = False
    #: How far reading on in this direction has come, from 0 to 1: the share of the log that lies after ``first`` when
    #: the newest records or those ``before`` a cursor were asked for, else the share that lies before ``last``.
    searched: float = 0.0
    #: Something to tell the reader once: a torn record was set aside, the file was replaced ...
    notice: str = ""
    #: Why the log cannot be read now, and what to do; the page tells nothing of what is in it then. Also a ``notice``.
    failed: str = ""
    #: Changes when the log became another one: all cursors given out before lie before all of it.
    epoch: int = 0


class ReadOutput(Command, frozen=True, tag="read_output"):
    """What a run printed. Answer: :class:`Output`. The newest ``limit`` bytes are given.

    ``start`` (epoch seconds) says which, where ids are used again; by default the newest run of that id is meant.
    """

    run_id: str
    limit: int = 256 * 1024
    start: float | None = None


class Output(msgspec.Struct, frozen=True):
    """What a run printed, decoded as UTF-8 with replacement."""

    text: str = ""
    #: Size of all of it in bytes, and where it is on the scheduler's machine.
    size: int = 0
    path: str = ""


#: What changes something, so that a reader is refused it.
COMMANDS: tuple[type[Command], ...] = (
    Run, Terminate, Disable, Enable, SetCondition, Hold, Resume, ShutDown, KeepRunning,
)  # fmt: skip
#: Queries that run code of the project with what the asker wrote.
RUNS_CODE: tuple[type[Command], ...] = (EvaluateParameter,)
