"""The client of the wire against a server that says what the test has it say."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from redengine.control import messages as m
from redengine.control.wire import client as clients
from redengine.control.wire import protocol as p
from redengine.control.wire.client import RemoteController
from redengine.control.wire.frames import frame, read_frame
from redengine.exc import ControlError

SCHEDULER = m.SchedulerView("shop", "/srv/shop.py", "atlas", 1, "running", tasks=1)
TASK = m.TaskView("load", "idle", "daily", "", "thread", 0, m.NextStart("never"))
WELCOME = p.Welcome(1, "first life", "operate", version="9.9", now=1000.0)

heard = msgspec.json.Decoder(p.FromClient)


class Script:
    """The other end: each connection is taken by ``talk(script)``, the newest one is at hand."""

    def __init__(self):
        self.connections = 0
        self.refuses = ""
        self.hello = None
        self.greeting = p.MAGIC
        self.said = [WELCOME, p.State(1, SCHEDULER, (TASK,), whole=True)]
        self.reader = self.writer = self.client = None

    async def __call__(self, first):
        if self.refuses:
            raise ControlError(self.refuses)
        self.connections += 1
        ours, theirs = asyncio.StreamReader(), asyncio.StreamReader()
        self.reader, self.writer = theirs, _Writer(ours)
        self.client = _Connection(ours, _Writer(theirs))
        self.writer.write(self.greeting)
        self.say(*self.said)
        return self.client

    def say(self, *messages):
        for message in messages:
            self.writer.write(frame(message))

    async def hear(self, kind):
        """The next message of this kind."""
        while True:
            message = heard.decode(await asyncio.wait_for(read_frame(self.reader, p.REQUEST_CAP), 10))
            if isinstance(message, kind):
                return message

    def cut(self):
        self.writer.close()


class _Writer:
    def __init__(self, to):
        self.to, self.transport = to, self

    def write(self, data):
        if not self.to.at_eof() and not self.to._eof:
            self.to.feed_data(data)

    def close(self):
        if not self.to._eof:
            self.to.feed_eof()

    abort = close


class _Connection:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def close(self):
        self.writer.close()
        self.reader.feed_eof()

    async def why(self):
        return ""


@pytest.fixture
def script():
    return Script()


@pytest.fixture
async def controller(script, monkeypatch):
    monkeypatch.setattr(clients, "FIRST_RETRY", 0.01)
    controller = RemoteController(script, "ssh build7", version="1.0")
    await controller.open()
    yield controller
    await controller.close()


async def until(what):
    for _ in range(2000):
        if what():
            return
        await asyncio.sleep(0.005)
    pytest.fail("waited in vain")


async def test_what_a_login_prints_is_skipped(script):
    script.greeting = b"Welcome to build7!\r\nLast login: never\x00re\n" + p.MAGIC
    controller = RemoteController(script, "ssh build7")
    await controller.open()
    assert controller.snapshot().tasks == (TASK,)
    assert controller.link().role == "operate"
    await controller.close()


async def test_who_prints_and_never_speaks_is_no_scheduler(script):
    script.greeting = b"This account is not available.\n"
    script.said = []
    controller = RemoteController(script, "ssh build7")
    opening = asyncio.create_task(controller.open())
    await asyncio.sleep(0)
    script.cut()
    with pytest.raises(ControlError, match="closed the connection"):
        await opening


async def test_another_version_is_refused_in_words(script):
    script.said = [p.Refused("It speaks versions 7 to 8 of the wire.", (7, 8), "9.9")]
    with pytest.raises(ControlError, match="7 to 8") as refused:
        await RemoteController(script, "ssh build7", by_hand="ssh -t build7 'redengine-tui attach x.py'").open()
    assert refused.value.lasting
    assert "Update redengine-tui here" in str(refused.value)
    assert str(refused.value).endswith(": ssh -t build7 'redengine-tui attach x.py'")


async def test_a_state_in_parts_counts_when_it_is_complete(script, controller):
    other = msgspec.structs.replace(TASK, name="other", order=1)
    script.say(p.State(5, SCHEDULER, (msgspec.structs.replace(TASK, asked=1),), more=True))
    await asyncio.sleep(0.02)
    assert controller.snapshot().tasks == (TASK,)
    script.say(p.State(5, SCHEDULER, (other,)))
    await until(lambda: len(controller.snapshot().tasks) == 2)
    assert controller.snapshot().tasks[0].asked == 1


async def test_it_comes_back_by_itself_and_tells_what_it_knows(script, controller):
    seq = controller.snapshot().seq
    await script.hear(p.Hello)
    script.say(p.State(8, SCHEDULER))
    await until(lambda: controller.snapshot().seq > seq)
    script.said = [WELCOME, p.State(9, SCHEDULER, (msgspec.structs.replace(TASK, asked=3),))]
    script.cut()
    await until(lambda: script.connections == 2 and controller.link().state == "connected")
    hello = await script.hear(p.Hello)
    assert (hello.epoch, hello.seq) == ("first life", 8)
    assert controller.changes(seq).tasks[0].asked == 3


async def test_after_a_restart_what_is_gone_is_removed(script, controller):
    seq = controller.snapshot().seq
    new = msgspec.structs.replace(TASK, name="new")
    script.said = [msgspec.structs.replace(WELCOME, epoch="second life"), p.State(1, SCHEDULER, (new,), whole=True)]
    script.cut()
    await until(lambda: controller.snapshot().tasks == (new,))
    assert controller.changes(seq).removed == ("load",)


async def test_a_command_is_sent_again_under_its_id(script, controller):
    sending = asyncio.create_task(controller.send(m.Run("load")))
    first = await script.hear(p.Request)
    script.cut()
    await until(lambda: script.connections == 2)
    second = await script.hear(p.Request)
    assert (second.id, second.body, second.late) == (first.id, first.body, False)
    script.say(p.Answer(second.id, msgspec.Raw(msgspec.json.encode(m.Reply(True, "starts")))))
    assert await sending == m.Reply(True, "starts")


async def test_a_command_of_long_ago_is_only_asked_after(script, controller, monkeypatch):
    monkeypatch.setattr(clients, "SENT_AGAIN", -1.0)
    sending = asyncio.create_task(controller.send(m.Run("load")))
    first = await script.hear(p.Request)
    script.cut()
    await until(lambda: script.connections == 2)
    second = await script.hear(p.Request)
    assert (second.id, second.late) == (first.id, True)
    script.say(p.Answer(second.id, msgspec.Raw(msgspec.json.encode(m.Reply(False, "not done")))))
    assert await sending == m.Reply(False, "not done")


async def test_a_scheduler_started_anew_knows_nothing_of_a_command(script, controller):
    sending = asyncio.create_task(controller.send(m.Run("load")))
    await script.hear(p.Request)
    script.said[0] = msgspec.structs.replace(WELCOME, epoch="second life")
    script.cut()
    reply = await sending
    assert not reply.ok
    assert "started anew" in reply.message


async def test_an_answer_that_never_comes_is_given_up(script, controller, monkeypatch):
    monkeypatch.setattr(clients, "WAITED_FOR", 0.05)
    reply = await controller.send(m.Run("load"))
    assert not reply.ok
    assert "No answer came" in reply.message


async def test_without_a_link_nothing_is_sent_and_everything_answered(script, controller):
    script.refuses = "no route to host"
    asking = asyncio.create_task(controller.ask(m.ReadLog()))
    await script.hear(p.Request)
    script.cut()
    assert (await asking).failed.startswith("the link is lost")
    await until(lambda: "no route" in controller.link().problem)
    link = controller.link()
    assert (link.state, link.where) == ("lost", "ssh build7")
    for kind, answer in p.ANSWERS.items():
        if kind in m.COMMANDS:
            continue
        texts = {"task", "condition", "name", "run_id", "ticket"} & set(kind.__struct_fields__)
        fields = dict.fromkeys(texts, "x")
        query = kind(**fields, **({"position": 0} if kind is m.Complete else {}))
        assert isinstance(await controller.ask(query), answer), kind
    reply = await controller.send(m.Run("load"))
    assert not reply.ok
    assert reply.message == "Not sent: the link is lost (no route to host)."
    # It is not kept for later either.
    script.refuses = ""
    await until(lambda: controller.link().state == "connected")
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(script.hear(p.Request), 0.05)


async def test_who_is_silent_is_sent_no_commands(script, controller, monkeypatch):
    monkeypatch.setattr(clients, "SILENT", -1.0)
    reply = await controller.send(m.Run("load"))
    assert not reply.ok
    assert "has not answered for" in reply.message


async def test_what_is_newer_than_this_program_is_passed_over(script, controller):
    script.writer.write(frame({"type": "fireworks", "colour": "red"}))
    script.writer.write(frame({"type": "state", "seq": 7, "scheduler": msgspec.to_builtins(SCHEDULER), "mood": "good"}))
    seq = controller.snapshot().seq
    await until(lambda: controller.snapshot().seq > seq)
    assert controller.link().state == "connected"


async def test_states_are_acknowledged_now_and_then(script, controller):
    await script.hear(p.Ack)
    long = msgspec.structs.replace(TASK, description="x" * p.ACK_AFTER)
    script.say(p.State(2, SCHEDULER, (TASK,)), p.State(3, SCHEDULER, (long,)))
    ack = await script.hear(p.Ack)
    assert ack.received > p.ACK_AFTER


async def test_the_clock_is_that_of_the_other_end(script, controller):
    assert abs(controller.clock() - 1000.0) < 5
