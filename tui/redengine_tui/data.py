"""Where things are kept on this machine: one folder a project, and what lies in it.

Light: whoever only wants to know where a project runs (``dial``) waits for no import of the scheduler."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shlex
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

if TYPE_CHECKING:
    from filelock import FileLock

APP = "redengine-tui"

#: How many outputs of runs are kept, and for how long (seconds).
OUTPUTS_KEPT = 5000
OUTPUTS_FOR = 30 * 86400.0
#: Seconds in which whoever only asks for the lock of a project has let go of it again.
ASKING = 0.2


def data_root(given: str | None = None) -> Path:
    """The folder of all projects: the given one, else the user's data directory."""
    return Path(given).expanduser().absolute() if given else platformdirs.user_data_path(APP)


@dataclass(frozen=True, slots=True)
class ProjectData:
    """The folder of one project."""

    folder: Path
    project: Path

    @classmethod
    def of(cls, project: Path, root: Path, name: str | None = None) -> ProjectData:
        """The folder of a project file: named after it, told apart by its path."""
        if name is not None:
            return cls(root / "projects" / name, project)
        mark = hashlib.sha256(str(project).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        return cls(root / "projects" / f"{project.stem}-{mark}", project)

    @property
    def log(self) -> Path:
        """The log of the tasks."""
        return self.folder / "log.csv"

    @property
    def scheduler_log(self) -> Path:
        """The log of the scheduler, with what operators did."""
        return self.folder / "scheduler.log"

    @property
    def outputs(self) -> Path:
        """What each run printed."""
        return self.folder / "output"

    @property
    def stray(self) -> Path:
        """What was printed by nobody's run."""
        return self.folder / "stray-output.txt"

    @property
    def lock_file(self) -> Path:
        """Locked by the process that schedules the project, and by the system's care unlocked when that dies."""
        return self.folder / "lock"

    @property
    def owner_file(self) -> Path:
        """Which process schedules the project."""
        return self.folder / "running.json"

    def make(self) -> None:
        """Make the folders; :class:`~redengine.exc.ProjectError` when that cannot be."""
        try:
            self.outputs.mkdir(parents=True, exist_ok=True)
            # What tasks print and log is nobody else's business.
            os.chmod(self.folder, 0o700)
            probe = self.folder / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            from redengine.exc import ProjectError

            raise ProjectError(
                f"The data folder {self.folder} cannot be written: {error.strerror or error}.\n"
                "Make it writable, or give another one with --data-dir or REDENGINE_TUI_DATA_DIR."
            ) from None

    def lock(self, socket: Path | None = None, app: str = "") -> FileLock:
        """Take the project for this process, which other screens reach at ``socket``; ``app``: which one it runs.

        Raises :class:`~redengine.exc.ProjectLocked` when another one has it.
        """
        from filelock import FileLock, Timeout

        from redengine.exc import ProjectError, ProjectLocked

        lock = FileLock(self.lock_file)
        try:
            lock.acquire(timeout=ASKING, poll_interval=ASKING / 10)
        except Timeout:
            raise ProjectLocked(self.owner_message()) from None
        except OSError as error:
            raise ProjectError(f"The lock of the project, {self.lock_file}, cannot be taken: {error}") from None
        where = None if socket is None else str(socket)
        self._write_owner(since=time.time(), terminal=_terminal(), socket=where, app=app)
        return lock

    def lose_terminal(self) -> None:
        """Have others know that this process goes on without a screen; its terminal's name may soon be another's."""
        self._write_owner(terminal=None)

    def move_socket(self, socket: Path) -> None:
        """Have others know where the scheduler is reached from now on."""
        self._write_owner(socket=str(socket))

    def _write_owner(self, **more: Any) -> None:
        owner = {**self.owner(), "pid": os.getpid(), "project": str(self.project), **more}
        self.owner_file.write_text(json.dumps(owner), encoding="utf-8")

    def is_scheduled(self) -> bool:
        """Whether a process has the project now, whatever is written of one. Nothing is written."""
        try:
            fd = os.open(self.lock_file, os.O_RDONLY)
        except OSError:
            return False
        try:
            # Shared, so that those who ask do not see each other.
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(fd)
        return False

    def release(self, lock: FileLock) -> None:
        """Give the project back."""
        self.owner_file.unlink(missing_ok=True)
        lock.release()

    def owner(self) -> dict[str, Any]:
        """What is known of the process that schedules the project; empty when nothing is."""
        try:
            owner = json.loads(self.owner_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return owner if isinstance(owner, dict) else {}

    def socket(self) -> Path | None:
        """Where the process that schedules the project is reached; ``None`` when there is none, or it cannot be."""
        path = self.owner().get("socket")
        return Path(path) if isinstance(path, str) and self.is_scheduled() else None

    def another_app(self, wanted: str | None) -> str:
        """What is scheduled instead of the app of this name, in words; empty when it may be that one."""
        runs = self.owner().get("app")
        if not wanted or not isinstance(runs, str) or runs in ("", wanted):
            return ""
        return (
            f"{self.project.name} is scheduled already, but with its app {runs}, not {wanted}: "
            "the apps of one file have one log, so that one of them runs at a time."
        )

    def owner_message(self) -> str:
        """Who has the project, and what can be done about that, in words."""
        owner = self.owner()
        pid = owner["pid"] if isinstance(owner.get("pid"), int) else None
        who = "another process" if pid is None else f"process {pid}"
        if owner.get("terminal"):
            who += f" on {owner['terminal']}"
        if isinstance(owner.get("since"), (int, float)):
            who += f", since {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(owner['since']))}"
        kill = "" if pid is None else f" or: kill {pid}"
        project = shlex.quote(str(self.project))
        return (
            f"{self.project.name} is scheduled already, by {who}.\n"
            "One project has one scheduler, so that no task runs twice. "
            f"See it with: redengine-tui attach {project}\nStop it with: redengine-tui stop {project}{kill}"
        )

    def prune_outputs(self) -> None:
        """Remove outputs of runs that are old, or too many."""
        files = sorted(self.outputs.glob("*.txt"), key=_modified, reverse=True)
        oldest = time.time() - OUTPUTS_FOR
        for index, file in enumerate(files):
            if index >= OUTPUTS_KEPT or _modified(file) < oldest:
                file.unlink(missing_ok=True)


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _terminal() -> str:
    try:
        return os.ttyname(0)
    except (OSError, AttributeError):
        return ""
