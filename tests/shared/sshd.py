"""An SSH server of our own for tests and benchmarks: own keys, own configuration, own port on this machine alone.

It lets in whoever runs the tests, as themselves, and nobody's ``~/.ssh`` is read or written.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

#: Seconds it may take to start.
PATIENCE = 30.0


class NoServer(Exception):
    """There is no SSH server here; the message says what is missing."""


class Sshd:
    """A server while it is entered. Raises :class:`NoServer`.

    Parameters
    ----------
    env
        What commands find in their environment at the other end, beside what a login gives.

    ``bin`` goes first in the ``PATH`` of whoever connects: ``ssh`` there knows the hosts of :meth:`host` and no others.
    ``there`` goes first in the ``PATH`` of what they start: ``redengine-tui`` there is the program under test.
    """

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self.program = find_program()
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.env = dict(env or {})
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Sshd:
        self.folder = Path(tempfile.mkdtemp(prefix="sshd-", dir="/tmp"))
        self.bin, self.there, self.home = (self.folder / name for name in ("bin", "there", "home"))
        self.log = self.folder / "sshd.log"
        self._config = self.folder / "client.conf"
        self._keys = self.folder / "authorized_keys"
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(PATIENCE)
        shutil.rmtree(self.folder)

    def host(self, name: str, command: str = "", port: int | None = None, **options: str) -> str:
        """A host of this name for ``ssh``, with a key of its own; returns the name.

        ``command``: all that this key may do, as ``authorized_keys`` of a real server would say. ``port``: of something
        between ``ssh`` and the server. ``options``: further ones of ``ssh_config``.
        """
        key = self._key(name)
        forced = f'restrict,command="{command}" ' if command else ""
        with self._keys.open("a", encoding="utf-8") as file:
            file.write(forced + key.with_suffix(".pub").read_text("utf-8"))
        settings = {
            "HostName": "127.0.0.1",
            "Port": str(port or self.port),
            "User": self.user,
            "HostKeyAlias": "tested",
            "IdentityFile": str(key),
            **options,
        }
        with self._config.open("a", encoding="utf-8") as file:
            file.write("\n".join([f"Host {name}", *(f"    {key} {value}" for key, value in settings.items()), ""]))
        return name

    def path(self, env: Mapping[str, str]) -> dict[str, str]:
        """An environment in which ``ssh`` is the one that knows our hosts."""
        return {**env, "PATH": f"{self.bin}{os.pathsep}{env.get('PATH', os.defpath)}"}

    def install(self, script: str, name: str = "redengine-tui") -> Path:
        """Put a script into the ``PATH`` at the other end."""
        return _script(self.there / name, script)

    def _start(self) -> None:
        for folder in (self.bin, self.there, self.home):
            folder.mkdir()
        host_key = self._key("host_key")
        if os.geteuid() == 0:
            # Where the part of the server that talks to strangers is locked up; distributions make it at boot.
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        self._keys.touch(mode=0o600)
        self.install(f'exec {shlex.quote(sys.executable)} -m redengine_tui.cli "$@"')
        known = self.folder / "known_hosts"
        known.write_text(f"tested {host_key.with_suffix('.pub').read_text('utf-8')}", "utf-8")
        self._config.write_text(
            f"UserKnownHostsFile {known}\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n"
            "IdentitiesOnly yes\nIdentityAgent none\nBatchMode yes\nLogLevel ERROR\nConnectTimeout 20\n",
            "utf-8",
        )
        real = shutil.which("ssh")
        _script(self.bin / "ssh", f'exec {shlex.quote(str(real))} -F {shlex.quote(str(self._config))} "$@"')
        self.port = _free_port()
        (self.folder / "sshd.conf").write_text(self._settings(host_key), "utf-8")
        # It starts itself anew for each connection, by its full path.
        self._process = subprocess.Popen(
            [self.program, "-D", "-f", self.folder / "sshd.conf", "-E", self.log],
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._wait()

    def _settings(self, host_key: Path) -> str:
        env = {
            "HOME": str(self.home),
            "PATH": f"{self.there}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "LANG": "C.UTF-8",
            **{name: os.environ[name] for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE") if name in os.environ},
            **self.env,
        }
        given = " ".join(f'"{name}={value}"' for name, value in env.items())
        # A locked account may not log in with a key either, unless PAM is asked instead.
        pam = "yes" if _locked() else "no"
        return "\n".join([
            "ListenAddress 127.0.0.1", f"Port {self.port}", f"HostKey {host_key}", f"PidFile {self.folder}/sshd.pid",
            f"AuthorizedKeysFile {self._keys}", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password", f"AllowUsers {self.user}", "StrictModes no", f"UsePAM {pam}",
            "UseDNS no", "PrintMotd no", "PrintLastLog no", "MaxStartups 1000", "MaxSessions 1000",
            f"SetEnv {given}", "LogLevel VERBOSE", "",
        ])  # fmt: skip

    def _key(self, name: str) -> Path:
        path = self.folder / f"key_{name}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
        return path

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + PATIENCE
        while not _listens(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self.log.read_text(errors="replace") if self.log.exists() else ""
                raise RuntimeError(f"sshd did not start:\n{said}")
            time.sleep(0.02)


def find_program() -> Path:
    """The server's program, which is not on the path of most users. Raises :class:`NoServer`."""
    for name in ("ssh", "ssh-keygen"):
        if shutil.which(name) is None:
            raise NoServer(f"there is no {name} (apt-get install openssh-client)")
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise NoServer("there is no sshd (apt-get install openssh-server)")
    return Path(found).resolve()


def _locked() -> bool:
    if os.geteuid() != 0:
        return False
    me = pwd.getpwuid(0).pw_name
    try:
        lines = Path("/etc/shadow").read_text("utf-8").splitlines()
    except OSError:
        return False
    return any(line.startswith(f"{me}:!") for line in lines)


def _script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port
