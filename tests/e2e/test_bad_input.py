"""What cannot be used is said in words, without a screen, and nothing is lost."""

from __future__ import annotations

import pytest

APP = "from redengine import RedEngine\napp = RedEngine()\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\n", "project.py has no app"),
        ("from redengine import RedEngine\na = RedEngine()\nb = RedEngine()\n", "project.py has several apps"),
        ("x =\n", "project.py, line 1: SyntaxError: invalid syntax"),
        ("\n1 / 0\n", "project.py, line 2: ZeroDivisionError: division by zero"),
        (APP + "app.task('dayly', name='x', func=print)\n", 'did you mean "daily"'),
        ("raise ValueError('\\x1b]52;c;RVZJTA==\\x07')\n", "ValueError: ␛]52;c;RVZJTA==␇"),
    ],
)
def test_a_project_that_cannot_be_used(place, source, message):
    place.write(source)
    program = place.start()
    assert program.ended() == 2
    assert message in program.text
    assert "Traceback" not in program.text
    assert b"\x1b" not in program.sent
    assert not place.data.exists()


def test_what_is_ignored_is_told_on_the_screen_and_in_the_log(place):
    place.write(APP.replace("()", "(config={'timout': 1})"))
    program = place.start()
    program.wait_for("did you mean 'timeout'?")
    assert program.quit() == 0
    assert "project.py, line 2: there is no option 'timout'" in place.scheduler_log


def test_a_missing_file(place):
    place.write(APP)
    program = place.start("projct.py")
    assert program.ended() == 2
    assert 'There is no file projct.py; did you mean "project.py"?' in program.text


def test_a_file_where_the_data_folder_should_be(place):
    place.write(APP)
    place.data.write_text("mine")
    program = place.start()
    assert program.ended() == 2
    assert "cannot be written" in program.text
    assert "--data-dir" in program.text
    assert place.data.read_text() == "mine"


def test_an_unknown_task_in_a_condition_is_shown_at_the_task(place):
    place.write(APP + "@app.task(\"after task 'fisrt'\")\ndef second(): ...\n@app.task()\ndef first(): ...\n")
    program = place.start()
    program.wait_for(lambda: program.row("second"))
    program.wait_for("fisrt")
    program.wait_for(lambda: "first" in program.text and ("no task" in program.text or "not found" in program.text))
    assert program.quit() == 0


def test_a_torn_log_and_a_strange_one_lose_nothing(place):
    place.write(APP + '@app.task("daily", execution="thread")\ndef once(): ...\n')
    program = place.start()
    program.wait_for(lambda: place.data.exists() and program.row("once") and place.logged("once", "success") == 1)
    assert program.quit() == 0
    log = place.kept / "log.csv"
    whole = log.read_bytes()
    log.write_bytes(whole + b"once,ru")
    program = place.start()
    program.wait_for(lambda: "success" in program.row("once"))
    program.press("r")
    program.wait_for(lambda: place.logged("once", "success") == 2)
    assert program.quit() == 0
    assert log.read_bytes().startswith(whole)
    assert (place.kept / "log.csv.torn").read_bytes().strip() == b"once,ru"
    strange = "who,what\nada,everything\n"
    log.write_text(strange)
    program = place.start()
    program.wait_for(lambda: program.row("once") and place.logged("once", "success") == 1)
    assert program.quit() == 0
    assert [file.read_text() for file in place.kept.glob("log.csv.*.old")] == [strange]
