"""The tutorial, snippet by snippet as people read it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from redengine import RedEngine
from redengine.base import RedBase
from redengine.conditions import AlwaysFalse, AlwaysTrue

LOGIC = """
@app.task('true & false')
def do_never():
    ...

@app.task('true | false')
def do_constantly():
    ...

@app.task('~false')
def do_constantly_2():
    ...
"""

PARENTHESES = """
@app.task('(true & false) | (~false)')
def do_constantly():
    ...
"""

LINES = """
@app.task('''
    daily between 07:00 and 10:00
    & (time of week on Monday | time of week on Friday)
''')
def do_on_monday_or_friday_morning():
    ...
"""

PIPELINE = """
from redengine.args import Return

@app.task("daily after 07:00")
def do_first():
    ...
    return 'Hello World'

@app.task("after task 'do_first'")
def do_second(arg=Return('do_first')):
    # arg contains the value of the task do_first's return
    ...
    return 'Hello Python'
"""

SESSION_ARGUMENT = """
from redengine.args import Arg

# Setting arguments to the session
app.params(
    my_arg='Hello world'
)

@app.task("every 10 seconds")
def do_things(item = Arg('my_arg')):
    ...
"""

TASK_ARGUMENT = """
from redengine.args import SimpleArg

@app.task("every 10 seconds")
def do_things(item = SimpleArg('Hello world')):
    ...
"""

FUNCTION_ARGUMENT = """
from redengine.args import FuncArg

def get_item():
    return 'hello world'

@app.task("every 10 seconds")
def do_things(item = FuncArg(get_item)):
    ...
"""

FUNCTION_PARAMETER = """
from redengine.args import Arg

@app.param('my_arg')
def get_item():
    return 'hello world'

@app.task("every 10 seconds")
def do_things(item = Arg('my_arg')):
    ...
"""

SESSION_META = """
from redengine.args import Session

@app.task("every 10 seconds")
def manipulate_session(session = Session()):
    ...
"""

TASK_META = """
from redengine.args import Task

@app.task("every 10 seconds")
def manipulate_task(this_task=Task(), another_task = Task('do_things')):
    ...
"""

HANDLER = """
import logging
from redengine import RedEngine

app = RedEngine()

# Create a handler
handler = logging.StreamHandler()
handler.setLevel(logging.DEBUG)

# Add the handler
task_logger = logging.getLogger('redengine.task')
task_logger.addHandler(handler)
"""

READING = """
import logging

task_logger = logging.getLogger('redengine.task')

# Getting a RepoHandler
for handler in task_logger.handlers:
    if hasattr(handler, "repo"):
        break

# Query all logs from the handler
handler.filter_by().all()
"""


@pytest.fixture
def names() -> Iterator[dict[str, Any]]:
    """The names a snippet starts with; afterwards the logger is as it was."""
    logger = logging.getLogger("redengine.task")
    handlers, level, session = list(logger.handlers), logger.level, RedBase.session
    logger.handlers.clear()
    yield {"app": RedEngine(execution="main"), "__name__": "snippet"}
    logger.handlers[:], logger.level = handlers, level
    session.set_as_default()


def play(snippet: str, names: dict[str, Any]) -> Any:
    exec(compile(snippet, "<snippet>", "exec"), names)  # our own text, above
    return names["app"].session


def run_all(session: Any) -> dict[str, str]:
    """Run every task until it has run, or the scheduler found nothing more to do; gives their states."""
    session.config.shut_cond = "scheduler has run over 100 ms"
    session.start()
    return {task.name: task.status for task in session.tasks}


def test_logic(names: Any) -> None:
    session = play(LOGIC, names)
    assert run_all(session) == {"do_never": None, "do_constantly": "success", "do_constantly_2": "success"}
    assert session["do_never"].start_cond == AlwaysTrue() & AlwaysFalse()


def test_parentheses(names: Any) -> None:
    assert run_all(play(PARENTHESES, names)) == {"do_constantly": "success"}


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2024-05-13 07:00", True),  # a Monday
        ("2024-05-17 09:59", True),  # a Friday
        ("2024-05-13 10:00", False),
        ("2024-05-14 08:00", False),
    ],
)
def test_several_lines(names: Any, clock: Any, now: str, due: bool) -> None:
    session = play(LINES, names)
    session.config.timezone = "UTC"
    session.config.time_func = clock
    clock.set(now)
    task = session["do_on_monday_or_friday_morning"]
    assert task.start_cond.observe(task=task) is due


def test_pipeline(names: Any, clock: Any) -> None:
    session = play(PIPELINE, names)
    session.config.timezone = "UTC"
    session.config.time_func = clock
    received: list[Any] = []
    session["do_second"].func = lambda arg: received.append(arg) or "Hello Python"
    session.config.shut_cond = "task 'do_second' has finished"
    session.start()
    assert received == ["Hello World"]
    assert dict(session.returns) == {session["do_first"]: "Hello World", session["do_second"]: "Hello Python"}


@pytest.mark.parametrize(
    ("snippet", "value"),
    [
        (SESSION_ARGUMENT, "Hello world"),
        (TASK_ARGUMENT, "Hello world"),
        (FUNCTION_ARGUMENT, "hello world"),
        (FUNCTION_PARAMETER, "hello world"),
    ],
)
def test_arguments(names: Any, snippet: str, value: str) -> None:
    session = play(snippet, names)
    received: list[Any] = []
    session["do_things"].func = lambda item: received.append(item)
    assert run_all(session) == {"do_things": "success"}
    assert received == [value]


def test_meta_arguments(names: Any) -> None:
    session = play(TASK_ARGUMENT + SESSION_META + TASK_META, names)
    received: list[Any] = []
    session["manipulate_session"].func = lambda session: received.append(session)
    session["manipulate_task"].func = lambda this_task, another_task: received.extend((this_task, another_task))
    assert set(run_all(session).values()) == {"success"}
    assert received == [session, session["manipulate_task"], session["do_things"]]


def test_handlers_and_reading(names: Any, capsys: pytest.CaptureFixture[str]) -> None:
    session = play(HANDLER, names)
    names["app"].session.config.execution = "main"
    play(TASK_ARGUMENT, names)
    run_all(session)
    assert "Task 'do_things' status: 'success'" in capsys.readouterr().err
    play(READING, names)
    handler = names["handler"]
    assert [record.action for record in handler.filter_by().all()] == ["run", "success"]
    assert [record.action for record in handler.repo.filter_by(action="run").all()] == ["run"]
