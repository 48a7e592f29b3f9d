"""Conversations over the wire, as they were once held: recorded from a client and a server, kept, and compared with.

A file has a line of JSON for each message: ``["client", message]`` or ``["server", message]``.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from redengine.control import messages as m
from redengine.control.wire.protocol import MAGIC

#: What is said in a conversation, one thing after the other. Each kind of command and query once.
SAID: list[m.Command] = [
    m.Disable("load"),
    m.Enable("load"),
    m.SetCondition("load", "daily between 07:00 and 10:00"),
    m.Run("report", {"number": 3}, ticket="mine"),
    m.Hold(),
    m.Resume(),
    m.Terminate("gone"),
    m.KeepRunning(),
    m.CheckCondition("load", "daily betwen 07:00"),
    m.Explain("load"),
    m.Foretell(24.0),
    m.FollowRun("mine"),
    m.Complete("dai", 3),
    m.ListParameters("report"),
    m.EvaluateParameter("report", "number"),
    m.ReadLog(limit=5),
    m.ReadOutput("nothing"),
    m.ShutDown(),
]


class Recorder:
    """Passes everything on between clients and the socket ``target``, and keeps what is said; pings are left out."""

    def __init__(self, target: Path, listen: Path) -> None:
        self.target, self.listen = target, listen
        self.said: list[tuple[str, dict[str, Any]]] = []

    async def __aenter__(self) -> Recorder:
        self._server = await asyncio.start_unix_server(self._accept, self.listen)
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()

    def write(self, file: Path) -> None:
        """Keep it."""
        file.write_text("".join(f"{json.dumps(line)}\n" for line in self.said), "utf-8")

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, there = await asyncio.open_unix_connection(self.target)
        writer.write(await answers.readexactly(len(MAGIC)))
        await asyncio.gather(self._pass("client", reader, there), self._pass("server", answers, writer))

    async def _pass(self, who: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readexactly(4)
                data = await reader.readexactly(struct.unpack(">I", head)[0])
                message = json.loads(data)
                if message["type"] not in ("ping", "pong"):
                    self.said.append((who, message))
                writer.write(head + data)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()


def read(file: Path) -> list[tuple[str, dict[str, Any]]]:
    """A conversation, as it was kept."""
    return [(who, message) for who, message in map(json.loads, file.read_text("utf-8").splitlines())]


def newer(value: Any) -> Any:
    """The same as a later version might say it: with fields more, everywhere."""
    if isinstance(value, dict):
        # Parameters of a task are no message: a person has named them.
        more = {key: each if key == "parameters" else newer(each) for key, each in value.items()}
        return {**more, "of_a_later_version": {"x": [1, None]}}
    return [newer(each) for each in value] if isinstance(value, list) else value


def lacks(old: Any, new: Any, at: str = "") -> Iterable[str]:
    """What somebody who knows ``old`` would miss in ``new``: fields, and values of their types."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, each in old.items():
            if key not in new:
                yield f"{at}.{key} is gone"
            else:
                yield from lacks(each, new[key], f"{at}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        for one, other in zip(old[:1], new[:1], strict=False):
            yield from lacks(one, other, f"{at}[]")
    elif old is not None and new is not None and _kind(old) != _kind(new):
        yield f"{at} was {old!r} and is {new!r}"


def _kind(value: Any) -> Callable[..., Any] | str:
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value)
