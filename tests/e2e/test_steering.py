"""The real program in a terminal, steered by its keys."""

from __future__ import annotations

import pytest

PROJECT = """
    import time
    from redengine import RedEngine
    from redengine.args import Arg, Private, TerminationFlag
    from redengine.exc import TaskTerminationException

    app = RedEngine()
    app.params(token=Private("hunter2-very-secret"), region="north")

    @app.task(execution="thread")
    def by_hand(region=Arg("region"), token=Arg("token")):
        print(f"hello from {region}")
        return "done"

    @app.task("daily & false")
    def in_process():
        print("from another process")

    @app.task("after task 'by_hand'", execution="async")
    async def follower():
        print("followed")

    @app.task(execution="thread")
    def long_run(stop=TerminationFlag()):
        while not stop.wait(0.05):
            pass
        raise TaskTerminationException("as asked")

    if __name__ == "__main__":
        app.run()
"""


@pytest.fixture
def running(place):
    """The program on a small project, at a big terminal."""

    def start(width=160, height=45):
        place.write(PROJECT)
        program = place.start(width=width, height=height)
        # All of it is drawn once the footer is.
        program.wait_for(lambda: program.row("long_run") and "Leave" in program.lines[-1])
        program.wait_for("running")
        return program

    return start


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 45)])
def test_a_task_is_run_by_key_and_its_output_can_be_read(running, place, width, height):
    program = running(width, height)
    program.wait_for(lambda: all(map(program.row, ("by_hand", "in_process", "follower", "long_run"))))
    assert "project" in program.lines[0]
    program.press("r")
    program.wait_for(lambda: place.logged("by_hand", "success") == 1 and place.logged("follower", "success") == 1)
    program.wait_for(lambda: "success" in program.row("by_hand"))
    program.press("l")
    # As the log has it, with all records there: new ones would take a cursor at the end along.
    program.wait_for("✓ success     follower")
    # The log as it begins: what was asked for, by_hand's run, then its success.
    program.press("g", "j", "j")
    program.wait_for(lambda: place.logged("follower", "success"))
    program.press("enter")
    program.wait_for("hello from north")
    program.press("escape", "q")
    assert program.ended() == 0
    assert [(row["task_name"], row["action"]) for row in place.log] == [
        ("by_hand", "command"),
        ("by_hand", "run"), ("by_hand", "success"), ("follower", "run"), ("follower", "success"),
    ]  # fmt: skip
    assert "run 'by_hand': 'by_hand' starts [uid " in place.log[0]["message"]


def test_output_of_a_process_is_captured(running, place):
    program = running()
    program.press("j", "r")
    program.wait_for(lambda: place.logged("in_process", "success") == 1)
    program.press("l", "G", "enter")
    program.wait_for("from another process")
    program.press("escape", "q")
    assert program.ended() == 0


def test_a_task_is_disabled_and_enabled_by_key(running, place):
    program = running()
    program.press("j", "j", "d")
    program.wait_for(lambda: "disabled" in program.row("follower"))
    # Disabled, it does not follow.
    program.press("k", "k", "r")
    program.wait_for(lambda: place.logged("by_hand", "success") == 1)
    program.press("j", "j", "d")
    program.wait_for(lambda: "disabled" not in program.row("follower"))
    # Enabled, it does what it has missed: by_hand has succeeded since it ran last.
    program.wait_for(lambda: place.logged("follower", "success") == 1)
    assert program.quit() == 0
    assert "disable 'follower'" in place.scheduler_log
    assert "enable 'follower'" in place.scheduler_log


def test_a_long_run_is_terminated_after_a_question(running, place):
    program = running()
    program.press("G", "r")
    program.wait_for(lambda: "running" in program.row("long_run"))
    program.press("t")
    program.wait_for("Terminate long_run?")
    program.press("n")
    program.wait_for(lambda: "Terminate long_run?" not in program.text)
    assert place.logged("long_run", "terminate") == 0
    program.press("t")
    program.wait_for("Terminate long_run?")
    program.press("y")
    program.wait_for(lambda: place.logged("long_run", "terminate") == 1)
    program.wait_for(lambda: "terminate" in program.row("long_run"))
    assert program.quit() == 0


def test_the_scheduler_is_held_and_resumed(running, place):
    program = running()
    program.press("h")
    program.wait_for(lambda: "held" in program.lines[0])
    program.press("r")
    program.wait_for(lambda: place.logged("by_hand", "success") == 1)
    program.wait_for(lambda: "queued" in program.row("follower"))
    assert place.logged("follower", "run") == 0
    program.press("h")
    program.wait_for(lambda: "running" in program.lines[0])
    program.wait_for(lambda: place.logged("follower", "success") == 1)
    assert program.quit() == 0


def test_the_list_is_filtered(running):
    program = running(80, 24)
    program.press("/")
    program.wait_for("name, state or condition")
    program.press("follow")
    program.wait_for(lambda: program.row("follower") and not program.row("long_run"))
    program.press("enter", "escape")
    program.wait_for("long_run")
    assert program.quit() == 0


def retype(program, text):
    """Edit the condition of the task under the cursor: erase what is there, and type."""
    program.press("e")
    program.wait_for("Put back")
    program.press(*["\x7f"] * len("daily & false"))
    program.wait_for("no condition: does not start by itself")
    program.press(text)


def test_a_condition_is_edited(running, place):
    program = running()
    program.press("j")
    program.wait_for("Condition · in_process")
    retype(program, "evry 10 minutes")
    program.wait_for('did you mean "every"')
    program.press("ctrl+s")
    program.wait_for("not applied")
    assert program.row("in_process").count("daily & false") == 1
    program.press("escape")
    # But for the log, in which it is that it was refused.
    program.wait_for(lambda: "evry" not in program.text.partition("─ Log ─")[0] and "Put back" not in program.text)
    assert "refused: " in program.text.partition("─ Log ─")[2]
    retype(program, "after task 'by_hand'")
    program.wait_for("false now")
    program.press("ctrl+s")
    program.wait_for(lambda: "after task 'by_hand'" in program.row("in_process"))
    program.press("escape")
    program.wait_for("q Leave")
    program.press("g")
    program.wait_for("Condition · by_hand")
    program.press("r")
    program.wait_for(lambda: place.logged("in_process", "success") == 1)
    assert program.quit() == 0
    assert "set condition 'in_process' 'evry 10 minutes': refused: line 1, column 1" in place.scheduler_log
    assert """set condition 'in_process' "after task 'by_hand'"\n""" in place.scheduler_log


def test_parameters_are_shown_with_secrets_masked(running):
    program = running()
    program.press("p")
    program.wait_for("*****")
    assert "region" in program.text
    program.press("escape")
    assert program.leave() == 0
    assert b"hunter2" not in program.sent


def test_to_stop_asks_and_can_be_taken_back(running, place):
    program = running(80, 24)
    program.press("G", "r")
    program.wait_for(lambda: "running" in program.row("long_run"))
    program.press("Q")
    program.wait_for("Stop the scheduler of project?")
    assert "Running: long_run (for" in program.text
    program.press("n")
    program.wait_for(lambda: "Stop the scheduler" not in program.text)
    program.press("Q")
    program.wait_for("Stop the scheduler of project?")
    program.press("t")
    assert program.ended() == 0
    assert place.logged("long_run", "terminate") == 1


def test_the_terminal_is_given_back(running, place):
    program = running()
    assert program.quit() == 0
    sent = bytes(program.sent)
    assert sent.rindex(b"\x1b[?1049l") > sent.rindex(b"\x1b[?1049h")
    assert sent.rindex(b"\x1b[?25h") > sent.rindex(b"\x1b[?25l")
    assert not (place.kept / "running.json").exists()


def test_a_terminal_of_20_by_10(place):
    place.write(PROJECT)
    program = place.start(width=20, height=10)
    program.wait_for("needed")
    program.press("r")
    assert program.leave() == 0
    # Nothing is done to a task that cannot be seen.
    assert place.log == []


def test_keys_of_one_burst_keep_their_order(running):
    # As a line that stalls delivers them: all at once.
    program = running(80, 24)
    program.press("/follow")
    program.wait_for(lambda: program.row("follower") and not program.row("long_run"))
    program.press("x\x7f\x1b[27ugje" + "\x7f" * len("daily & false") + "hourley\x7f\x7fy")
    program.wait_for("Condition · in_process")
    program.wait_for("hourly")
    # The first may close the list of completions alone.
    program.press("escape", "escape")
    program.wait_for("q Leave")
    assert program.quit() == 0
