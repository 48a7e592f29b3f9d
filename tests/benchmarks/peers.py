"""The programs that we are measured beside, each installed in a virtual environment of its own.

A workload is a script that prints one JSON object as its last line. The same script, or one of the same name for the
peer, is run by our Python and by the peer's, one after the other in the same run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "scripts"

#: What pip is asked to install for each peer.
PEERS = {
    "rocketry": ["rocketry==2.5.1", "pydantic<2"],
    "apscheduler": ["apscheduler<4", "sqlalchemy"],
    "toolong": ["toolong"],
}


class Unavailable(Exception):
    """A peer that cannot be had here; the message says why."""


class Peers:
    """Installs peers when they are first asked for, in folders of ``cache`` that are used again next time."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache

    def python(self, peer: str) -> str:
        """The Python of the peer's environment, or our own for ``redengine``. Raises :class:`Unavailable`."""
        return sys.executable if peer == "redengine" else str(self._installed(peer) / "bin" / "python")

    def program(self, peer: str, name: str) -> str:
        """A program of the peer: one that pip installed, else one of the system. Raises :class:`Unavailable`."""
        if peer not in PEERS:
            found = shutil.which(name)
            if found is None:
                raise Unavailable(f"{name} is not installed (apt-get install {name})")
            return found
        return str(self._installed(peer) / "bin" / name)

    def run(self, peer: str, script: str, *args: object, timeout: float = 300, **environment: str) -> dict[str, Any]:
        """What ``scripts/SCRIPT.py`` found out, run by the peer's Python. Raises ``RuntimeError`` when it failed."""
        command = [self.python(peer), str(SCRIPTS / f"{script}.py"), *map(str, args)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, env={**os.environ, **environment}, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{script} with {peer} failed:\n{done.stderr[-2000:]}")
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return found

    def _installed(self, peer: str) -> Path:
        folder = self.cache / peer
        complete = folder / "complete"
        wanted = "\n".join(PEERS[peer])
        if not complete.exists() or complete.read_text(encoding="utf-8") != wanted:
            print(f"installing {peer} ...", file=sys.stderr)
            venv.create(folder, with_pip=True, clear=True)
            command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *PEERS[peer]]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise Unavailable(f"pip could not install {peer}: {done.stderr.strip()[-300:]}")
            complete.write_text(wanted, encoding="utf-8")
        return folder
