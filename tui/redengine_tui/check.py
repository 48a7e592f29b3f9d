"""Finding mistakes in a project without running it."""

from __future__ import annotations

import ast
import difflib
import inspect
import shlex
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from redengine.args import Arg, PipeArg, Return
from redengine.args import Task as TaskArg
from redengine.args.base import NOTSET, BaseArgument
from redengine.args.parameters import signature
from redengine.conditions import All, AlwaysFalse, AlwaysTrue, IsPeriod, TaskExecutable, TaskRunnable
from redengine.conditions import Any as AnyOf
from redengine.control.messages import Problem
from redengine.control.outlook import next_true
from redengine.exc import ConditionSyntaxError
from redengine.loading import Oddity
from redengine.scheduling.engine import FAILURES
from redengine.syntax import diagnose
from redengine.syntax.grammar import unquote
from redengine.tasks import CommandTask, FuncTask
from redengine.tasks.adjustable import ELSEWHERE
from redengine_tui.circles import circles
from redengine_tui.import_order import too_early
from redengine_tui.outside import unreadable
from redengine_tui.project import LoadedProject
from redengine_tui.text import safe_block, safe_line

#: Characters of a condition that are shown of what is wrong with it.
CONDITION_SHOWN = 60


class Finding(msgspec.Struct, frozen=True):
    """One mistake. ``line`` is of the file, ``condition_line`` and ``column`` of the condition's own text; 0: not
    known."""

    severity: Literal["error", "warning"]
    task: str
    file: str
    line: int
    column: int
    message: str
    suggestion: str = ""
    condition_line: int = 0
    #: The text of the condition that it is about.
    condition: str = ""


def check(project: LoadedProject) -> tuple[Finding, ...]:
    """All mistakes, in order of the file's lines."""
    session = project.session
    findings = [*_collected(project), *(_odd(oddity) for oddity in project.oddities)]
    wrong = {mistake.line for mistake in project.mistakes}
    unreadable = list(_of_log(project))
    findings.extend(unreadable)
    for task in session.tasks:
        findings.extend(_of_task(task, wrong, past_known=not unreadable))
    findings.extend(_never_first(session))
    findings.extend(_of_shut_cond(project))
    if early := too_early(project.path):
        findings.append(Finding("error", "", str(project.path), early[0], 0, early[1]))
    # Many tasks may be declared at one line, in a loop: each keeps its own together.
    places = {task: place for place, task in enumerate(dict.fromkeys(finding.task for finding in findings))}
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: _place(finding, places[finding.task])))


def _of_log(project: LoadedProject) -> Iterator[Finding]:
    """Whether the log can be read, told once and not of each condition that asks it."""
    try:
        project.session.book  # noqa: B018 - read now
    except Exception as error:
        message = f"the log of this project cannot be read: {unreadable(error)}"
        yield Finding("error", "", str(project.path), 0, 0, message)


def _place(finding: Finding, task: int) -> tuple[str, int, int, int, int]:
    return finding.file, finding.line, task, finding.condition_line, finding.column


def _collected(project: LoadedProject) -> Iterator[Finding]:
    for mistake in project.mistakes:
        found = Finding("error", mistake.task, str(project.path), mistake.line, 0, str(mistake.error))
        problems: tuple[Problem, ...] = ()
        if isinstance(mistake.error, ConditionSyntaxError):
            problems = _problems(mistake.error, project.session)
            found = replace(found, condition=mistake.error.text)
        for problem in problems:
            yield replace(
                found,
                column=problem.column,
                message=problem.message,
                suggestion=problem.suggestion,
                condition_line=problem.line,
            )
        if not problems:
            yield found


def _odd(oddity: Oddity) -> Finding:
    return Finding("warning", oddity.task, oddity.file, oddity.line, 0, oddity.message, oddity.suggestion)


def _problems(error: ConditionSyntaxError, session: Any) -> tuple[Problem, ...]:
    """What was wrong when it was read, and what can be told now that all tasks are known."""
    told = {problem.start: problem for problem in error.diagnostics if isinstance(problem, Problem)}
    now = {problem.start: problem for problem in _diagnosed(error.text, session)}
    return tuple((now | told).values())


def _diagnosed(text: str, session: Any) -> tuple[Problem, ...]:
    return diagnose(text, custom=session.get_cond_parsers(), task_names=session.tasks.names())


def _unknown_tasks(condition: Any, session: Any, holder: str | None) -> Iterator[tuple[str, Problem | None]]:
    """Tasks that a condition names and that there are not, each with every place where that is written."""
    places = list(_written(condition, session))
    topics = (topic[1] for topic in condition.topics(holder) if topic[0] == "task")
    for name in dict.fromkeys(name for name in topics if name is not None and name not in session):
        found: list[Problem | None] = [problem for named, problem in places if named == str(name)]
        yield from ((str(name), problem) for problem in found or [None])


def _written(condition: Any, session: Any) -> Iterator[tuple[str, Problem]]:
    """Names of unknown tasks in the texts that a condition was read from."""
    text = getattr(condition, "_str", None)
    if text is None:
        for part in getattr(condition, "subconditions", ()):
            yield from _written(part, session)
        return
    for problem in _diagnosed(text, session):
        if problem.severity == "warning":
            yield unquote(text[problem.start : problem.end]), problem


def _of_shut_cond(project: LoadedProject) -> Iterator[Finding]:
    session = project.session
    if session.config.shut_cond is None:
        return
    for name, problem in _unknown_tasks(session.config.shut_cond, session, None):
        message = f"there is no task {name!r}, which shut_cond waits for"
        yield Finding("error", "", str(project.path), 0, *_where(problem, message, _near(name, session.tasks.names())))


def _where(problem: Problem | None, message: str, near: str) -> tuple[int, str, str, int]:
    """The last fields of a finding."""
    return (problem.column, message, near, problem.line) if problem else (0, message, near, 0)


def _of_task(task: Any, wrong: set[int], *, past_known: bool) -> Iterator[Finding]:
    """``wrong``: lines whose condition was told to be wrong already. Without a past no condition can be asked."""

    def found(
        severity: Literal["error", "warning"], message: str, suggestion: str = "", at: Problem | None = None
    ) -> Finding:
        return Finding(severity, str(task.name), file, line, *_where(at, message, suggestion))

    file, line = task.declared_at
    session = task.session
    for what, condition in (("start", task.start_cond), ("end", task.end_cond)):
        for name, problem in _unknown_tasks(condition, session, task.name):
            near = _near(name, session.tasks.names())
            told = found("error", f"there is no task {name!r}", near, problem)
            yield replace(told, condition=str(condition))
        if not past_known:
            continue
        try:
            condition.examine(session.context(task))
        except KeyError:
            continue  # a task that there is not: told above
        except FAILURES as error:
            yield found("error", f"its {what} condition cannot be evaluated: {type(error).__name__}: {error}")
    by_itself = task.on_startup or task.on_shutdown or task.batches or line in wrong
    if isinstance(task.start_cond, AlwaysFalse) and not by_itself:
        yield found("warning", "it has no condition: it runs only when somebody starts it")
    yield from (found("warning", message) for message in _of_rhythm(task))
    yield from _of_parameters(task, found)
    if isinstance(task, CommandTask):
        yield from _of_command(task, found)
    if isinstance(task, FuncTask) and task.get_execution() in ELSEWHERE and (lost := task.lost_elsewhere()):
        yield found("warning", lost)
    if isinstance(task, FuncTask) and task.path is not None:
        yield from _of_file(task, found)


def _of_rhythm(task: Any) -> Iterator[str]:
    """A condition that holds all the time, or that no time makes true."""
    condition, marked = task.start_cond, task.on_startup or task.on_shutdown
    if isinstance(condition, AlwaysTrue) and not (marked or task.permanent):
        yield "its condition always holds: it starts again as soon as it has ended, over and over"
    parts = list(condition.subconditions) if isinstance(condition, All) else [condition]
    if any(getattr(getattr(part, "period", None), "past", None) == timedelta(0) for part in parts):
        yield "a length of 0 is over at once: it starts again as soon as it has ended, over and over"
    timed = [part for part in parts if isinstance(part, (IsPeriod, TaskExecutable, TaskRunnable))]
    passed = _passed(condition, datetime.fromtimestamp(task.session.get_time(), task.session.zone))
    if passed is not None and not marked:
        yield f"it does not start by itself any more: {passed} has passed"
    elif len(timed) > 1 and _never_together(timed, task):
        yield f"it does not start by itself, as far as can be foreseen: {' & '.join(map(str, timed))} never holds"


def _passed(condition: Any, now: datetime) -> Any:
    """What keeps a condition from ever holding again, having passed; ``None`` when nothing does."""
    if isinstance(condition, All):
        return next((over for part in condition if (over := _passed(part, now)) is not None), None)
    if isinstance(condition, AnyOf):
        over = [_passed(part, now) for part in condition]
        return condition if over and None not in over else None
    period = condition.period if isinstance(condition, (IsPeriod, TaskExecutable, TaskRunnable)) else None
    if period is None or period.occurrence(now) or period.following(now):
        return None
    return condition if period.preceding(now) else None


def _never_together(parts: list[Any], task: Any) -> bool:
    try:
        return next_true(All(*parts), task.session.context(task)).kind == "never"
    except FAILURES:  # of a task that there is not, say: told elsewhere
        return False


def _of_parameters(task: Any, found: Any) -> Iterator[Finding]:
    own = task.parameters.to_dict()
    session = task.session
    for name, value in own.items():
        for argument in _flat(value):
            yield from _of_argument(name, argument, session, found)
    func = getattr(task, "func", None)
    if not callable(func):
        return
    special = {"_session_", "_task_", "_thread_terminate_"}
    for parameter in signature(func).parameters.values():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL) or parameter.name in special:
            continue
        given = parameter.name in own or parameter.name in session.parameters.to_dict()
        if not given and parameter.default is inspect.Parameter.empty:
            near = _near(parameter.name, [*own, *session.parameters.to_dict()])
            yield found("error", f"nothing gives its parameter {parameter.name!r} a value", near)
    taken = signature(func).parameters
    any_name = any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values())
    for name in own:
        if name not in taken and not any_name:
            yield found(
                "error", f"it is given a parameter {name!r} that its function does not take", _near(name, taken)
            )
    if task.execution in ELSEWHERE and (live := task.live_parameters()):
        yield found("error", f"it runs in a process, where {', '.join(live)} cannot be given to it")


def _flat(value: Any) -> Iterator[BaseArgument]:
    if isinstance(value, PipeArg):
        # The first that has a value is taken, so a missing one is no mistake.
        return
    if isinstance(value, BaseArgument):
        yield value


def _of_argument(name: str, argument: BaseArgument, session: Any, found: Any) -> Iterator[Finding]:
    if isinstance(argument, Arg) and argument.default is NOTSET:
        key = session.parameters._key(argument.key)
        if key not in session.parameters.to_dict():
            near = _near(str(key), session.parameters.to_dict())
            yield found("error", f"its parameter {name!r}: there is no session parameter {key!r}", near)
    if isinstance(argument, Return) and argument.task_name not in session:
        near = _near(str(argument.task_name), session.tasks.names())
        message = f"its parameter {name!r} is what {argument.task_name!r} returns, but there is no such task"
        yield found("error", message, near)
    if isinstance(argument, TaskArg) and argument.name is not None and argument.name not in session:
        near = _near(str(argument.name), session.tasks.names())
        yield found("error", f"its parameter {name!r}: there is no task {argument.name!r}", near)


_SHELL_WORDS = frozenset(("|", "||", "&", "&&", ";", ">", ">>", "<", "<<", "2>", "2>&1", "1>&2", ">&2", "&>"))


def _of_command(task: CommandTask, found: Any) -> Iterator[Finding]:
    if task.shell:
        return
    try:
        words = shlex.split(task.command) if isinstance(task.command, str) else [str(word) for word in task.command]
    except ValueError as error:
        yield found("error", f"its command cannot be split into words: {error}")
        return
    folder = Path(task.cwd) if task.cwd else Path.cwd()
    if not folder.is_dir():
        yield found("error", f"its folder {folder} does not exist")
    elif words and shutil.which(words[0]) is None and not (folder / words[0]).exists():
        yield found("warning", f"there is no command {words[0]!r} on this machine now")
    if isinstance(task.command, str) and (word := _for_a_shell(task.command)):
        yield found(
            "warning", f"no shell sees its command, so {word!r} is given to it as a word; shell=True gives it one"
        )


def _for_a_shell(command: str) -> str:
    """The first word that means something to a shell alone, unless it is quoted; else nothing."""
    lexer = shlex.shlex(command, posix=False)  # keeps the quotes
    lexer.whitespace_split, lexer.commenters = True, ""
    words = list(lexer)
    return next((word for word in words if word in _SHELL_WORDS or (word.endswith(";") and word != r"\;")), "")


def _of_file(task: FuncTask, found: Any) -> Iterator[Finding]:
    path = Path(task.path)
    if not path.is_file():
        yield found("error", f"its file {path} does not exist")
        return
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except SyntaxError as error:
        yield found("error", f"its file {path.name} is not valid Python: line {error.lineno}: {error.msg}")
        return
    except (OSError, ValueError) as error:
        yield found("error", f"its file {path} cannot be read: {error}")
        return
    names = _bound(tree)
    if task.func_name not in names and "*" not in names:
        near = _near(task.func_name, names)
        yield found("error", f"there is no function {task.func_name!r} in its file {path.name}", near)


def _bound(tree: ast.Module) -> set[str]:
    """Names that a module binds: by ``def``, ``class``, assignment or import."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(alias.asname or alias.name for alias in node.names)
    return names


def _never_first(session: Any) -> Iterator[Finding]:
    """Circles of tasks that all wait for each other."""
    for circle in circles(session):
        file, line = session[circle[0]].declared_at
        chain = " -> ".join([*circle, circle[0]])
        message = f"these tasks wait for each other, so none starts by itself: {chain}"
        if len(circle) == 1:
            message = "it waits for itself, so it does not start by itself"
        yield Finding("warning", circle[0], file, line, 0, message)


def _near(word: str, words: Any) -> str:
    return next(iter(difflib.get_close_matches(word, [str(other) for other in words], n=1)), "")


def as_json(findings: tuple[Finding, ...]) -> str:
    """For other programs: an array of objects."""
    return msgspec.json.format(msgspec.json.encode(findings), indent=2).decode()


def as_text(findings: tuple[Finding, ...]) -> str:
    """A line a finding, in the form that editors jump to."""
    if not findings:
        return "No mistakes found."
    lines = []
    for finding in findings:
        place = f"{finding.file}:{finding.line}" if finding.line else finding.file
        task = f"task {safe_line(finding.task)!r}: " if finding.task else ""
        hint = f" (did you mean {safe_line(finding.suggestion)!r}?)" if finding.suggestion else ""
        if finding.suggestion and finding.suggestion in finding.message:
            hint = ""
        row = f"line {finding.condition_line}, " if finding.condition_line > 1 else ""
        column = f" ({row}column {finding.column} of the condition)" if finding.column else ""
        about = f'"{safe_line(" ".join(finding.condition.split()), CONDITION_SHOWN)}": ' if finding.condition else ""
        lines.append(f"{place}: {finding.severity}: {task}{about}{safe_block(finding.message)}{hint}{column}")
    errors = sum(finding.severity == "error" for finding in findings)
    lines.append(f"{_count(errors, 'error')}, {_count(len(findings) - errors, 'warning')}")
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
