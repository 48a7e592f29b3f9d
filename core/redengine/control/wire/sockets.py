"""Where the sockets of schedulers are, and who may be at their other end: the same user, and nobody else."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from redengine.exc import ControlError

PROGRAM = "redengine-tui"
#: ``SOL_LOCAL`` and ``LOCAL_PEERCRED`` of macOS and the BSDs, which Python does not name.
_SOL_LOCAL, _LOCAL_PEERCRED = 0, 1


def candidates() -> tuple[Path, ...]:
    """The folders that sockets of this user may be in, the one for new ones first. Not all of them are there."""
    uid = os.getuid()
    given = os.environ.get("XDG_RUNTIME_DIR")
    folders = [Path(given) / PROGRAM] if given and os.path.isabs(given) else []
    # A login without a session (over SSH, from cron) does not know of it.
    folders += [Path(f"/run/user/{uid}") / PROGRAM, Path(tempfile.gettempdir()) / f"{PROGRAM}-{uid}"]
    return tuple(dict.fromkeys(folder for folder in folders if folder.parent.is_dir()))


def socket_path(project_folder: Path) -> Path:
    """Where the socket of a project goes that has its data in this folder. Its folder is made, and checked.

    Raises :class:`~redengine.exc.ControlError` when none can be had.
    """
    mark = hashlib.sha256(os.fsencode(project_folder)).hexdigest()[:16]
    reasons = []
    for folder in candidates():
        if not (reason := _made(folder)):
            return folder / f"{mark}.sock"
        reasons.append(f"{folder}: {reason}")
    raise ControlError("There is no safe place for a socket, so that no other screen can attach: " + "; ".join(reasons))


def _made(folder: Path) -> str:
    """Have a folder for this user alone. Returns why it cannot be had, or nothing."""
    try:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode):
            return "it is no folder, or a link"
        if found.st_uid != os.getuid():
            return "it belongs to somebody else"
        if stat.S_IMODE(found.st_mode) != 0o700:
            # Whatever it was made with: it is ours.
            folder.chmod(0o700)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def sockets() -> Iterator[Path]:
    """The sockets of this user's schedulers, of which some may be left over."""
    for folder in candidates():
        with contextlib.suppress(OSError):
            found = folder.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
                yield from sorted(folder.glob("*.sock"))


def bind(path: Path) -> socket.socket:
    """A socket that does not listen yet, at ``path``, for this user alone. What was there is replaced: only who holds
    the lock of the project may call this. Raises :class:`~redengine.exc.ControlError`."""
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        ours.bind(str(path))
        path.chmod(0o600)
    except OSError as error:
        ours.close()
        raise ControlError(f"The socket {path} cannot be made: {error.strerror or error}") from None
    ours.setblocking(False)
    return ours


def peer_uid(connected: socket.socket) -> int | None:
    """The user at the other end; ``None`` when the system does not tell."""
    try:
        if sys.platform == "linux":
            credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            return int(struct.unpack("3i", credentials)[1])
        # struct xucred: version, uid, number of groups, groups.
        credentials = connected.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76)
        return int(struct.unpack_from("=II", credentials)[1])
    except (OSError, struct.error):
        return None
