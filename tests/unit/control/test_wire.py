"""A scheduler over its socket: what a screen in another process has of it."""

from __future__ import annotations

import asyncio

import pytest

from redengine.control import messages as m
from redengine.control.wire import server
from redengine.control.wire.client import RemoteController, UnixDial
from redengine.control.wire.server import ControlServer


@pytest.fixture
def served(running, tmp_path):
    server = ControlServer(running.session, running.publisher, tmp_path / "s.sock", "1.2.3")
    server.start()
    yield server
    server.stop()
    assert not server.path.exists()


async def attached(served, **options):
    controller = RemoteController(UnixDial(lambda: served.path), "attached", **options)
    await controller.open()
    return controller


async def until(what, timeout=10.0):
    end = asyncio.get_running_loop().time() + timeout
    while not what():
        assert asyncio.get_running_loop().time() < end, "waited in vain"
        await asyncio.sleep(0.005)


async def test_the_picture_is_that_of_the_scheduler(app, running, served):
    app.task("never", name="a", func=lambda: None)
    app.task(name="b", func=lambda: None)
    running.start()
    controller = await attached(served)
    try:
        here, there = controller.snapshot(), running.publisher.snapshot()
        assert here.tasks == there.tasks
        seq = here.seq
        woken = []
        controller.subscribe(lambda: woken.append(1))
        assert await controller.send(m.Run("b")) == m.Reply(True, "'b' starts")
        await until(lambda: any(view.name == "b" and view.last_finish for view in controller.snapshot().tasks))
        assert woken
        delta = controller.changes(seq)
        assert [view.name for view in delta.tasks] == ["b"]
    finally:
        await controller.close()


async def test_a_slow_reader_lags_and_catches_up(app, running, served):
    app.task("every 10 ms", name="often", func=lambda: None)
    running.start()
    controller = await attached(served)
    await asyncio.sleep(0.5)
    running.session["often"].disabled = True
    await until(lambda: all(not view.runs for view in running.publisher.snapshot().tasks))
    await until(lambda: controller.snapshot().tasks == running.publisher.snapshot().tasks)
    assert controller.snapshot().scheduler.viewers == 1
    await controller.close()
    running.until(lambda: running.publisher.snapshot().scheduler.viewers == 0)


async def test_the_end_is_told(app, running, served):
    app.task(name="b", func=lambda: None)
    running.start()
    controller = await attached(served)
    running.stop()
    served.stop()
    await until(lambda: controller.link().state == "ended")
    assert controller.snapshot().scheduler.state == "stopped"
    reply = await controller.send(m.Run("b"))
    assert reply == m.Reply(False, "Not sent: the scheduler has stopped.")
    assert (await controller.ask(m.ReadLog())).failed == "the scheduler has stopped."
    await controller.close()


async def test_a_socket_that_is_taken_away_comes_back(app, running, served, monkeypatch, tmp_path):
    monkeypatch.setattr(server, "SWEEP", 0.05)
    app.task("never", name="a", func=lambda: None)
    running.start()
    # Once with the time that it had before.
    served.path.unlink()
    await until(lambda: served._is_in_place(), timeout=20)
    await asyncio.sleep(0.1)  # it listens right after that
    controller = await attached(served)
    assert [view.name for view in controller.snapshot().tasks] == ["a"]
    await controller.close()
