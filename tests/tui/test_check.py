"""``redengine-tui check``: every mistake with its place, and nothing done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import redengine_redbird
from redengine_tui.import_order import too_early

MISTAKES = """\
from redengine import RedEngine
from redengine.args import Arg, Return

app = RedEngine()
app.params(region="north")

@app.task("dayly")
def typo(): ...

@app.task("daily &\\n evry 10 s")
def second_line(): ...

@app.task("after task 'typoo'")
def unknown_task(): ...

@app.task("daily")
def unknown_param(x=Arg("regoin")): ...

@app.task("daily")
def required(missing): ...

@app.task("daily", parameters={"nope": 1})
def not_taken(): ...

@app.task("daily")
def unknown_return(x=Return("tpyo")): ...

app.task("daily", name="no file", path="nowhere.py", func_name="main")
app.task("daily", name="no function", path="neighbour.py", func_name="mian")
app.task("daily", name="no command", command=["no-such-command-here", "-x"])
app.task("daily", name="no shell", command="true | true")
app.task("daily", name="quoted", command='true "|" ";"')
app.task("daily", name="shell", command="true; true", shell=True)
app.task("daily", name="half quoted", command="true 'x")

@app.task("after task 'b'")
def a(): ...

@app.task("after task 'a'")
def b(): ...

with open("ran.txt", "a") as file:
    file.write("loaded ")
"""


@pytest.fixture
def check(tmp_path):
    """Check a project in a process of its own; nothing may be left behind but what the file itself makes."""

    def check(source, *options):
        (tmp_path / "project.py").write_text(source)
        (tmp_path / "neighbour.py").write_text("def main(): ...\n")
        before = set(tmp_path.rglob("*"))
        done = subprocess.run(
            [sys.executable, "-m", "redengine_tui.cli", "check", "project.py", *options],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "XDG_DATA_HOME": str(tmp_path / "share")},
        )  # fmt: skip
        made = set(tmp_path.rglob("*")) - before
        assert made <= {tmp_path / "ran.txt"}
        assert "Traceback" not in done.stderr
        return done

    return check


def test_every_mistake_has_its_place(check, tmp_path):
    done = check(MISTAKES, "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert {Path(finding["file"]).name for finding in found} == {"project.py"}
    told = {(finding["line"], finding["severity"], finding["suggestion"]) for finding in found}
    lines = MISTAKES.splitlines()

    def line_of(text):
        return next(number for number, line in enumerate(lines, 1) if text in line)

    assert told >= {
        (line_of('"dayly"'), "error", "daily"),
        (line_of("evry"), "error", "every"),
        (line_of("typoo"), "error", "typo"),
        (line_of("tpyo") - 1, "error", "typo"),
        (line_of('name="no file"'), "error", ""),
        (line_of('name="no function"'), "error", "main"),
        (line_of('name="no command"'), "warning", ""),
        (line_of('name="no shell"'), "warning", ""),
        (line_of('name="half quoted"'), "error", ""),
        (line_of("regoin") - 1, "error", "region"),
        (line_of("required(missing)") - 1, "error", ""),
        (line_of('"nope"'), "error", ""),
        (line_of("after task 'b'"), "warning", ""),
    }
    assert not {"quoted", "shell"} & {finding["task"] for finding in found}
    second = next(finding for finding in found if finding["suggestion"] == "every")
    assert second["column"] == 2
    assert not (tmp_path / "share").exists()


def test_as_text_an_editor_jumps_to_the_line(check, tmp_path):
    done = check(MISTAKES)
    assert done.returncode == 1
    assert f"{tmp_path}/project.py:7: error: " in done.stdout
    assert 'did you mean "daily"?' in done.stdout
    assert done.stdout.rstrip().splitlines()[-1] == "10 errors, 3 warnings"


CONDITIONS = """\
from redengine import Grouper, RedEngine
from redengine.conds import after_success, daily

app = RedEngine(config={"shut_cond": "hourly & task 'gone' is running"})

@app.task("dayly betwen 07:00 & after task 'lod' & every 10")
def load(): ...

@app.task("daily\\n& after task 'lod' faild | has failed during 'yestrday'", end_cond="evry 10 s")
def several_lines(): ...

@app.task("after task 'lod' | after any tasks 'load', 'x'", end_cond="task 'loa' is running")
def fine_but_for_names(): ...

app.task(daily & "hourli", name="added", func=print)
app.task(after_success("nobody") & "after task 'nix'", name="object", func=print)

group = Grouper(prefix="g.", start_cond="hourly & after task 'nix' & weakly")
group.task("daily & mothly", name="in group", func=print)
app.include_grouper(group)
"""


def test_all_that_is_wrong_with_all_conditions_is_told_at_once_each_with_its_place(check):
    found = json.loads(check(CONDITIONS, "--json").stdout)
    lines = CONDITIONS.splitlines()
    told = [
        (lines[finding["line"] - 1][:15] if finding["line"] else "", finding["condition_line"], finding["column"])
        for finding in found
        if finding["severity"] == "error"
    ]
    assert told == [
        ("", 1, 15),
        *(('@app.task("dayl', 1, column) for column in (1, 33, 47)),
        ('@app.task("dail', 1, 1),
        *(('@app.task("dail', 2, column) for column in (14, 20, 47)),
        *(('@app.task("afte', 1, column) for column in (6, 12, 44)),
        ("app.task(daily ", 1, 1),
        ("app.task(after_", 0, 0),
        ("app.task(after_", 1, 12),
        ('group.task("dai', 1, 9),
        *(("app.include_gro", 1, column) for column in (21, 29)),
    ]


IGNORED = """\
from redengine import RedEngine

app = RedEngine(config={"timout": "10 min"})

@app.task("daily", prioritty=3)
def a(): ...
"""


def test_a_misspelt_option_is_told_with_its_place(check, tmp_path):
    done = check(IGNORED)
    assert done.returncode == 0
    assert done.stderr == ""
    place = f"{tmp_path}/project.py"
    assert done.stdout.splitlines() == [
        f"{place}:3: warning: there is no option 'timout': it is ignored (did you mean 'timeout'?)",
        f"{place}:5: warning: task 'a': there is no option 'prioritty': it is ignored (did you mean 'priority'?)",
        "0 errors, 2 warnings",
    ]
    assert [finding["suggestion"] for finding in json.loads(check(IGNORED, "--json").stdout)] == ["timeout", "priority"]


def test_tasks_made_in_a_loop_are_told_apart(check):
    source = "from redengine import RedEngine\napp = RedEngine()\nfor n in range(45):\n"
    source += "    app.task('dayly' if n % 3 else 'daily', name=f't{n}', func=print)\n"
    lines = check(source).stdout.splitlines()
    assert len(lines) == 31
    assert """:4: error: task 't1': "dayly": """ in lines[0]
    assert """:4: error: task 't44': "dayly": """ in lines[29]
    found = json.loads(check(source, "--json").stdout)
    assert {(finding["condition"], finding["column"]) for finding in found} == {("dayly", 1)}


def test_a_task_that_there_is_not_is_told_with_the_condition(check):
    text = check(CONDITIONS).stdout
    assert (
        """error: task 'fine_but_for_names': "after task 'lod' | after any tasks 'load', 'x'": there is no task"""
        in text
    )
    assert "which there is not" not in text


def test_a_project_without_mistakes(check):
    done = check("from redengine import RedEngine\napp = RedEngine()\n@app.task('daily')\ndef fine(): ...\n")
    assert (done.returncode, done.stdout) == (0, "No mistakes found.\n")


def test_a_warning_alone_is_no_failure(check):
    done = check("from redengine import RedEngine\napp = RedEngine()\n@app.task()\ndef by_hand(): ...\n")
    assert done.returncode == 0
    assert "0 errors, 1 warning" in done.stdout


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("every 0 s", "a length of 0 is over at once"),
        ("every 0 ms & daily", "a length of 0 is over at once"),
        ("true", "its condition always holds"),
        (
            "time of day before 08:00 & time of day after 12:00",
            "before 08:00 & time of day after 12:00 never",
        ),
        (
            "daily before 08:00 & time of day after 12:00 & every 1 min",
            "before 08:00 & time of day after 12:00 never",
        ),
        ("once at 2020-01-01 10:00", "any more: once at 2020-01-01 10:00 has passed"),
        ("once on 2020-01-01 and 2020-02-01", "2020-02-01 has passed"),
        ("every 1 hour & until 2020-01-01", "any more: until 2020-01-01 has passed"),
        ("every 1 hour & (until 2020-01-01 | from 2090-01-01)", ""),
        ("once on 2020-01-01 and 2090-02-01", ""),
        ("once after 2020-01-01", ""),
        ("every 1 s", ""),
        ("daily before 08:00 & time of week on Monday & time of year on Feb 29th", ""),
        ("time of day before 08:00 | time of day after 12:00", ""),
        ("daily & after task 't'", ""),
    ],
)
def test_a_rhythm_that_nobody_wants_is_told(check, condition, told):
    source = f"from redengine import RedEngine\napp = RedEngine()\napp.task({condition!r}, name='t', func=print)\n"
    found = [finding for finding in json.loads(check(source, "--json").stdout) if "waits for" not in finding["message"]]
    assert [finding["severity"] for finding in found] == (["warning"] if told else [])
    assert told in "".join(finding["message"] for finding in found)


def test_what_is_never_to_end_may_always_hold(check):
    source = "from redengine import RedEngine\napp = RedEngine()\n"
    source += "app.task('true', name='a', func=print, permanent=True)\n"
    source += "app.task('true', name='b', func=print, on_startup=True)\n"
    assert check(source).stdout == "No mistakes found.\n"


def test_a_file_that_cannot_be_loaded(check):
    done = check("1 / 0\n", "--json")
    assert done.returncode == 2
    (finding,) = json.loads(done.stdout)
    assert finding["message"] == "ZeroDivisionError: division by zero"
    assert (Path(finding["file"]).name, finding["line"]) == ("project.py", 1)
    done = check("1 / 0\n")
    assert done.returncode == 2
    assert "project.py, line 1: ZeroDivisionError" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("max_process_count", "'many'", "a whole number, not 'many'"),
        ("max_process_count", "0", "at least 1, not 0"),
        ("execution", "'tread'", "one of 'auto', 'main', 'async', 'thread', 'process' or 'dask', not 'tread'"),
        ("multilaunch", "'perhaps'", "true or false, not 'perhaps'"),
        ("cycle_sleep", "'long'", "a number, not 'long'"),
        ("timezone", "'Nowhere'", "There is no time zone 'Nowhere'; they are named like 'Europe/Helsinki'"),
        ("timezone", "3", "Input should be an instance of tzinfo, not 3"),
    ],
)
def test_an_option_that_is_wrong_is_told_in_our_words(check, name, value, reason):
    done = check(f"from redengine import RedEngine\n\napp = RedEngine(config={{{name!r}: {value}}})\n", "--json")
    (finding,) = json.loads(done.stdout)
    assert (finding["line"], finding["message"]) == (3, f"ValueError: {name}: {reason}")


def test_no_task_runs(check, tmp_path):
    done = check(
        "from redengine import RedEngine\napp = RedEngine()\n"
        "@app.task('always', on_startup=True, execution='main')\ndef runs(): open('task-ran.txt', 'w')\n"
    )
    assert done.returncode == 0
    assert not (tmp_path / "task-ran.txt").exists()


def test_escapes_are_made_visible(check):
    done = check(
        "from redengine import RedEngine\napp = RedEngine()\n"
        "app.task(\"after task '\\x1b[2J'\", name='\\x1b]52;x', func=lambda: None)\n"
    )
    assert done.returncode == 1
    assert "\x1b" not in done.stdout


LOGGED = """
from redengine import RedEngine
from redengine.log import CSVFileRepo, TaskRunRecord
app = RedEngine(logger_repo=CSVFileRepo(filename={filename!r}, model=TaskRunRecord))
app.task("daily", name="a", func=print)
app.task("after task 'a' & afer", name="b", func=print)
app.task("after task 'c'", name="d", func=print)
"""


@pytest.mark.parametrize("filename", [".", ""])
def test_a_log_that_cannot_be_read_is_told_once(check, tmp_path, filename):
    done = check(LOGGED.format(filename=filename))
    assert done.returncode == 1
    told = f"cannot read the log {tmp_path}: Is a directory; it is a folder; give the name"
    assert [line for line in done.stdout.splitlines() if "the log" in line] == [
        f"{tmp_path / 'project.py'}: error: the log of this project cannot be read: {told} of a file"
    ]
    # All else is found all the same.
    assert '"afer" is not' in done.stdout
    assert "there is no task 'c'" in done.stdout


SORTED = """\
import os

from redbird.repos import MemoryRepo
from redengine import RedEngine

app = RedEngine(logger_repo=MemoryRepo())
"""


@pytest.mark.parametrize(
    ("source", "line", "what_to_do"),
    [
        (SORTED, 3, "move it below line 4, `from redengine import RedEngine`"),
        ("import redengine\n" + SORTED, None, ""),
        ("def later():\n    import redbird\n", None, ""),
        ("try:\n    from redbird import BaseRepo\nexcept ImportError: ...\n", 2, "write `import redengine` above it"),
        ("from . import redbird\n", None, ""),
    ],
)
def test_an_import_that_python_alone_cannot_do_is_told(monkeypatch, tmp_path, source, line, what_to_do):
    monkeypatch.setattr(redengine_redbird, "since_start", False)
    file = tmp_path / "project.py"
    file.write_text(source)
    found = too_early(file)
    assert (found and found[0]) == line
    assert line is None or (what_to_do in found[1] and "`python project.py`" in found[1])
    monkeypatch.setattr(redengine_redbird, "since_start", True)
    assert too_early(file) is None


def test_check_runs_under_the_conditions_of_python_project_py(check, tmp_path):
    """As this test's own interpreter was started, with the start-up file or without."""
    done = check(SORTED)
    alone = subprocess.run([sys.executable, "project.py"], cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert (done.returncode == 0) == (alone.returncode == 0)
    assert alone.returncode == 0 or "project.py:3: error: `python project.py` cannot import redbird" in done.stdout


def test_a_process_that_reaches_for_the_app_is_told_once(check):
    source = """\
from redengine import RedEngine

app = RedEngine()

@app.task("daily", execution="process")
def direct():
    app.session["other"].force_run = True

@app.task("daily", execution="process")
def by_helper():
    helper()

@app.task("daily")
def other():
    helper()

def helper():
    app.session.shut_down()
"""
    done = check(source)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line.partition(": it runs")[0].rpartition("/")[2] for line in lines[:-1]] == [
        "project.py:5: warning: task 'direct'", "project.py:9: warning: task 'by_helper'"
    ]  # fmt: skip
    assert "where helper() uses app is a copy" in lines[1]
