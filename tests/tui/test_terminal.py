"""Only the screen writes to the terminal; all else that is printed goes to a file."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, subprocess, sys
from pathlib import Path
from redengine_tui.terminal import kept_for_screen

print("before")
try:
    with kept_for_screen(Path(sys.argv[1])) as terminal:
        print("printed")
        print("to stderr", file=sys.stderr)
        os.write(1, b"written\\n")
        subprocess.run(["echo", "by a child"])
        sys.stdout.flush()
        if sys.argv[2] != "abandon":
            sys.__stderr__.write("from the screen\\n")
        sys.__stderr__.flush()
        if sys.argv[2] == "abandon":
            terminal.abandon()
            terminal.stream.write("lost\\n")
            terminal.stream.flush()
            assert not os.read(0, 1)
        if sys.argv[2] == "fail":
            raise KeyError("inside")
except KeyError:
    pass
print("after")
"""


def run(tmp_path, mode):
    stray = tmp_path / "stray.txt"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(stray), mode],
        capture_output=True, text=True, timeout=60, check=False, input="typed",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done, sorted(stray.read_text().splitlines())


STRAY = sorted(["printed", "to stderr", "written", "by a child"])


@pytest.mark.parametrize("mode", ["plain", "fail"])
def test_all_but_the_screen_goes_to_the_file(tmp_path, mode):
    done, stray = run(tmp_path, mode)
    assert stray == STRAY
    assert done.stdout.splitlines() == ["before", "after"]
    assert done.stderr.splitlines() == ["from the screen"]


def test_a_terminal_that_is_gone_is_let_go(tmp_path):
    done, stray = run(tmp_path, "abandon")
    # What is said at the end is no longer said there.
    assert stray == sorted([*STRAY, "after"])
    assert (done.stdout, done.stderr) == ("before\n", "")
