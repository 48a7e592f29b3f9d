"""Where things are kept: one folder a project, one scheduler a project, and outputs that do not pile up."""

from __future__ import annotations

import os
import stat
import sys
import time

import pytest

from redengine.exc import ProjectError, ProjectLocked
from redengine_tui import data as data_module
from redengine_tui.data import ProjectData, data_root


@pytest.fixture
def kept(tmp_path):
    kept = ProjectData.of(tmp_path / "shop.py", tmp_path / "data")
    kept.make()
    return kept


def test_the_root(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_root(str(tmp_path / "x")) == tmp_path / "x"
    if sys.platform == "linux":
        assert data_root() == tmp_path / "redengine-tui"


def test_projects_of_one_name_are_told_apart(tmp_path):
    one = ProjectData.of(tmp_path / "a" / "shop.py", tmp_path)
    other = ProjectData.of(tmp_path / "b" / "shop.py", tmp_path)
    assert one.folder != other.folder
    assert one.folder.name.startswith("shop-")
    assert ProjectData.of(tmp_path / "a" / "shop.py", tmp_path) == one


@pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX")
def test_the_folder_is_nobody_elses(kept):
    assert stat.S_IMODE(kept.folder.stat().st_mode) == 0o700


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "data").write_text("mine")
    with pytest.raises(ProjectError, match=r"cannot be written: .*\n.*--data-dir"):
        ProjectData.of(tmp_path / "shop.py", tmp_path / "data").make()
    assert (tmp_path / "data").read_text() == "mine"


def test_one_scheduler_a_project(kept):
    lock = kept.lock()
    assert kept.owner()["pid"] == os.getpid()
    with pytest.raises(ProjectLocked, match=f"scheduled already, by process {os.getpid()}"):
        kept.lock()
    kept.release(lock)
    assert kept.owner() == {}
    kept.release(kept.lock())


def test_who_has_the_project_and_what_can_be_done_about_it(kept):
    lock = kept.lock()
    project = kept.project
    wanted = (
        rf"scheduled already, by process {os.getpid()}.*\n.*redengine-tui attach {project}\n"
        rf"Stop it with: redengine-tui stop {project} or: kill {os.getpid()}$"
    )
    with pytest.raises(ProjectLocked, match=wanted):
        kept.lock()
    since = kept.owner()["since"]
    kept.lose_terminal()
    with pytest.raises(ProjectLocked, match=wanted) as caught:
        kept.lock()
    assert "/dev/" not in str(caught.value)
    assert kept.owner()["since"] == since
    kept.release(lock)


def test_the_apps_of_one_file_are_told_apart(kept):
    assert not kept.another_app("nightly")
    lock = kept.lock(app="app")
    assert "with its app app, not nightly" in kept.another_app("nightly")
    assert not kept.another_app("app")
    assert not kept.another_app(None)
    kept.release(lock)


def test_its_socket_is_that_of_a_process_that_has_it(kept, tmp_path):
    assert kept.socket() is None
    lock = kept.lock(tmp_path / "s.sock")
    assert kept.socket() == tmp_path / "s.sock"
    kept.lose_terminal()
    assert kept.socket() == tmp_path / "s.sock"
    left = kept.owner_file.read_bytes()
    kept.release(lock)
    # What a process that was killed leaves behind.
    kept.owner_file.write_bytes(left)
    assert kept.socket() is None


def test_whether_it_is_scheduled_is_asked_of_the_lock(kept):
    assert not kept.is_scheduled()
    lock = kept.lock()
    assert kept.is_scheduled()
    kept.release(lock)
    # What a process that was killed leaves behind.
    kept.owner_file.write_text('{"pid": 1}')
    assert not kept.is_scheduled()
    # Whoever only asks keeps nobody from starting.
    kept.release(kept.lock())


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"pid": "x", "since": "yesterday"}', "\0"])
def test_an_owner_file_that_is_broken_costs_nothing(kept, content):
    kept.owner_file.write_text(content)
    lock = kept.lock()
    kept.owner_file.write_text(content)
    with pytest.raises(ProjectLocked, match="scheduled already"):
        kept.lock()
    kept.release(lock)


def test_old_outputs_and_too_many_are_removed(kept, monkeypatch):
    monkeypatch.setattr(data_module, "OUTPUTS_KEPT", 3)
    now = time.time()
    for age, name in enumerate("abcd"):
        file = kept.outputs / f"{name}.txt"
        file.write_text(name)
        os.utime(file, (now - age, now - age))
    os.utime(kept.outputs / "c.txt", (now - data_module.OUTPUTS_FOR - 5,) * 2)
    (kept.outputs / "not-an-output.md").write_text("mine")
    kept.prune_outputs()
    assert sorted(file.name for file in kept.outputs.iterdir()) == ["a.txt", "b.txt", "d.txt", "not-an-output.md"]
