"""The parent that keeps the place in the shell: it exits as the child says, ends or is killed, and hands on signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

if sys.platform == "win32":
    pytest.skip("there is no such thing as a fork", allow_module_level=True)

START = """
import os, signal, sys, time
from redengine_tui.foreground import Keeper, begin

def wait():
    while True:
        time.sleep(60)

keeper = begin()
print(os.getpid(), os.getsid(0), os.getppid(), flush=True)
"""
PATIENCE = 30


@pytest.fixture
def start():
    """Starts a program that is kept; gives the parent and its child's process."""
    begun, children = [], []

    def start(code, *args):
        process = subprocess.Popen(
            [sys.executable, "-c", START + code, *args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        begun.append(process)
        child, session, parent = map(int, process.stdout.readline().split())
        children.append(child)
        assert parent == process.pid
        assert child == session
        return process, child

    yield start
    for process in begun:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    for child in children:
        if alive(child):
            os.kill(child, signal.SIGKILL)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(status.strip()) and not status.startswith("Z")


def until(what):
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_it_ends_as_its_child_does(start):
    process, _ = start("sys.exit(3)")
    assert process.wait(PATIENCE) == 3


def test_it_is_killed_as_its_child_is(start):
    process, child = start("wait()")
    os.kill(child, signal.SIGKILL)
    assert process.wait(PATIENCE) == -signal.SIGKILL


def test_it_leaves_when_it_is_told_to_and_the_child_goes_on(start):
    process, child = start("keeper.leave(5, 'so long\\nand come back')\nkeeper.leave(6)\nwait()")
    assert process.wait(PATIENCE) == 5
    assert [process.stderr.readline() for _ in range(2)] == ["so long\n", "and come back\n"]
    assert alive(child)


def test_a_grandchild_that_keeps_the_descriptors_holds_nobody_up(start):
    process, child = start("if not os.fork():\n    wait()\nprint('forked', flush=True)\nsys.exit(4)")
    assert process.wait(PATIENCE) == 4
    # Of its session, which this test has begun.
    os.killpg(child, signal.SIGKILL)


@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT", "SIGWINCH", "SIGTSTP"])
def test_it_hands_signals_on(start, name):
    process, _ = start(f"""
signal.signal(signal.{name}, lambda number, frame: (print(number, flush=True), keeper.leave(0)))
print("ready", flush=True)
wait()
""")
    assert process.stdout.readline() == "ready\n"
    process.send_signal(getattr(signal, name))
    assert int(process.stdout.readline()) == getattr(signal, name)
    assert process.wait(PATIENCE) == 0


def test_its_end_is_heard_of(start):
    process, child = start("""
signal.signal(signal.SIGHUP, lambda number, frame: (print("alone", flush=True), keeper.leave(0), os._exit(0)))
keeper.watch(os.open(os.devnull, os.O_WRONLY))
print("ready", flush=True)
wait()
""")
    assert process.stdout.readline() == "ready\n"
    process.kill()
    assert process.stdout.readline() == "alone\n"
    until(lambda: not alive(child))


def test_whoever_was_told_to_leave_is_not_missed(start):
    process, child = start("""
signal.signal(signal.SIGHUP, lambda number, frame: os._exit(7))
keeper.watch(os.open(os.devnull, os.O_WRONLY))
keeper.leave(0)
for _ in range(20):
    time.sleep(0.05)
print("still there", flush=True)
wait()
""")
    assert process.wait(PATIENCE) == 0
    assert process.stdout.readline() == "still there\n"
    assert alive(child)


def test_it_is_suspended_in_place_of_its_child(start):
    process, _ = start("""
signal.signal(signal.SIGTSTP, lambda number, frame: keeper.suspend())
signal.signal(signal.SIGCONT, lambda number, frame: (print("back", flush=True), keeper.leave(0)))
print("ready", flush=True)
wait()
""")
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    assert process.stdout.readline() == "back\n"
    assert process.wait(PATIENCE) == 0


def test_the_program_that_takes_the_place_of_the_child_has_the_same_parent(start):
    process, child = start(
        """
if len(sys.argv) == 1:
    keeper.hand_over()
    os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], "again"])
assert "REDENGINE_TUI_KEPT_BY" not in os.environ
keeper.leave(8)
""",
    )
    assert process.stdout.readline().split() == [str(child), str(child), str(process.pid)]
    assert process.wait(PATIENCE) == 8


@pytest.mark.parametrize("said", ["", "x", "1 2", "1 0 1", "-1 -1 -1", "ITSELF 900 901"])
def test_what_is_no_parent_is_not_taken_for_one(said, monkeypatch):
    from redengine_tui.foreground import KEPT_BY, Keeper

    monkeypatch.setenv(KEPT_BY, said.replace("ITSELF", str(os.getpid())))
    assert Keeper.handed_over() is None
    assert KEPT_BY not in os.environ
