"""The real program on a real pseudo-terminal, and a screen that understands what it draws."""

from __future__ import annotations

import csv
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import dedent
from typing import Any

import pyte
import pytest
from on_terminal import ASKS_FOR_FRAMES, KNOWS_FRAMES, start_on_terminal
from sshd import NoServer, Sshd

#: Seconds until something that has to happen counts as not happening. Long: only a failing test waits for it.
PATIENCE = 30.0

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]

#: Escape as newer terminals send it: the one byte of older ones would be taken together with the key after it.
KEYS = {"enter": "\r", "escape": "\x1b[27u", "tab": "\t", "ctrl+s": "\x13", "ctrl+c": "\x03", "ctrl+u": "\x15"}


class Program:
    """A program on a pseudo-terminal of its own."""

    def __init__(self, command: list[str], env: dict[str, str], cwd: Path, width: int, height: int) -> None:
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        #: All that the program ever sent to the terminal.
        self.sent = bytearray()
        self._changed = threading.Condition()
        self._lines: list[str] | None = None
        self._unplugged = False
        #: Cleared while nothing is read.
        self._reading = threading.Event()
        self._reading.set()
        self._master, self.process = start_on_terminal(command, env, cwd, width, height)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process that the shell would wait for. That of the scheduler is :attr:`Place.scheduler`."""
        return self.process.pid

    def _read(self) -> None:
        while not self._unplugged:
            if not self._reading.wait(0.1) or not select.select([self._master], [], [], 0.1)[0]:
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError:  # what a terminal says when its last user is gone
                data = b""
            if ASKS_FOR_FRAMES in data:
                os.write(self._master, KNOWS_FRAMES)
            with self._changed:
                self.sent += data
                self._stream.feed(data)
                self._lines = None
                self._changed.notify_all()
            if not data:
                return

    # What there is to see

    @property
    def lines(self) -> list[str]:
        with self._changed:
            if self._lines is None:
                self._lines = list(self._screen.display)
            return self._lines

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def line(self, part: str) -> str:
        """The first line that has a text; empty when none has."""
        return next((line for line in self.lines if part in line), "")

    def row(self, task: str) -> str:
        """The line of a task in the task list; empty when there is none."""
        row = re.compile(rf"^│ \S \w+ +{re.escape(task)}\b")
        return next((line for line in self.lines if row.match(line)), "")

    def wait_for(self, what: str | Callable[[], Any], timeout: float = PATIENCE) -> Any:
        """Wait until a text is on the screen, or until a function is true; returns its value."""
        seen = (lambda: what in self.text) if isinstance(what, str) else what
        end = time.monotonic() + timeout
        while not (value := seen()):
            left = end - time.monotonic()
            if left <= 0 or (self.process.poll() is not None and not self._reader.is_alive()):
                if value := seen():
                    break
                ended = "" if self.process.poll() is None else f" (the program has ended: {self.process.returncode})"
                wanted = repr(what) if isinstance(what, str) else f"{what} to be true"
                pytest.fail(f"waited in vain for {wanted}{ended}; the screen:\n{self.text}")
            with self._changed:
                # Files change without a word to us, so not for long.
                self._changed.wait(0.05)
        return value

    # What can be done to it

    def press(self, *keys: str) -> None:
        """Type keys, by name or as they are."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def leave(self) -> int:
        """Leave the screen to itself, and its scheduler; returns the exit code."""
        self.press("q")
        return self.ended()

    def quit(self) -> int:
        """Stop the scheduler, and wait for a run of which it is not known yet that it has ended; returns the exit
        code."""
        self.press("Q")
        self.wait_for(lambda: self.process.poll() is not None or "n No" in self.text)
        if self.process.poll() is None:
            self.press("w" if "w Wait for" in self.text else "y")
        return self.ended()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Nothing is read from the terminal meanwhile, as of a connection that hangs."""
        self._reading.clear()
        try:
            yield
        finally:
            self._reading.set()

    def hang_up(self) -> None:
        """Take the terminal away, as a connection that breaks does."""
        self._unplugged = True
        self._reader.join()
        os.close(self._master)
        self._master = -1

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self, timeout: float = PATIENCE) -> int:
        """Wait for the end of the program, and of what it sends; returns its exit code."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the program did not end; the screen:\n{self.text}")
        if self._master >= 0:
            self._reader.join(timeout=5)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._master >= 0:
            self.hang_up()


class Place:
    """A project file with everything of the program around it in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.project = folder / "project.py"
        self.env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        # Not in pytest's folder: the path of a socket must be short.
        self.runtime = Path(tempfile.mkdtemp(prefix="redengine-", dir="/tmp"))
        self.env |= {
            "XDG_RUNTIME_DIR": str(self.runtime),
            "TERM": "xterm-256color",
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_DATA_HOME": str(folder / "share"),
            "REDENGINE_TUI_DATA_DIR": str(self.data),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._programs: list[Program] = []

    def write(self, source: str, name: str = "project.py") -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.write_text(dedent(source), encoding="utf-8")
        return path

    def start(self, *args: str, width: int = 160, height: int = 45) -> Program:
        """Start the program on a terminal; without arguments on the project."""
        command = [sys.executable, "-m", "redengine_tui.cli", *(args or (str(self.project),))]
        program = Program(command, self.env, self.folder, width, height)
        self._programs.append(program)
        return program

    def call(self, *args: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the program to its end without a terminal."""
        command = [sys.executable, "-m", "redengine_tui.cli", *args]
        return subprocess.run(
            command, env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE,
            stdin=subprocess.DEVNULL, check=False, **options,
        )  # fmt: skip

    # What the program has left

    @property
    def kept(self) -> Path:
        """The project's own folder under the data directory."""
        (folder,) = (self.data / "projects").iterdir()
        return folder

    @property
    def log(self) -> list[dict[str, str]]:
        """The records of the log, oldest first."""
        file = self.kept / "log.csv"
        if not file.exists():
            return []
        with file.open(newline="", encoding="utf-8") as lines:
            return list(csv.DictReader(lines))

    def logged(self, task: str, action: str) -> int:
        """How many records of this kind there are."""
        return sum(row["task_name"] == task and row["action"] == action for row in self.log)

    @property
    def scheduler_log(self) -> str:
        return (self.kept / "scheduler.log").read_text(encoding="utf-8")

    @property
    def owner(self) -> dict[str, Any]:
        """What is written of the process that schedules the project; empty: nothing."""
        return _owner(self.kept)

    @property
    def scheduler(self) -> int:
        """The process that schedules the project; 0: none is known."""
        return int(self.owner.get("pid", 0))

    def close(self) -> None:
        """End every program and every scheduler: they outlive their terminals."""
        folders = self.data / "projects"
        for pid in [_owner(folder).get("pid", 0) for folder in folders.iterdir()] if folders.is_dir() else ():
            _end(pid)
        for program in self._programs:
            program.close()
        # Those that were about to begin, or to begin anew.
        for pid in [_owner(folder).get("pid", 0) for folder in folders.iterdir()] if folders.is_dir() else ():
            _end(pid)
        shutil.rmtree(self.runtime, ignore_errors=True)


def _owner(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        owner: dict[str, Any] = json.loads((folder / "running.json").read_text())
        return owner
    return {}


def _end(pid: int) -> None:
    """End a scheduler of a test: in order if it can be had, so that its workers end as well."""
    for number, patience in ((signal.SIGTERM, 12), (signal.SIGKILL, 5)):
        end = time.monotonic() + patience
        while pid and _alive(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            if time.monotonic() > end:
                break
            time.sleep(0.1)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A folder for a project, in which the program can be started."""
    place = Place(tmp_path)
    yield place
    place.close()


def _alive(pid: int) -> bool:
    with suppress(OSError):
        # A zombie has ended.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    if sys.platform == "linux":
        return False
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Whether a process is alive."""
    return _alive


@pytest.fixture
def until() -> Callable[..., Any]:
    """Wait until a function is true, for what does not show on a screen."""

    def wait(what: Callable[[], Any], timeout: float = PATIENCE) -> Any:
        end = time.monotonic() + timeout
        while not (value := what()):
            if time.monotonic() > end:
                pytest.fail(f"waited in vain for {what} to be true")
            time.sleep(0.02)
        return value

    return wait


@pytest.fixture
def sshd(place: Place) -> Iterator[Sshd]:
    """An SSH server on this machine, at whose other end all is as in ``place``; the ``ssh`` of ``place`` knows it."""
    told = ("XDG_", "REDENGINE_", "PYTHON")
    try:
        with Sshd({name: value for name, value in place.env.items() if name.startswith(told)}) as server:
            place.env = server.path(place.env)
            yield server
    except NoServer as error:
        if os.environ.get("REDENGINE_TESTS_NEED_SSHD"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def headless(place: Place, until: Callable[..., Any]) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """``headless(source)``: a scheduler without a screen on this project, that can be attached to."""
    started: list[subprocess.Popen[bytes]] = []

    def start(source: str) -> subprocess.Popen[bytes]:
        place.write(source)
        process = subprocess.Popen(
            [sys.executable, "-m", "redengine_tui.cli", "run", str(place.project), "--headless"],
            env=place.env, cwd=place.folder, stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        started.append(process)
        until(lambda: place.call("dial", str(place.project)).returncode == 0)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
