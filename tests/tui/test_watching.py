"""From what somebody typed to the schedulers that are watched, and a real one among them."""

from __future__ import annotations

import asyncio
import threading

import pytest
from click.testing import CliRunner
from piloting import screen, until

from redengine.exc import ControlError, ProjectError
from redengine_tui.app import RedEngineTUI
from redengine_tui.cli import main
from redengine_tui.data import ProjectData
from redengine_tui.fleet import FleetController
from redengine_tui.host import Host
from redengine_tui.hosts import HostEntry
from redengine_tui.project import load
from redengine_tui.screens.fleet import FleetScreen
from redengine_tui.settings import Settings
from redengine_tui.watching import candidate, targets_of

PROJECT = """
from redengine import RedEngine

app = RedEngine(config={"execution": "thread"})

@app.task("false")
def by_hand():
    pass
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "shop.py"
    path.write_text(PROJECT, "utf-8")
    return path


def test_by_default_all_projects_of_all_machines():
    hosts = {
        "build7": HostEntry("build7", "ada@build7", projects=("/srv/shop.py", "/srv/etl.py")),
        "db1": HostEntry("db1", "db1", projects=("~/jobs.py",)),
        "bare": HostEntry("bare", "bare"),
    }
    meant = targets_of((), Settings(hosts=hosts))
    assert [label for label, _ in meant] == ["build7/shop", "build7/etl", "db1/jobs"]
    assert [target.where for _, target in meant] == ["ssh build7", "ssh build7", "ssh db1"]
    assert [label for label, _ in targets_of(["db1/jobs"], Settings(hosts=hosts))] == ["db1/jobs"]


def test_an_address_is_called_by_machine_and_project(path):
    meant = targets_of(["ssh://ada@build7:2222/srv/jobs/night.py:slow", str(path)], Settings())
    assert [label for label, _ in meant] == ["build7/night:slow", str(path)]
    with pytest.raises(ProjectError, match="There is no file"):
        targets_of(["nothing.py"], Settings())


def test_nobody_is_asked_for_a_password_behind_the_screen(path, tmp_path):
    ((label, target),) = targets_of(["ssh://nowhere.invalid/srv/x.py"], Settings())
    found = candidate(label, target, tmp_path, read_only=False)

    async def connect():
        asked = []
        from redengine_tui import reaching

        async def dial(self, first):
            asked.append(first)
            raise ControlError("no")

        before, reaching.SshDial.__call__ = reaching.SshDial.__call__, dial
        try:
            with pytest.raises(ControlError):
                await found.connect()
        finally:
            reaching.SshDial.__call__ = before
        return asked

    assert asyncio.run(connect()) == [False]


def test_without_anything_to_watch_it_says_what_to_write(monkeypatch):
    monkeypatch.setattr("redengine_tui.cli.watch.need_terminal", lambda instead: None)
    result = CliRunner().invoke(main, ["watch"])
    assert result.exit_code == 2
    assert "[hosts.build7]" in result.output
    assert "Traceback" not in result.output
    result = CliRunner().invoke(main, ["watch", "nothing.py"])
    assert (result.exit_code, "There is no file nothing.py" in result.output) == (2, True)


async def test_a_real_scheduler_is_watched_over_its_socket(path, tmp_path, clock):
    root = tmp_path / "data"
    data = ProjectData.of(path, root)
    ((_, target),) = targets_of([str(path)], Settings())
    fleet = FleetController([candidate("shop", target, root, read_only=False)], clock)
    app = RedEngineTUI(fleet, clock=clock, base=FleetScreen(fleet))
    async with app.run_test(size=(160, 45)) as pilot:
        fleet.start()
        # Not there yet: its line says so, and it is tried again.
        await until(pilot, lambda: "✗ down" in screen(app))
        host = Host(load(str(path)), data)
        host.start()
        host.shown()
        try:
            await until(pilot, lambda: "by_hand" in screen(app))
            await pilot.press("r")
            await until(pilot, lambda: "✓ success  shop" in screen(app).replace("   ", "  "))
        finally:
            threading.Thread(target=host.stop, kwargs={"force": True}).start()
            await asyncio.to_thread(host.join, 10)
            await asyncio.to_thread(host.close)
        await until(pilot, lambda: "■ stopped" in screen(app) or "✗ lost" in screen(app))
    await fleet.close()
