"""Frames: a length of four bytes, big-endian, and as many bytes of JSON."""

from __future__ import annotations

import struct
from asyncio import IncompleteReadError, StreamReader

import msgspec

_HEAD = struct.Struct(">I")
#: Bytes before the magic that are skipped (what a login prints), at most.
_PREFACE_CAP = 256 * 1024

_encoder = msgspec.json.Encoder()


class FrameError(ValueError):
    """What came is no frame of this protocol; the message says why."""


def frame(message: object) -> bytes:
    """A message as a frame."""
    body = _encoder.encode(message)
    return _HEAD.pack(len(body)) + body


async def read_frame(reader: StreamReader, cap: int) -> bytes:
    """The JSON of the next frame; empty at the end of the stream.

    Raises :class:`FrameError` for one that is longer than ``cap`` bytes, or cut off.
    """
    try:
        head = await reader.readexactly(_HEAD.size)
        (length,) = _HEAD.unpack(head)
        if length > cap:
            raise FrameError(f"a frame of {length} bytes: more than {cap} are not taken")
        return await reader.readexactly(length)
    except IncompleteReadError as end:
        if end.partial or end.expected != _HEAD.size:
            raise FrameError("the stream ended within a frame") from None
        return b""


async def skip_to(reader: StreamReader, magic: bytes) -> bytes | None:
    """Read up to ``magic`` and over it. Returns what came before it; ``None`` when the stream ended, or held too much
    else."""
    seen = b""
    while magic not in seen:
        # No more than may be there: what follows the magic is left for others.
        data = await reader.read(1)
        if not data or len(seen) > _PREFACE_CAP:
            return None
        seen += data
    return seen[: -len(magic)]
