"""Following a run, the log and the end of a scheduler, without a scheduler."""

from __future__ import annotations

import asyncio

import pytest

from redengine.control import messages as m
from redengine_tui import following


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Nothing is waited for between two looks."""
    monkeypatch.setattr(following, "LOOK_EVERY", 0.0)


class Growing:
    """An output that grows each time that it is read."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.data = b""
        self.asked: list[int] = []

    async def ask(self, query):
        if self.pieces:
            self.data += self.pieces.pop(0)
        self.asked.append(query.limit)
        tail = self.data[len(self.data) - min(query.limit, len(self.data)) :]
        return m.Output(tail.decode("utf-8", "replace"), len(self.data), "/x")


async def whole(source, reads=6):
    reader = following.OutputReader(source, "r1")
    text = [await reader.new() for _ in range(reads)]
    return "".join([*text, await reader.new(last=True)])


@pytest.mark.parametrize(
    "pieces",
    [
        (b"one\n", b"", b"two\n", b"", b"three"),
        # Grows between the two questions of one look.
        (b"one\n", b"two\n", b"three\n", b"four\n", b"five\n"),
        # A character comes in halves.
        (b"gr\xc3", b"", b"\xbc\xc3", b"", b"\x9fe\n"),
        ("grüße\n".encode(), "größer\n".encode(), "ü".encode() * 9, b"", b"end"),
        (),
    ],
)
async def test_an_output_is_given_whole_and_once(pieces):
    assert await whole(Growing(*pieces)) == b"".join(pieces).decode()


async def test_what_is_no_text_does_not_hold_it_up():
    assert await whole(Growing(b"a\xff", b"", b"", b"", b"b")) == "a\ufffdb"


async def test_a_flood_is_cut_and_said(monkeypatch):
    monkeypatch.setattr(following, "PIECE", 10)
    monkeypatch.setattr(following, "SLACK", 4)
    text = await whole(Growing(b"x" * 100))
    assert text == f"[86 bytes are left out]\n{'x' * 14}"


async def test_only_what_is_new_is_asked_for():
    source = Growing(b"x" * 1000, b"", b"y")
    reader = following.OutputReader(source, "r1")
    assert await reader.new() == "x" * 1000
    assert await reader.new() == "y"
    assert source.asked == [0, 1000, 0, 1]


def entries(*cursors):
    return tuple(m.LogEntry(cursor, float(cursor), "a", "success") for cursor in cursors)


async def test_the_newest_records_however_far_back(make_controller):
    controller = make_controller()
    pages = {
        None: m.LogPage(entries(9), 9, 9, epoch=1),
        9: m.LogPage((), 5, 5),
        5: m.LogPage(entries(2, 3), 2, 3, at_start=True),
    }
    controller.answers[m.ReadLog] = lambda query: pages[query.before]
    page = await following.newest(controller, 3, m.LogFilter("a"))
    assert [entry.cursor for entry in page.entries] == [2, 3, 9]
    assert page.last == 9


async def test_a_log_that_cannot_be_read(make_controller):
    controller = make_controller()
    controller.answers[m.ReadLog] = m.LogPage(failed="no such file")
    assert (await following.newest(controller, 3, m.LogFilter())).failed == "no such file"


async def test_records_as_they_come(make_controller, monkeypatch):
    controller = make_controller()
    pages = [
        m.LogPage(entries(4), 4, 4, at_end=True),
        m.LogPage(failed="the link is lost."),
        m.LogPage(entries(5, 6), 5, 6),
        m.LogPage(entries(7), 7, 7, at_end=True),
    ]
    asked = []

    def answer(query):
        asked.append(query.after)
        page = pages.pop(0)
        if not pages:
            monkeypatch.setattr(controller, "link", lambda: m.Link("attached", "ended"))
        return page

    controller.answers[m.ReadLog] = answer
    got = [entry.cursor async for entry in following.following(controller, 3, m.LogFilter())]
    assert got == [4, 5, 6, 7]
    assert asked == [3, 4, 4, 6]


async def test_a_run_with_what_it_prints(make_controller):
    controller = make_controller()
    states = [
        m.RunStatus("waiting", "a"),
        m.RunStatus("running", "a", "r1", 1.0),
        m.RunStatus("ended", "a", "r1", 1.0, 2.0, "success"),
    ]
    output = Growing(b"one\n", b"", b"two\n")
    controller.answers[m.FollowRun] = lambda query: states.pop(0)
    shown = []

    async def ask(query, known=controller.ask):
        return await (output.ask(query) if isinstance(query, m.ReadOutput) else known(query))

    controller.ask = ask
    status = await following.follow_run(controller, "t", shown.append)
    assert status.action == "success"
    assert shown == ["one\n", "two\n"]


async def test_a_lost_link_is_waited_for(make_controller, monkeypatch):
    controller = make_controller()
    links = iter([m.Link("ssh x", "lost"), m.Link("ssh x", "connected")])
    monkeypatch.setattr(controller, "link", lambda: next(links))
    controller.answers[m.FollowRun] = m.RunStatus("unknown", exc_text="the link is lost.")
    assert (await following.follow_run(controller, "t", print)).state == "unknown"
    assert next(links, None) is None


async def test_the_end_of_a_scheduler(make_controller, make_task):
    controller = make_controller([make_task("a"), make_task("b", runs=(m.RunView("r", 0.0),))], state="draining")
    told = []

    def tell(words):
        told.append(words)
        controller.push(state="stopped")

    assert await asyncio.wait_for(following.until_stopped(controller, tell), 10)
    assert told == ["Waiting for 'b' …"]


async def test_a_scheduler_that_is_kept_running(make_controller, make_task):
    controller = make_controller([make_task("b", runs=(m.RunView("r", 0.0),))], state="draining")
    assert not await asyncio.wait_for(
        following.until_stopped(controller, lambda words: controller.push(state="running")), 10
    )


async def test_a_scheduler_that_is_gone(make_controller, monkeypatch):
    controller = make_controller(state="draining")
    monkeypatch.setattr(controller, "link", lambda: m.Link("attached", "lost"))
    assert await asyncio.wait_for(following.until_stopped(controller, print, lambda: True), 10)
