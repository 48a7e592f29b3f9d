"""How the real program ends, is ended, loses its terminal, and starts again."""

from __future__ import annotations

import os
import signal

import pytest

PROJECT = """
    import os, time
    from redengine import RedEngine
    from redengine.args import TerminationFlag
    from redengine.exc import TaskTerminationException

    app = RedEngine()

    @app.task("every 200 ms", execution="thread")
    def tick():
        pass

    @app.task("daily", execution="thread")
    def once():
        pass

    @app.task()
    def in_process():
        print(os.getpid(), flush=True)
        time.sleep(300)

    @app.task(execution="thread")
    def in_thread(stop=TerminationFlag()):
        stop.wait(300)
        raise TaskTerminationException

    app.task(name="command", command=["sleep", "300"])
"""


def run_all(place, program):
    """Start every long task, and return the ids of the processes they are in."""
    for number, task in enumerate(("in_process", "in_thread", "command"), start=2):
        program.press("g", *["j"] * number)
        program.wait_for(lambda task=task: f"Condition · {task}" in program.text)
        program.press("r")
        program.wait_for(lambda task=task: place.logged(task, "run") == 1)
    return program.wait_for(lambda: worker_of(place))


def worker_of(place):
    """The process of the task ``in_process``, once it has said which it is."""
    for file in (place.kept / "output").iterdir():
        if file.read_text().endswith("\n"):
            return int(file.read_text())
    return None


def children(pid):
    """The processes that a process has started."""
    with os.popen(f"ps -o pid= --ppid {pid}") as listing:
        return [int(line) for line in listing if line.strip()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_cleanly(place, alive, until, number):
    place.write(PROJECT)
    program = place.start()
    program.wait_for("in_process")
    worker = run_all(place, program)
    started = children(place.scheduler)
    assert worker in started
    program.signal(number)
    assert program.ended() == 0
    for task in ("in_process", "in_thread", "command"):
        assert place.logged(task, "terminate") == 1, task
    assert place.logged("tick", "run") == sum(
        place.logged("tick", end) for end in ("success", "fail", "terminate", "crash")
    )
    until(lambda: not any(map(alive, started)))
    assert not (place.kept / "running.json").exists()
    assert program.sent.rindex(b"\x1b[?1049l") > program.sent.rindex(b"\x1b[?1049h")
    assert place.scheduler_log.rstrip().endswith("Good bye.")
    # The lock is free again.
    again = place.start()
    again.wait_for("in_process")
    assert again.quit() == 0


def test_a_signal_before_there_is_a_screen(place):
    place.write("""
        import os, signal
        from redengine import RedEngine

        app = RedEngine()

        @app.session.hook_startup()
        def at_start():
            os.kill(os.getpid(), signal.SIGTERM)
    """)
    assert place.start().ended() == 0


def test_without_a_terminal_the_scheduler_goes_on(place, until, alive):
    place.write(PROJECT)
    program = place.start()
    program.wait_for("in_process")
    program.wait_for(lambda: place.logged("tick", "success") > 1)
    scheduler = place.scheduler
    program.hang_up()
    assert program.ended() == 0
    before = place.logged("tick", "success")
    until(lambda: place.logged("tick", "success") > before + 3)
    assert alive(scheduler)
    assert place.owner["terminal"] is None
    os.kill(scheduler, signal.SIGTERM)
    until(lambda: not alive(scheduler))
    assert place.logged("tick", "run") == place.logged("tick", "success")
    assert not (place.kept / "running.json").exists()


def test_killed_and_started_again(place):
    place.write(PROJECT)
    program = place.start()
    program.wait_for("in_process")
    run_all(place, program)
    program.wait_for(lambda: place.logged("once", "success") == 1)
    project = str(place.project)
    assert "in_process: It has been running since" in place.call("explain", project, "in_process").stdout
    scheduler = place.scheduler
    assert f"running    process {scheduler} on /dev/" in place.call("locate", project).stdout
    os.kill(scheduler, signal.SIGKILL)
    assert program.ended() == -signal.SIGKILL
    # The one that is left gives the terminal back.
    assert program.sent.rindex(b"\x1b[?1049l") > program.sent.rindex(b"\x1b[?1049h")
    assert "never ended: will be logged as crashed" in place.call("explain", project, "in_process").stdout
    assert f"no (process {scheduler} died without ending)" in place.call("locate", project).stdout
    again = place.start()
    again.wait_for("in_process")
    for task in ("in_process", "in_thread", "command"):
        again.wait_for(lambda task=task: "crash" in again.row(task))
        assert place.logged(task, "crash") == 1
    ticks = place.logged("tick", "success")
    again.wait_for(lambda: place.logged("tick", "success") > ticks)
    assert place.logged("once", "run") == 1
    assert again.quit() == 0
    assert place.logged("in_process", "run") == 1


def test_a_second_start_shows_the_scheduler_that_there_is(place, until, alive):
    place.write(PROJECT)
    program = place.start()
    program.wait_for("in_process")
    scheduler = place.scheduler
    second = place.start()
    second.wait_for("in_process")
    assert place.scheduler == scheduler
    assert second.leave() == 0
    third = place.start()
    third.wait_for("in_process")
    # Who has the scheduler stop on one screen ends it for all.
    assert third.quit() == 0
    program.wait_for(lambda: "stopped" in program.lines[0])
    program.press("q")
    assert program.ended() == 0
    assert not alive(scheduler)


def test_a_scheduler_that_is_to_end_with_its_screen_is_no_other_one(place):
    place.write(PROJECT)
    program = place.start()
    program.wait_for("in_process")
    second = place.start("run", str(place.project), "--stop-on-quit")
    assert second.ended() == 3
    assert f"process {place.scheduler} on /dev/" in second.text
    assert b"\x1b[?1049h" not in second.sent
    assert program.quit() == 0


def test_a_killed_worker_is_a_crash_within_a_second(place):
    place.write(PROJECT)
    program = place.start()
    program.wait_for("in_process")
    program.press("g", "j", "j")
    program.wait_for("Condition · in_process")
    program.press("r")
    worker = program.wait_for(lambda: worker_of(place))
    os.kill(worker, signal.SIGKILL)
    # What a slow machine takes to draw is not the scheduler's second: that is told by its own record.
    program.wait_for(lambda: "crash" in program.row("in_process"))
    actions = [row["action"] for row in place.log if row["task_name"] == "in_process"]
    assert actions == ["command", "run", "crash"]
    assert place.logged("in_process", "run") == 1
    assert program.quit() == 0


def test_the_scheduler_that_fails_says_so(place):
    place.write("""
        from redengine import RedEngine

        app = RedEngine()

        @app.task("every 10 s")
        def some():
            pass

        @app.session.hook_scheduler_cycle()
        def breaks():
            raise RuntimeError("the hook is broken")
    """)
    program = place.start()
    program.wait_for(lambda: "failed" in program.lines[0])
    program.press("q")
    assert program.ended() == 1
    assert b"The scheduler failed: RuntimeError: the hook is broken" in program.sent
    assert "the hook is broken" in place.scheduler_log


def test_a_scheduler_that_is_done_leaves_its_screen(place):
    place.write("""
        from redengine import RedEngine
        from redengine.conds import succeeded

        app = RedEngine()

        @app.task("daily", execution="thread")
        def last():
            pass

        app.session.config.shut_cond = succeeded(task="last").today
    """)
    program = place.start()
    program.wait_for(lambda: "stopped" in program.lines[0])
    program.wait_for(lambda: "success" in program.row("last"))
    program.press("r")
    program.wait_for("The scheduler is not running")
    assert program.quit() == 0


BUSY = """
    import time
    from redengine import RedEngine

    app = RedEngine()

    @app.task("daily", execution="main")
    def busy():
        print("busy", flush=True)
        time.sleep(300)
"""


def insist(program, until):
    """Ask again and again: two signals at once would be one."""

    def ask():
        program.signal(signal.SIGTERM)
        return program.process.poll() is not None

    until(ask)


def test_who_asks_twice_does_not_wait_for_a_busy_scheduler(place, until):
    place.write(BUSY)
    program = place.start()
    program.wait_for("Condition · busy")
    until(lambda: "busy" in "".join(file.read_text() for file in place.kept.glob("output/*")))
    insist(program, until)
    # The one signal too many may have come when all was done.
    assert program.ended() in (0, -signal.SIGTERM)
    assert program.sent.rindex(b"\x1b[?1049l") > program.sent.rindex(b"\x1b[?1049h")
    # What was running then is told at the next start.
    again = place.start()
    again.wait_for("Condition · busy")
    until(lambda: place.logged("busy", "crash") == 1)
    insist(again, until)
    again.ended()


def test_an_operator_who_leaves_at_once_is_not_kept(place):
    place.write(PROJECT.replace("stop.wait(300)", "time.sleep(300)"))
    program = place.start("run", str(place.project), "--stop-on-quit")
    program.wait_for("in_thread")
    program.press("g", "j", "j", "j")
    program.wait_for("Condition · in_thread")
    program.press("r")
    program.wait_for(lambda: place.logged("in_thread", "run") == 1)
    program.wait_for(lambda: "running" in program.row("in_thread"))
    program.press("q")
    # A tick may run at that moment, too.
    program.wait_for(lambda: "t Terminate it" in program.text or "t Terminate them" in program.text)
    program.press("t")
    program.wait_for(lambda: "stopping" in program.lines[0])
    program.press("q")
    program.wait_for("Leave now")
    program.press("l")
    assert program.ended(timeout=8) == 0
    assert program.sent.rindex(b"\x1b[?1049l") > program.sent.rindex(b"\x1b[?1049h")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 45)])
def test_the_demo(place, width, height):
    program = place.start("demo", width=width, height=height)
    program.wait_for(lambda: "success" in program.row("disk_space") and "success" in program.row("report_sales"))
    assert "demo" in program.lines[0]
    assert "disabled" in program.row("old_newsletter")
    program.press("q")
    program.wait_for("Stop the scheduler of demo?")
    assert "rebuild_search_index (for" in program.text
    program.press("t")
    assert program.ended() == 0
    assert place.logged("rebuild_search_index", "terminate") == 1
