"""A PostgreSQL server of our own for tests and benchmarks: private, in a temporary folder, without a network."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

#: Seconds it may take to start.
PATIENCE = 60.0


class NoServer(Exception):
    """PostgreSQL is not installed here; the message says what is missing."""


class PostgreSQL:
    """A server while it is entered. ``url`` is what SQLAlchemy connects to.

    ``durable``: whether it forces to the disk, which tests do without. Raises :class:`NoServer`.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.programs = find_programs()
        self.durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Of the database ``postgres`` of this server."""
        return f"postgresql+psycopg://tester@/postgres?host={self.folder}"

    def __enter__(self) -> PostgreSQL:
        # Not in pytest's folder: only root may enter that, and the path of a socket must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir="/tmp"))
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            self._process.wait(PATIENCE)
        shutil.rmtree(self.folder)

    def _start(self) -> None:
        data = self.folder / "data"
        given: dict[str, Any] = {"cwd": self.folder, "stdin": subprocess.DEVNULL}
        if os.geteuid() == 0:
            # The server refuses to be run by root.
            somebody = _unprivileged()
            os.chown(self.folder, somebody.pw_uid, somebody.pw_gid)
            given |= {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}
        initdb = [self.programs / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        done = subprocess.run(
            [*initdb, "--no-sync"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **given
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout.decode(errors='replace')}")
        options = {"listen_addresses": "", "unix_socket_directories": str(self.folder)}
        if not self.durable:
            options |= {"fsync": "off", "full_page_writes": "off"}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", data, *settings], stdout=log, stderr=log, **given
            )
        self._wait()

    def _wait(self) -> None:
        assert self._process is not None
        ready = [self.programs / "pg_isready", "-q", "-h", self.folder, "-t", "5"]
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(ready, check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                text = (self.folder / "server.log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start:\n{text}")
            time.sleep(0.05)


def find_programs() -> Path:
    """The folder of the newest server's programs. Debian does not put them on the path. Raises :class:`NoServer`."""
    on_path = shutil.which("postgres")
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *([Path(on_path).resolve().parent] if on_path else [])]
    whole = [folder for folder in folders if all((folder / name).exists() for name in ("initdb", "postgres"))]
    if not whole:
        raise NoServer("PostgreSQL is not installed (apt-get install postgresql)")
    return max(whole, key=lambda folder: [int(part) for part in folder.parts if part.isdigit()])


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:  # noqa: PERF203
            continue
    raise NoServer("PostgreSQL cannot be run as root, and there is neither a user postgres nor nobody")
