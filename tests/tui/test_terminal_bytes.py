"""What really goes to a terminal: the whole program on a pty, fed with hostile text."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import pexpect
import pytest

PROGRAM = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("fakes", sys.argv[1])
fakes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fakes)
from redengine.control import messages as m
from redengine_tui.app import RedEngineTUI

EVIL = "MARK\\x1b]52;c;RVZJTA==\\x07\\x9b31mEVIL\\x1b[2JEVIL"
task = fakes.task(EVIL, start_cond=EVIL, description=EVIL, next=m.NextStart("when", text=EVIL))
controller = fakes.FakeController([task], project=EVIL, host=EVIL)
controller.log = [m.LogEntry(1, fakes.NOW, EVIL, "fail", EVIL, exc_text=EVIL)]
controller.replies[m.Run] = m.Reply(False, EVIL)
controller.replies[m.ShutDown] = lambda command: (controller.push(state="stopped"), m.Reply(True))[1]
RedEngineTUI(controller, clock=fakes.FakeClock()).run()
"""


@pytest.fixture
def terminal(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    fakes = Path(__file__).with_name("conftest.py")

    def spawn(height, width):
        # Of these two a size would be taken in place of the terminal's own.
        env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        env["TERM"] = "xterm-256color"
        command = [str(program), str(fakes)]
        child = pexpect.spawn(sys.executable, command, dimensions=(height, width), timeout=10, env=env)
        children.append(child)
        return child

    children: list[pexpect.spawn] = []
    yield spawn
    for child in children:
        child.close(force=True)


def until_quiet(child) -> bytes:
    """What is sent until nothing more comes for a while."""
    sent = b""
    with suppress(pexpect.TIMEOUT):
        while True:
            sent += child.read_nonblocking(65536, timeout=0.3)
    return sent


def test_no_outside_sequence_reaches_the_terminal(terminal):
    child = terminal(45, 160)
    child.expect("MARK")
    sent = child.before + child.after
    for key in ("r", "\r", "\x1b", "l", "\r", "\x1b", "q"):
        sent += until_quiet(child)
        child.send(key)
    child.expect(pexpect.EOF)
    sent += child.before
    assert b"MARK\xe2\x90\x9b]52;c;RVZJTA==" in sent
    assert b"\x1b]52" not in sent
    assert b"\x9b31m" not in sent
    assert b"\x1b[2JEVIL" not in sent
    child.wait()
    assert child.exitstatus == 0


def test_a_terminal_of_20_by_10_is_told_what_is_needed(terminal):
    child = terminal(10, 20)
    child.expect("is needed")
    child.send("q")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0
