"""Frames: a length of four bytes, big-endian, and as many bytes of JSON."""

from __future__ import annotations

import struct
from asyncio import IncompleteReadError, StreamReader
from collections.abc import Callable
from typing import Any

import msgspec

_HEAD = struct.Struct(">I")
#: Bytes that are read at once, after each of which it is known that somebody is there.
_AT_ONCE = 16 * 1024
#: Bytes before the magic that are skipped (what a login prints), at most.
_PREFACE_CAP = 256 * 1024

_encoder = msgspec.json.Encoder()


class FrameError(ValueError):
    """What came is no frame of this protocol; the message says why."""


def frame(message: object) -> bytes:
    """A message as a frame."""
    body = encoded(message)
    return _HEAD.pack(len(body)) + body


def encoded(message: object) -> bytes:
    """A message as JSON. Text that UTF-8 cannot hold, as of a file's name in another encoding, is escaped."""
    try:
        return _encoder.encode(message)
    except UnicodeEncodeError:
        return _encoder.encode(_escaped(msgspec.to_builtins(message, enc_hook=msgspec.json.decode)))


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_escaped(key): _escaped(each) for key, each in value.items()}
    return [_escaped(each) for each in value] if isinstance(value, (list, tuple)) else value


def decoded(decoder: msgspec.json.Decoder[Any], data: bytes) -> Any:
    """What JSON says. Raises :class:`FrameError` when it is none, and ``msgspec.ValidationError`` when it says
    something else than ``decoder`` knows."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FrameError(f"what came is no JSON: {error}") from None


async def read_frame(reader: StreamReader, cap: int, heard: Callable[[], None] | None = None) -> bytes:
    """The JSON of the next frame; empty at the end of the stream. ``heard`` is called whenever a part of it comes.

    Raises :class:`FrameError` for one that is longer than ``cap`` bytes, or cut off.
    """
    try:
        head = await reader.readexactly(_HEAD.size)
        (length,) = _HEAD.unpack(head)
        if length > cap:
            raise FrameError(f"a frame of {length} bytes: more than {cap} are not taken")
        if length <= _AT_ONCE:
            return await reader.readexactly(length)
        parts = []
        for at in range(0, length, _AT_ONCE):
            parts.append(await reader.readexactly(min(_AT_ONCE, length - at)))
            if heard is not None:
                heard()
        return b"".join(parts)
    except IncompleteReadError as end:
        if end.partial or end.expected != _HEAD.size:
            raise FrameError("the stream ended within a frame") from None
        return b""


async def skip_to(reader: StreamReader, magic: bytes) -> bytes | None:
    """Read up to ``magic`` and over it. Returns what came before it; ``None`` when the stream ended, or held too much
    else."""
    seen = bytearray()
    while not seen.endswith(magic):
        # No more than may be there: what follows the magic is left for others.
        data = await reader.read(1)
        if not data or len(seen) > _PREFACE_CAP:
            return None
        seen += data
    return bytes(seen[: -len(magic)])
