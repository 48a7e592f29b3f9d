"""A scheduler on a thread of its own, and what a screen has of it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time

import msgspec
import pytest

from redengine import RedEngine
from redengine.control.local import LocalController
from redengine.control.messages import Caller
from redengine.control.publisher import Project, Publisher


class Running:
    """A session with a publisher, and its scheduler once it is started."""

    def __init__(self, app):
        self.session = app.session
        self.publisher = Publisher(app.session, Project("shop", "/srv/shop.py"))
        self.thread = threading.Thread(target=lambda: asyncio.run(app.session.serve()), daemon=True)
        self.controller = LocalController(self.session, self.publisher, Caller("ada"))

    def start(self):
        self.thread.start()
        self.until(lambda: self.publisher.snapshot().scheduler.state == "running")

    def stop(self):
        if self.thread.is_alive():
            self.session.shut_down(force=True)
            self.thread.join(20)
        assert not self.thread.is_alive()

    def view(self, name):
        return next(view for view in self.publisher.snapshot().tasks if view.name == name)

    def until(self, what, timeout=20.0):
        end = time.monotonic() + timeout
        while not (value := what()):
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.005)
        return value


class Screen:
    """What a screen knows from one snapshot and the changes since."""

    def __init__(self, publisher):
        self.publisher = publisher
        snapshot = publisher.snapshot()
        self.seq, self.scheduler = snapshot.seq, snapshot.scheduler
        self.tasks = {view.name: view for view in snapshot.tasks}

    def pull(self):
        delta = self.publisher.changes(self.seq)
        self.seq, self.scheduler = delta.seq, delta.scheduler
        self.tasks.update({view.name: view for view in delta.tasks})
        for name in delta.removed:
            self.tasks.pop(name, None)
        return delta


@pytest.fixture
def app():
    return RedEngine(config={"execution": "thread"})


@pytest.fixture
def running(app):
    """A session of which the scheduler can be started; it is stopped afterwards."""
    made = Running(app)
    yield made
    made.stop()


@pytest.fixture
def screen_of():
    return Screen


@pytest.fixture
def audit(app):
    """What the scheduler's log says of commands."""
    lines = []

    class Handler(logging.Handler):
        def emit(self, record):
            if getattr(record, "action", "") == "command":
                lines.append(record.getMessage())

    handler = Handler()
    logger = app.session.scheduler.logger
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lines
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.fixture
def same():
    """Whether two views say the same, apart from what changes with the time of asking."""

    def compare(one, other):
        return msgspec.structs.replace(one, next=other.next) == other

    return compare
