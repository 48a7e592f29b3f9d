"""The controllers of a real scheduler: beside it, and at the other end of a socket."""

from __future__ import annotations

import pytest
from controller_contract import Bench, SchedulerContract

from redengine import RedEngine
from redengine.control.wire.client import RemoteController, UnixDial
from redengine.control.wire.server import ControlServer


class Real(Bench):
    """A scheduler on a thread of its own, changed as a project's own code would."""

    def __init__(self, app: RedEngine, running):
        self.session = app.session
        self.app, self.running = app, running
        self.controller = running.controller

    def add(self, name):
        self.app.task(name=name, func=lambda: None, execution="thread")

    def remove(self, name):
        self.session.remove_task(name)

    def rename(self, name, new):
        self.session[name].name = new

    def toggle(self, name):
        self.session[name].disabled = not self.session[name].disabled

    def truth(self):
        return {task.name: task.disabled for task in self.session.tasks}


@pytest.fixture
def real(app, running, tmp_path):
    app.session.outputs = tmp_path
    bench = Real(app, running)
    bench.add("first")
    bench.add("second")
    running.start()
    return bench


class TestLocal(SchedulerContract):
    """On a thread of the same process."""

    @pytest.fixture
    def bench(self, real):
        return real


class TestRemote(SchedulerContract):
    """At the other end of a socket."""

    @pytest.fixture
    async def bench(self, real, running, tmp_path):
        server = ControlServer(running.session, running.publisher, tmp_path / "s.sock", "1.2.3")
        server.start()
        real.controller = RemoteController(UnixDial(lambda: server.path), "attached")
        await real.controller.open()
        yield real
        await real.controller.close()
        server.stop()
