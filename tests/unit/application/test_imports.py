"""What importing the framework loads, and the names that existing projects import."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from redengine.exc import TaskSetupError

# Loaded by the screen only, or when a task wants it: a headless scheduler starts without them, and in less memory.
NOT_LOADED = ("textual", "rich", "click", "redengine_tui", "dask", "distributed", "sqlalchemy", "requests", "pymongo")

CHECK = """
import sys
import pydantic
before = pydantic
{imports}
assert sys.modules["pydantic"] is before, "pydantic is another"
assert not pydantic.VERSION.startswith("1."), pydantic.VERSION
print(*sorted(name for name in {unwanted} if name in sys.modules))
"""


@pytest.mark.parametrize(
    "imports",
    ["import redengine", "import redengine.parse", "from redengine.core import Task", "import redengine.control"],
)
def test_importing_loads_no_more_than_it_needs_and_leaves_pydantic_alone(imports: str) -> None:
    code = CHECK.format(imports=imports, unwanted=NOT_LOADED)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("", "")


NAMES = """
redengine: RedEngine Grouper Session session
redengine.core: Task BaseCondition BaseArgument Parameters TimePeriod Scheduler
redengine.core.hook: clear_hooks
redengine.core.condition.base: BaseCondition BaseComparable All Any Not AlwaysTrue AlwaysFalse
redengine.core.condition: Statement Comparable Historical
redengine.core.condition.statement: Statement Comparable Historical
redengine.core.time.base: TimePeriod TimeDelta All Any
redengine.core.log.adapter: TaskAdapter
redengine.parse.utils: ParserError add_condition_parser
redengine.parse: add_condition_parser
redengine.parse: parse_condition parse_time ParserError
redengine.session: Config Session
redengine.parameters: FuncParam
redengine.tasks: FuncTask CommandTask CodeTask
redengine.tasks.func: FuncTask
redengine.tasks.maintain: ShutDown Restart
redengine.tasks.run_id: uuid increment
redengine.log.log_record: MinimalRecord LogRecord TaskLogRecord MinimalRunRecord RunRecord TaskRunRecord
redengine.conditions.scheduler: SchedulerCycles SchedulerStarted
redengine.conditions.api: every daily cron crontime after_success time_of_week running true false condition
redengine.args.builtin: Arg FuncArg Return Session SimpleArg Task TerminationFlag
redengine.conditions.task: TaskStarted TaskFailed TaskExecutable TaskRunning Retry
redengine.conditions.task.task: TaskStarted TaskFailed TaskExecutable TaskRunning DependSuccess
redengine.time.interval: TimeOfDay TimeOfWeek
redengine.time.cron: Cron
redengine.time.delta: TimeDelta
redengine.exc: TaskSetupError TaskLoggingError TaskInactionException TaskTerminationException
redengine.exc: SchedulerRestart SchedulerExit
redengine.conditions: All Any Not AlwaysTrue AlwaysFalse IsPeriod FuncCond TaskCond ParamExists IsEnv true false
redengine.conditions: TaskStarted TaskFailed TaskTerminated TaskSucceeded TaskFinished TaskRunning TaskInacted
redengine.conditions: TaskExecutable TaskRunnable Retry DependSuccess DependFailure DependFinish
redengine.conditions: SchedulerCycles SchedulerStarted
redengine.args: Arg SimpleArg FuncArg Return Session Task Config TaskLogger SchedulerLogger TerminationFlag EnvArg
redengine.args: CliArg Private argument
"""


@pytest.mark.parametrize("line", NAMES.strip().splitlines())
def test_names_people_import(line: str) -> None:
    module, names = line.split(": ")
    found = importlib.import_module(module)
    assert [name for name in names.split() if not hasattr(found, name)] == []


def test_setup_error_is_a_runtime_error() -> None:
    assert issubclass(TaskSetupError, RuntimeError)
