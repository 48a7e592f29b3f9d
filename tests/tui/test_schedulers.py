"""Which schedulers run: those that answer, those that do not, and what was left over by others."""

from __future__ import annotations

import socket

import pytest

from redengine.control.messages import SchedulerView
from redengine.control.wire import sockets
from redengine_tui import schedulers
from redengine_tui.data import ProjectData
from redengine_tui.schedulers import Found, as_text, find


@pytest.fixture
def no_sockets(monkeypatch):
    monkeypatch.setattr(sockets, "sockets", lambda: iter(()))


async def test_one_that_does_not_answer(tmp_path, no_sockets):
    data = ProjectData.of(tmp_path / "shop.py", tmp_path)
    data.make()
    silent = socket.socket(socket.AF_UNIX)
    silent.bind(str(tmp_path / "s.sock"))
    silent.listen()
    lock = data.lock(tmp_path / "s.sock")
    (found,) = await find(tmp_path, within=0.05)
    assert (found.project, found.path, found.state, found.running) == ("shop", str(data.project), "no answer", None)
    assert found.pid is not None
    left = data.owner_file.read_bytes()
    data.release(lock)
    silent.close()
    # What is left over by one that died is no scheduler.
    data.owner_file.write_bytes(left)
    assert await find(tmp_path, within=0.05) == ()


async def test_those_that_answer_and_sockets_nobody_listens_at(tmp_path, monkeypatch):
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "left.sock"))
    left.close()
    paths = [tmp_path / "left.sock", tmp_path / "b.sock", tmp_path / "a.sock"]
    monkeypatch.setattr(sockets, "sockets", lambda: iter(paths))
    views = {
        "a.sock": SchedulerView("a", "/a.py", "h", 1, "running", 10.0, tasks=3, running=1, failing=2, viewers=4),
        "b.sock": SchedulerView("b", "/b.py", "h", 2, "held", 20.0),
    }
    real = schedulers._ask

    async def ask(path, within):
        return views.get(path.name) or await real(path, within)

    monkeypatch.setattr(schedulers, "_ask", ask)
    found = await find(tmp_path)
    assert found == (
        Found("a", "/a.py", 1, 10.0, "running", 4, 1, 2, 3, str(tmp_path / "a.sock")),
        Found("b", "/b.py", 2, 20.0, "held", 0, 0, 0, 0, str(tmp_path / "b.sock")),
    )


def test_as_a_table():
    rows = (
        Found("shop\x1b[2J", "/srv/shop.py", 12, None, "no answer"),
        Found("b", "/b.py", None, 5.0, "held", 1, 2, 3),
    )
    lines = as_text(rows, 10.0).splitlines()
    assert lines[0].split() == ["PROJECT", "STATE", "PID", "SINCE", "VIEWERS", "RUNNING", "FAILING", "FILE"]
    assert "\x1b" not in lines[1]
    assert lines[1].split()[-5:] == ["-", "-", "-", "-", "/srv/shop.py"]
    assert lines[2].split()[-4:] == ["1", "2", "3", "/b.py"]
    assert as_text((), 0.0) == "No scheduler of yours runs on this machine."
