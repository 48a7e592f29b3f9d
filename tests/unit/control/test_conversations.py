"""Screens and schedulers of the wire's versions that were released: a conversation that was held is held again.

To record another version: ``RECORD=v2 pytest tests/unit/control/test_conversations.py -k record``.
"""

from __future__ import annotations

import asyncio
import os
import struct
from pathlib import Path

import msgspec
import pytest
from conversation import SAID, Recorder, lacks, newer, read
from wire_talk import Talk, framed

from redengine.control import messages as m
from redengine.control.wire import protocol as p
from redengine.control.wire.client import RemoteController, UnixDial
from redengine.control.wire.server import ControlServer

FOLDER = Path(__file__).parent / "conversations"
FILES = sorted(FOLDER.glob("v*.jsonl"))


@pytest.fixture
def served(app, running, tmp_path):
    app.session.outputs = tmp_path
    app.task("daily", name="load", func=lambda: None, description="Loads what there is.")
    app.task(name="report", func=lambda number=1: None)
    server = ControlServer(running.session, running.publisher, tmp_path / "s.sock", "1.2.3")
    server.start()
    running.start()
    yield server
    server.stop()


@pytest.mark.skipif("RECORD" not in os.environ, reason="only to record a new version")
async def test_record(served, tmp_path):
    async with Recorder(served.path, tmp_path / "recorded.sock") as recorder:
        controller = RemoteController(UnixDial(lambda: recorder.listen), "attached", version="1.0")
        await controller.open()
        for said in SAID:
            ask = controller.send if isinstance(said, m.COMMANDS) else controller.ask
            await ask(said)
            # What came of it is part of the conversation.
            await asyncio.sleep(0.2)
        served.stop()
        await controller.close()
    recorder.write(FOLDER / f"{os.environ['RECORD']}.jsonl")


def test_there_is_one_of_each_version():
    assert [file.stem for file in FILES] == [f"v{number}" for number in range(p.VERSIONS[0], p.VERSIONS[1] + 1)]


@pytest.mark.parametrize("change", [lambda message: message, newer], ids=["as it was", "with more fields"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_an_old_screen_is_understood(served, file, change):
    said = read(file)
    answers = {message["id"]: message for who, message in said if who == "server" and message["type"] == "answer"}
    kinds = {message["type"]: message for who, message in said if who == "server"}

    def act():
        heard, missing = {}, []
        with Talk(served.path) as talk:
            for who, message in said:
                if who != "client":
                    continue
                talk.say(change(message))
                if message["type"] == "hello":
                    for kind in ("welcome", "state"):
                        heard[kind] = talk.hear_of(kind)
                elif message["type"] == "request":
                    answer = talk.hear_of("answer")
                    assert (answer["id"], answer["error"]) == (message["id"], ""), message
                    missing += lacks(answers[message["id"]], answer, message["body"]["type"])
            if served._thread is not None:
                served.stop()
            heard["ended"] = talk.hear_of("ended")
        for kind, message in heard.items():
            missing += lacks(kinds[kind], message, kind)
        return missing

    assert await asyncio.to_thread(act) == []


class OldServer:
    """Says again what a server once said: whenever it is asked for the like."""

    def __init__(self, said, change):
        self.change = change
        self.hello = [message for who, message in said if who == "server" and message["type"] in ("welcome", "state")]
        self.answers = {}
        asked = {message["id"]: message["body"] for who, message in said if who == "client" and "body" in message}
        for who, message in said:
            if who == "server" and message["type"] == "answer":
                self.answers[msgspec.json.encode(asked[message["id"]])] = message

    def accept(self, reader, writer):
        self.talking = asyncio.ensure_future(self.talk(reader, writer))

    async def talk(self, reader, writer):
        writer.write(p.MAGIC)
        try:
            while True:
                (length,) = struct.unpack(">I", await reader.readexactly(4))
                message = msgspec.json.decode(await reader.readexactly(length))
                if message["type"] == "hello":
                    self.say(writer, *self.hello, {"type": "of_a_later_version"})
                elif message["type"] == "request":
                    answer = self.answers[msgspec.json.encode(message["body"])]
                    self.say(writer, {**answer, "id": message["id"]})
                elif message["type"] == "ping":
                    self.say(writer, {"type": "pong", "n": message["n"]})
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    def say(self, writer, *messages):
        for message in messages:
            writer.write(framed(self.change(message)))


@pytest.mark.parametrize("change", [lambda message: message, newer], ids=["as it was", "with more fields"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_an_old_scheduler_is_understood(tmp_path, file, change):
    old = OldServer(read(file), change)
    server = await asyncio.start_unix_server(old.accept, tmp_path / "old.sock")
    controller = RemoteController(UnixDial(lambda: tmp_path / "old.sock"), "attached")
    await controller.open()

    for said in SAID:
        recorded = old.answers[msgspec.json.encode(said)]["body"]
        answer = await (controller.send(said) if isinstance(said, m.COMMANDS) else controller.ask(said))
        assert isinstance(answer, p.ANSWERS[type(said)])
        # All that it said is in what is made of it.
        understood = msgspec.json.decode(msgspec.json.encode(answer))
        assert list(lacks(recorded, understood, type(said).__name__)) == []
        if isinstance(answer, m.Reply):
            assert (answer.ok, answer.message) == (recorded["ok"], recorded["message"])
    newest = old.hello[-1]
    while controller.snapshot().scheduler.state != newest["scheduler"]["state"]:
        await asyncio.sleep(0.005)
    assert {view.name for view in controller.snapshot().tasks} == {"load", "report"}
    assert controller.link().state == "connected"
    await controller.close()
    await old.talking
    server.close()
