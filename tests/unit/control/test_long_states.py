"""States that take many frames: whole pictures, and what changed while a link was down."""

from __future__ import annotations

import asyncio

import pytest
from controller_contract import until
from link import Link

from redengine.control.wire import client as clients
from redengine.control.wire import protocol as p
from redengine.control.wire.client import RemoteController, UnixDial
from redengine.control.wire.server import ControlServer

COUNT = 3 * p.VIEWS_A_FRAME + 7


@pytest.fixture
def served(app, running, tmp_path):
    for number in range(COUNT):
        app.task("daily", name=f"task-{number}", func=lambda: None)
    server = ControlServer(running.session, running.publisher, tmp_path / "s.sock", "1.2.3")
    server.start()
    running.start()
    yield server
    server.stop()


def same(running, controller):
    return controller.snapshot().tasks == running.publisher.snapshot().tasks


@pytest.mark.parametrize("changed", [COUNT - 1, 2 * p.VIEWS_A_FRAME, 5])
async def test_what_changed_while_the_link_was_down_is_made_up_for(running, served, tmp_path, monkeypatch, changed):
    monkeypatch.setattr(clients, "FIRST_RETRY", 0.01)
    with Link(served.path, tmp_path / "link.sock", rate=20e6) as link:
        controller = RemoteController(UnixDial(lambda: link.path), "attached")
        await controller.open()
        assert len(controller.snapshot().tasks) == COUNT
        # Each task is looked at for the first time a while after the start.
        await until(lambda: all(view.next.kind == "at" for view in controller.snapshot().tasks))
        await until(lambda: same(running, controller))
        whole = link.down
        link.refusing = True
        link.cut()
        await until(lambda: controller.link().state == "lost")

        for number in range(changed):
            running.session[f"task-{number}"].disabled = True
        running.session.remove_task(f"task-{COUNT - 1}")
        link.refusing = False

        await until(lambda: controller.link().state == "connected")
        await until(lambda: len(controller.snapshot().tasks) == COUNT - 1 and same(running, controller))
        assert sum(view.disabled for view in controller.snapshot().tasks) == changed
        if changed == 5:
            # What it knew already was not sent again.
            assert link.down - whole < whole / 10
        await controller.close()


async def test_the_last_of_a_long_state_comes_before_the_end(running, served, monkeypatch):
    # However busy the machine is.
    monkeypatch.setattr("redengine.control.wire.server.LAST_WORDS", 15.0)
    controller = RemoteController(UnixDial(lambda: served.path), "attached")
    await controller.open()

    for number in range(COUNT):
        running.session[f"task-{number}"].disabled = True
    # Beside this loop, which takes what is sent.
    await asyncio.to_thread(running.stop)
    await asyncio.to_thread(served.stop)

    await until(lambda: controller.link().state == "ended")
    assert controller.snapshot().scheduler.state == "stopped"
    assert all(view.disabled for view in controller.snapshot().tasks)
    await controller.close()
