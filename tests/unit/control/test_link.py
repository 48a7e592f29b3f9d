"""The bad connection of the tests' own is as bad as it is told to be, and no worse."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest
from link import Link


@pytest.fixture
async def echo(tmp_path):
    """The path of a socket that sends back what it gets."""

    async def answer(reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    path = tmp_path / "echo.sock"
    server = await asyncio.start_unix_server(answer, path)
    yield path
    server.close()


async def say(link, data):
    reader, writer = await asyncio.open_unix_connection(link.path)
    writer.write(data)
    return reader, writer


@pytest.fixture
def link(echo, tmp_path):
    with Link(echo, tmp_path / "link.sock") as made:
        yield made


async def test_it_passes_everything_on_and_counts_it(link):
    sent = bytes(range(256)) * 4096
    reader, writer = await say(link, sent)

    assert await reader.readexactly(len(sent)) == sent
    assert (link.up, link.down, link.connections) == (len(sent), len(sent), 1)
    writer.close()


async def test_it_delays_each_way(link):
    link.delay = 0.1
    before = time.monotonic()
    reader, writer = await say(link, b"?")

    assert await reader.read(1) == b"?"
    assert time.monotonic() - before >= 0.2
    writer.close()


async def test_nothing_gets_through_a_stall(link):
    reader, writer = await say(link, b"1")
    assert await reader.read(1) == b"1"

    with link.stalled():
        writer.write(b"2")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
    assert await reader.read(1) == b"2"
    writer.close()


async def test_who_is_cut_off_hears_of_it_and_can_connect_again(link):
    reader, writer = await say(link, b"1")
    assert await reader.read(1) == b"1"

    assert link.cut() == 1
    with contextlib.suppress(OSError):
        assert await reader.read(1) == b""
    writer.close()

    link.refusing = True
    reader, writer = await say(link, b"2")
    with contextlib.suppress(OSError):
        assert await reader.read(1) == b""
    writer.close()

    link.refusing = False
    reader, writer = await say(link, b"3")
    assert await reader.read(1) == b"3"
    writer.close()
