"""Whoever keeps to no rule harms nobody else, and leaves no traceback."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import struct
import time

import pytest
from wire_talk import HELLO, Talk, framed, request

from redengine.control import messages as m
from redengine.control.wire import protocol as p
from redengine.control.wire import server as servers
from redengine.control.wire.client import RemoteController, UnixDial
from redengine.control.wire.server import ControlServer

NESTED = b"[" * 100_000


@pytest.fixture
def served(app, running, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(p, "HANDSHAKE", 0.3)
    app.task("every 20 ms", name="often", func=lambda: None)
    app.task(name="asked", func=lambda: None)
    server = ControlServer(running.session, running.publisher, tmp_path / "s.sock", "1.2.3")
    server.start()
    running.start()
    yield server
    server.stop()
    bad = [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
    assert bad == []


@pytest.fixture
async def viewer(served):
    """Somebody who keeps to all rules, and is not disturbed by whoever does not."""
    controller = RemoteController(UnixDial(lambda: served.path), "attached")
    await controller.open()
    yield controller
    assert controller.link().state == "connected"
    seq = controller.snapshot().seq
    before = time.monotonic()
    assert (await controller.send(m.Run("asked"))).ok
    while controller.snapshot().seq < seq + 2:
        await asyncio.sleep(0.005)
    assert time.monotonic() - before < 1
    await controller.close()


async def all_at_once(cases, act):
    """What comes of each case, by its name."""
    found = await asyncio.gather(*(asyncio.to_thread(act, case) for case in cases.values()))
    return dict(zip(cases, found, strict=True))


BEFORE_HELLO = {
    "noise": random.Random(1).randbytes(100_000),
    "a frame longer than any": b"\xff\xff\xff\xff",
    "a frame just too long": struct.pack(">I", p.REQUEST_CAP + 1),
    "half a frame": struct.pack(">I", 100) + b'{"type"',
    "half a length": b"\0\0",
    "nothing": b"",
    "an empty frame": framed(b""),
    "no JSON": framed(b"hello"),
    "no UTF-8": framed(b'{"type":"hello","version":"\xff"}'),
    "half a pair": framed(b'{"type":"hello","version":"\\ud800"}'),
    "a nest": framed(NESTED),
    "a nest in a request": framed(b'{"type":"request","id":"1","body":' + NESTED + b"}"),
    "a nest in hello": framed(b'{"type":"hello","more":' + NESTED + b"}"),
    "something unknown": framed({"type": "shutdown"}),
    "a number": framed({"type": 7}),
    "a request": framed(request({"type": "shut_down"})),
    "a ping": framed({"type": "ping", "n": 1}),
    "two preludes": framed({"type": "prelude", "role": "read"}) + framed({"type": "prelude"}) + framed(HELLO),
    "a prelude late": framed({"type": "ping", "n": 1}) + framed({"type": "prelude"}) + framed(HELLO),
    "a role there is not": framed({**HELLO, "role": "root"}),
    "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


async def test_who_does_not_introduce_themselves_is_hung_up_on(viewer, served):
    def act(data):
        with Talk(served.path) as talk:
            with contextlib.suppress(OSError):  # it has hung up already
                talk.send(data)
            return talk.is_hung_up_on()

    assert await all_at_once(BEFORE_HELLO, act) == dict.fromkeys(BEFORE_HELLO, True)


async def test_who_takes_long_to_introduce_themselves_is_hung_up_on(viewer, served):
    def act():
        began = time.monotonic()
        with Talk(served.path) as talk:
            for byte in framed(HELLO):
                try:
                    talk.send(bytes([byte]))
                except OSError:
                    break
                time.sleep(0.02)
            assert talk.is_hung_up_on()
        return time.monotonic() - began

    assert await asyncio.to_thread(act) < 3


@pytest.mark.parametrize(("versions", "speaks"), [([2, 9], 0), ([0, 0], 0), ([9, 2], 0), ([1, 7], 1), ([0, 1], 1)])
async def test_another_version_is_told_which_is_spoken(viewer, served, versions, speaks):
    def act():
        with Talk(served.path, {**HELLO, "versions": versions}) as talk:
            first = talk.hear()
            if speaks:
                return first["protocol"]
            assert talk.is_hung_up_on()
            assert "1.2.3" in first["reason"]
            assert first["versions"] == list(p.VERSIONS)
            return 0

    assert await asyncio.to_thread(act) == speaks


AFTER_HELLO = {
    "something unknown": framed({"type": "sing", "song": "x"}),
    "of the wrong types": framed({"type": "request", "id": 5, "body": {}}) + framed({"type": "ping", "n": "x"}),
    "a number": framed(b"7"),
    "a list": framed(b"[]"),
    "hello again": framed({**HELLO, "role": "operate"}),
    "a prelude": framed({"type": "prelude", "role": "operate"}),
    "a pace": framed({"type": "pace", "seconds": -1e300}),
    "acknowledgements": framed({"type": "ack", "received": 10**30}) + framed({"type": "ack", "received": 0}),
}


async def test_what_is_not_understood_is_passed_over(viewer, served):
    def act(data):
        with Talk(served.path, HELLO) as talk:
            talk.send(data)
            return talk.ask({"type": "enable", "task": "asked"})["body"]["ok"]

    assert await all_at_once(AFTER_HELLO, act) == dict.fromkeys(AFTER_HELLO, True)


HANGS_UP = {
    "no JSON": framed(b"{"),
    "no UTF-8": framed(b'{"type":"ping","more":"\xff","n":1,"type":"\xff"}'),
    "a nest": framed(b'{"type":"request","id":"1","body":' + NESTED + b"}"),
    "too long": struct.pack(">I", 2**31),
    "half a frame": struct.pack(">I", 100) + b"{",
}


async def test_who_speaks_no_frames_is_hung_up_on(viewer, served):
    def act(data):
        with Talk(served.path, HELLO) as talk:
            talk.send(data)
            talk.end()
            return talk.is_hung_up_on()

    assert await all_at_once(HANGS_UP, act) == dict.fromkeys(HANGS_UP, True)


BAD_REQUESTS = {
    "unknown": {"type": "format_disk"},
    "no type": {},
    "a field of the wrong type": {"type": "run", "task": 5},
    "a list": [1, 2],
    "nothing": None,
    "a parameter of the wrong type": {"type": "run", "task": "asked", "parameters": {"x": {}}},
}


async def test_a_request_that_is_not_understood_is_answered_so(viewer, served):
    def act(body):
        with Talk(served.path, HELLO) as talk:
            return talk.ask(body)["error"]

    for name, error in (await all_at_once(BAD_REQUESTS, act)).items():
        assert "cannot do this" in error, name
        assert "1.2.3" in error, name


async def test_odd_values_are_refused_or_taken(viewer, served):
    bodies = [
        {"type": "run", "task": "x" * 500_000},
        {"type": "run", "task": "asked", "parameters": {"x": 10**400}},
        {"type": "set_condition", "task": "asked", "condition": "(" * 5000},
        {"type": "check_condition", "task": "asked", "condition": "daily & " * 2000},
        {"type": "complete", "condition": "é" * 1000, "position": -(10**20)},
        {"type": "complete", "condition": "", "position": 10**20},
        {"type": "read_log", "limit": 10**20, "before": -(10**20)},
        {"type": "read_log", "limit": -5, "at": 1e300},
        {"type": "read_log", "after": 10**19, "where": {"level": "LOUD", "since": 5, "until": 1}},
        {"type": "read_output", "run_id": "../../../etc/passwd", "limit": 10**20},
        {"type": "read_output", "run_id": "\x00", "start": 1e300},
        {"type": "foretell", "hours": 1e300},
        {"type": "foretell", "hours": -1},
        {"type": "follow_run", "ticket": "x" * 500_000},
    ]

    def act():
        with Talk(served.path, HELLO) as talk:
            for body in bodies:
                answer = talk.ask(body)
                assert len(str(answer)) < 50_000, body

    await asyncio.to_thread(act)


async def test_an_id_that_would_be_kept_is_short(viewer, served):
    def act():
        with Talk(served.path, HELLO) as talk:
            talk.say(request({"type": "hold"}, "x" * 100_000))
            return talk.hear_of("answer")

    answer = await asyncio.to_thread(act)
    assert "up to 64 characters" in answer["error"]
    assert len(answer["id"]) == 64


@pytest.mark.parametrize("message", [
    {"type": "ping", "n": 1}, request({"type": "list_parameters"}), request({"type": "read_log"}),
    request({"type": "run", "task": "gone"}),
], ids=["pings", "queries", "pages", "commands"])  # fmt: skip
async def test_a_flood_of_who_takes_no_answers_is_dammed(viewer, served, message):
    sent = asyncio.ensure_future(asyncio.to_thread(_flood, served.path, framed(message)))
    while not sent.done():
        began = time.monotonic()
        assert isinstance(await viewer.ask(m.ReadLog(limit=5)), m.LogPage)
        assert (await viewer.send(m.Enable("asked"))).ok
        assert time.monotonic() - began < 1
        await asyncio.sleep(0.05)
        held = sum(connection._writer.transport.get_write_buffer_size() for connection in served._connections)
        assert held < 4 * 1024 * 1024
    assert await sent > 0


def _flood(path, data):
    with Talk(path, {**HELLO, "watches": False}) as talk:
        return talk.flood(data * 100, 0.8)


async def test_who_says_nothing_for_long_is_hung_up_on(viewer, served, monkeypatch):
    monkeypatch.setattr(p, "DEAD_AFTER", servers.SWEEP + 0.5)

    def act():
        with Talk(served.path, HELLO) as talk:
            return talk.is_hung_up_on()

    hung_up = asyncio.ensure_future(asyncio.to_thread(act))
    while not hung_up.done():
        viewer._connection.writer.write(framed({"type": "ping", "n": 0}))
        await asyncio.sleep(0.1)
    assert await hung_up


async def test_more_than_enough_are_told_so(viewer, served, monkeypatch):
    monkeypatch.setattr(servers, "MOST_CONNECTIONS", 5)
    monkeypatch.setattr(p, "HANDSHAKE", 5)

    def act():
        talks = [Talk(served.path, HELLO) for _ in range(4)]
        for talk in talks:
            assert talk.hear()["type"] == "welcome"
        with Talk(served.path, HELLO) as more:
            refused = more.hear()
            assert more.is_hung_up_on()
        for talk in talks:
            talk.close()
        return refused

    assert "5 connections" in (await asyncio.to_thread(act))["reason"]
