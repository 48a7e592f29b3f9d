"""Who leaves the screen leaves the scheduler running: the prompt comes back, and so can the screen."""

from __future__ import annotations

import os
import signal
import time
from itertools import pairwise

import pytest

PROJECT = """
    import os, sys, time
    from redengine import RedEngine
    from redengine.args import Session

    app = RedEngine(config={"restarting": HOW})

    @app.setup()
    def note():
        with open("lives", "a") as lives:
            lives.write(f"{os.getpid()} {os.getsid(0)} {' '.join(sys.orig_argv[3:])}\\\\n")

    @app.task("every 200 ms", execution="thread")
    def tick():
        pass

    @app.task()
    def long_run():
        time.sleep(3)
        print("done")

    @app.cond("is asked for")
    def is_asked_for():
        return os.path.exists("again") and len(open("lives").readlines()) == 1

    @app.task("is asked for", execution="thread")
    def again(session=Session()):
        session.restart()
"""


@pytest.fixture
def project(place):
    """Writes the project, restarted as it is told."""

    def write(how="replace"):
        place.write(PROJECT.replace("HOW", repr(how)).replace("\\\\n", "\\n"))

    write()
    return write


def lives(place):
    """What each life of the scheduler noted: process, session, arguments."""
    found = [line.split(" ", 2) for line in (place.folder / "lives").read_text().splitlines()]
    return [(int(pid), int(session), arguments.strip()) for pid, session, arguments in found]


def in_order(program):
    """Whether the terminal was given back as it was."""
    sent = bytes(program.sent)
    return sent.rindex(b"\x1b[?1049l") > sent.rindex(b"\x1b[?1049h") and sent.rindex(b"\x1b[?25h") > sent.rindex(
        b"\x1b[?25l"
    )


def went_on(place, until):
    """Wait until the scheduler has started something more."""
    before = place.logged("tick", "success")
    until(lambda: place.logged("tick", "success") > before + 2)


def stopped(place, until, alive):
    """Stop the scheduler in order, and look at what it leaves."""
    scheduler = place.scheduler
    os.kill(scheduler, signal.SIGTERM)
    until(lambda: not alive(scheduler))
    assert not (place.kept / "running.json").exists()
    assert place.logged("tick", "run") == place.logged("tick", "success") + place.logged("tick", "terminate")
    assert place.scheduler_log.rstrip().endswith("Good bye.")


def test_the_prompt_is_back_at_once_and_nothing_is_disturbed(place, project, until, alive):
    program = place.start()
    program.wait_for("long_run")
    program.press("G", "k", "r")
    program.wait_for(lambda: "running" in program.row("long_run"))
    scheduler = place.scheduler
    pressed = time.monotonic()
    assert program.leave() == 0
    # Half a second on a machine with nothing else to do.
    assert time.monotonic() - pressed < 2
    assert in_order(program)
    assert f"The scheduler of {place.project} goes on (process {scheduler})." in program.text.replace("\n", "")
    assert place.owner["terminal"] is None
    went_on(place, until)
    until(lambda: place.logged("long_run", "success") == 1)
    # Come back: the same life, with the run that ended meanwhile.
    again = place.start()
    again.wait_for(lambda: "success" in again.row("long_run"))
    assert place.scheduler == scheduler
    assert len(lives(place)) == 1
    # That is not said twice.
    assert again.leave() == 0
    assert "goes on" not in again.text
    stopped(place, until, alive)
    starts = [float(row["created"]) for row in place.log if (row["task_name"], row["action"]) == ("tick", "run")]
    gaps = sorted(after - before for before, after in pairwise(starts))
    assert gaps[len(gaps) // 2] < 0.25
    assert place.logged("long_run", "run") == 1


def test_to_come_and_go_many_times_is_all_the_same_to_the_scheduler(place, project, until, alive):
    place.start().wait_for("long_run")
    scheduler = place.scheduler
    for _ in range(5):
        visitor = place.start(width=80, height=24)
        visitor.wait_for(lambda visitor=visitor: "success" in visitor.row("tick"))
        assert visitor.leave() == 0
    assert place.scheduler == scheduler
    went_on(place, until)
    stopped(place, until, alive)


def test_a_hang_up_that_was_only_said_gives_the_terminal_back(place, project, until, alive):
    program = place.start()
    program.wait_for("long_run")
    program.signal(signal.SIGHUP)
    assert program.ended() == 0
    assert in_order(program)
    went_on(place, until)
    stopped(place, until, alive)


def test_a_parent_that_is_killed_costs_the_screen_alone(place, project, until, alive):
    program = place.start()
    program.wait_for("long_run")
    program.signal(signal.SIGKILL)
    assert program.ended() == -signal.SIGKILL
    until(lambda: place.owner["terminal"] is None)
    went_on(place, until)
    stopped(place, until, alive)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_terminal_that_takes_nothing_keeps_nobody(place, project, until, alive, number):
    program = place.start()
    program.wait_for("long_run")
    scheduler = place.scheduler
    with program.stalled():
        # Until the terminal is full.
        for _ in range(40):
            program.press("\x0c")
            time.sleep(0.05)
        program.signal(number)
        if number == signal.SIGTERM:
            until(lambda: not alive(scheduler))
        else:
            until(lambda: place.owner["terminal"] is None)
            went_on(place, until)
    program.ended()
    if number != signal.SIGTERM:
        stopped(place, until, alive)
    assert not (place.kept / "running.json").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_ends_an_attached_screen_ends_no_scheduler(place, project, until, alive, number):
    place.start().wait_for("long_run")
    visitor = place.start()
    visitor.wait_for("long_run")
    visitor.signal(number)
    assert visitor.ended() == 0
    assert in_order(visitor)
    assert "Traceback" not in visitor.text
    gone = place.start()
    gone.wait_for("long_run")
    gone.hang_up()
    assert gone.ended() == 0
    went_on(place, until)
    stopped(place, until, alive)


@pytest.mark.parametrize("how", ["replace", "relaunch"])
def test_a_restart_under_a_screen_keeps_its_place(place, project, until, how):
    project(how)
    program = place.start()
    program.wait_for("long_run")
    program.wait_for(lambda: place.logged("tick", "success"))
    (place.folder / "again").touch()
    until(lambda: len(lives(place)) == 2)
    program.wait_for(lambda: program.sent.count(b"\x1b[?1049h") == 2 and program.row("long_run"))
    (first, session, arguments), second = lives(place)
    assert second == (first, session, arguments)
    assert first == session != program.pid
    went_on(place, until)
    # The parent is still the one that waits.
    assert program.leave() == 0
    assert in_order(program)
    assert place.scheduler == first


@pytest.mark.parametrize("how", ["replace", "relaunch", "fresh"])
def test_a_restart_without_a_screen_needs_none(place, project, until, alive, how):
    project(how)
    program = place.start()
    program.wait_for("long_run")
    program.wait_for(lambda: place.logged("tick", "success"))
    assert program.leave() == 0
    (place.folder / "again").touch()
    until(lambda: len(lives(place)) == 2)
    (first, _, _), (second, _, arguments) = lives(place)
    assert (first == second) is (how == "replace")
    assert arguments.startswith(f"run {place.project} --headless")
    assert os.path.realpath(f"/proc/{second}/fd/0") == "/dev/null"
    until(lambda: place.scheduler == second)
    went_on(place, until)
    visitor = place.start()
    visitor.wait_for("long_run")
    assert visitor.leave() == 0
    stopped(place, until, alive)


def test_a_fresh_start_lets_go_of_the_terminal(place, project, until):
    project("fresh")
    program = place.start()
    program.wait_for("long_run")
    program.wait_for(lambda: place.logged("tick", "success"))
    (place.folder / "again").touch()
    assert program.ended() == 0
    assert in_order(program)
    assert "redengine-tui attach" in program.text
    until(lambda: len(lives(place)) == 2 and place.scheduler == lives(place)[1][0])
    went_on(place, until)


def test_what_was_typed_is_asked_about(place, project):
    program = place.start(width=80, height=24)
    program.wait_for("long_run")
    program.press("e", "x")
    program.wait_for("modified")
    # What ends any program of its kind, wherever the keyboard is.
    program.press("\x11")
    program.wait_for("Leave with an edited condition?")
    program.press("s")
    program.wait_for(lambda: "Leave with" not in program.text)
    program.press("\x11")
    program.wait_for("Leave with an edited condition?")
    program.press("l")
    assert program.ended() == 0


def test_waiting_can_be_taken_back(place, project, until):
    program = place.start(width=80, height=24)
    program.wait_for("long_run")
    program.press("G", "k", "r")
    program.wait_for(lambda: "running" in program.row("long_run"))
    program.press("Q")
    program.wait_for("Stop the scheduler of project?")
    assert "long_run (for" in program.line("Running:")
    program.press("w")
    program.wait_for(lambda: "draining" in program.lines[0])
    program.press("Q")
    program.wait_for("Keep running")
    program.press("k")
    program.wait_for(lambda: "running" in program.lines[0])
    went_on(place, until)
    assert program.quit() == 0
    assert place.logged("long_run", "success") == 1


def test_a_demo_ends_with_its_terminal(place, until, alive):
    program = place.start("demo")
    program.wait_for("rebuild_search_index")
    scheduler = place.scheduler
    assert scheduler == program.pid
    program.hang_up()
    assert program.ended() == 0
    assert not alive(scheduler)
    assert not (place.kept / "running.json").exists()


def test_a_screen_that_fails_costs_the_scheduler_nothing(place, project, until, alive):
    place.write(
        place.project.read_text()
        + """
from redengine_tui.screens.main import MainScreen

def fails(self):
    raise RuntimeError("the screen is broken")

MainScreen.action_toggle_hold = fails
"""
    )
    program = place.start()
    program.wait_for("long_run")
    program.press("h")
    assert program.ended() == 1
    assert in_order(program)
    assert f"The screen failed: {place.kept / 'stray-output.txt'} says why." in program.text.replace("\n", "")
    assert "goes on (process" in program.text
    assert "the screen is broken" in (place.kept / "stray-output.txt").read_text()
    went_on(place, until)
    stopped(place, until, alive)


def test_another_app_of_the_file_is_not_taken_for_the_one_that_runs(place):
    place.write("""
        from redengine import RedEngine

        first, second = RedEngine(), RedEngine()

        @first.task("daily & false")
        def one():
            pass
    """)
    place.start(f"{place.project}:first").wait_for("one")
    other = place.start(f"{place.project}:second")
    assert other.ended() == 3
    assert "with its app first, not second" in other.text
    visitor = place.start(f"{place.project}:first")
    visitor.wait_for("one")
    assert visitor.leave() == 0


def test_an_attached_screen_that_fails_says_why(place, project, until, alive):
    broken = """
from redengine_tui.screens.main import MainScreen

def fails(self):
    raise RuntimeError("the screen is broken")

MainScreen.action_toggle_hold = fails
"""
    (place.folder / "sitecustomize.py").write_text(broken)
    place.start().wait_for("long_run")
    place.env["PYTHONPATH"] = f"{place.folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    for command in ((), ("attach",)):
        visitor = place.start(*command, str(place.project))
        visitor.wait_for("long_run")
        visitor.press("h")
        assert visitor.ended() == 1
        assert in_order(visitor)
        assert b"The screen failed. The scheduler goes on." in visitor.sent
        assert b"the screen is broken" in visitor.sent
    went_on(place, until)
    stopped(place, until, alive)
