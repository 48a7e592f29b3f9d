"""A scheduler in a process of its own, without a screen, for tests and benchmarks that attach to it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from types import TracebackType

from redengine.control.wire.client import RemoteController, UnixDial

#: Seconds until something that has to happen counts as not happening.
PATIENCE = 60.0


class HeadlessScheduler:
    """Runs a project while it is entered. Everything of it is in a folder of its own, with a short path for sockets.

    Parameters
    ----------
    source
        Of the project file. It finds its folder in the environment variable ``PLACE``.
    env
        What is to be different in its environment: to share the folders of another one, say.
    """

    def __init__(self, source: str, env: Mapping[str, str] | None = None) -> None:
        self._source = dedent(source)
        self._given = dict(env or {})

    def __enter__(self) -> HeadlessScheduler:
        self.folder = Path(tempfile.mkdtemp(prefix="redengine-", dir="/tmp"))
        self.project = self.folder / "project.py"
        self.project.write_text(self._source, "utf-8")
        self.env = {**own_env(self.folder), **self._given}
        self.data = Path(self.env["REDENGINE_TUI_DATA_DIR"])
        self.said = self.folder / "said.txt"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "redengine_tui.cli", "run", str(self.project), "--headless"],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=self.env, cwd=self.folder,
            )  # fmt: skip
        try:
            self.socket = self._await_socket()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _await_socket(self) -> Path:
        end = time.monotonic() + PATIENCE
        while True:
            for file in self.data.glob("projects/*/running.json"):
                with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                    owner = json.loads(file.read_text("utf-8"))
                    if owner["pid"] != self.process.pid:
                        continue
                    with socket.socket(socket.AF_UNIX) as tried:
                        tried.connect(owner["socket"])
                    self.kept = file.parent
                    return Path(owner["socket"])
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the scheduler did not start:\n{self.said.read_text(errors='replace')}")
            time.sleep(0.02)

    @property
    def log(self) -> Path:
        """The log of the tasks."""
        return self.kept / "log.csv"

    @property
    def scheduler_log(self) -> str:
        """What the scheduler's own log says."""
        return (self.kept / "scheduler.log").read_text("utf-8")

    @property
    def memory(self) -> int:
        """Bytes of memory that it holds; Linux only."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024

    @property
    def processor(self) -> float:
        """Seconds of a processor that it has used; Linux only."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def attached(self, path: Path | None = None) -> RemoteController:
        """A controller that is connected to it, or to what is at ``path`` in between."""
        controller = RemoteController(UnixDial(lambda: path or self.socket), "attached")
        await controller.open()
        return controller


def own_env(folder: Path, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment in which everything of the program is kept in one folder."""
    runtime = folder / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    return {
        **(os.environ if given is None else given),
        "PLACE": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_DATA_HOME": str(folder / "share"),
        "XDG_RUNTIME_DIR": str(runtime),
        "REDENGINE_TUI_DATA_DIR": str(folder / "data"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
