"""Small files beside a log, with what was found out about it. They save time: losing one, or all, loses nothing."""

from __future__ import annotations

import contextlib
import os
import tempfile
import zlib
from pathlib import Path
from typing import TypeVar

import msgspec

#: Changes with what is in these files: those of another version are not read.
_MAGIC = b"redengine log 1\n"
_CHECK = 4

_T = TypeVar("_T")


def load(path: Path, kind: type[_T]) -> _T | None:
    """What was kept there; ``None`` when nothing was, or it is damaged or of another version."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    body = memoryview(data)[len(_MAGIC) + _CHECK :]
    if data[: len(_MAGIC) + _CHECK] != _MAGIC + _check(body):
        return None
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except msgspec.DecodeError:
        return None


def save(path: Path, value: object, *, like: Path) -> bool:
    """Keep a value there, in one step, readable for whoever may read ``like``. Whether it could be written."""
    body = msgspec.msgpack.encode(value)
    try:
        mode = os.stat(like).st_mode & 0o666
        temporary, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    except OSError:
        return False
    try:
        with os.fdopen(temporary, "wb") as new:
            os.fchmod(temporary, mode)
            new.write(_MAGIC + _check(body) + body)
        os.replace(name, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        return False
    return True


def _check(body: bytes | memoryview) -> bytes:
    return zlib.crc32(body).to_bytes(_CHECK, "big")
