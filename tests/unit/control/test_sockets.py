"""Where sockets are, and that nobody else gets at them."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from redengine.control.wire import sockets
from redengine.exc import ControlError


@pytest.fixture
def runtime(monkeypatch):
    """The only place for sockets, whose paths must be short."""
    with tempfile.TemporaryDirectory(prefix="run-", dir="/tmp") as name:
        folder = Path(name) / "redengine-tui"
        monkeypatch.setattr(sockets, "candidates", lambda: (folder,))
        yield folder


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_folder_of_the_login_comes_first(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert sockets.candidates()[0] == tmp_path / "redengine-tui"
    monkeypatch.setenv("XDG_RUNTIME_DIR", "not/absolute")
    assert all(folder.is_absolute() for folder in sockets.candidates())
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert sockets.candidates()[-1].name == f"redengine-tui-{os.getuid()}"


def test_a_folder_and_a_socket_for_this_user_alone(runtime, tmp_path):
    before = os.umask(0)
    try:
        path = sockets.socket_path(tmp_path / "data")
        ours = sockets.bind(path)
    finally:
        os.umask(before)
    with ours:
        assert (mode(path.parent), mode(path)) == (0o700, 0o600)
        assert list(sockets.sockets()) == [path]
        # It does not listen yet.
        with socket.socket(socket.AF_UNIX) as other, pytest.raises(ConnectionRefusedError):
            other.connect(str(path))
    assert sockets.socket_path(tmp_path / "data") == path != sockets.socket_path(tmp_path / "other")


def test_what_was_left_over_is_replaced(runtime, tmp_path):
    path = sockets.socket_path(tmp_path)
    sockets.bind(path).close()
    with sockets.bind(path) as ours:
        ours.listen()
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(str(path))
            assert sockets.peer_uid(other) == os.getuid()


def test_a_folder_that_is_too_open_is_closed(runtime, tmp_path):
    runtime.mkdir(mode=0o755)
    sockets.socket_path(tmp_path)
    assert mode(runtime) == 0o700


def test_a_link_or_a_file_in_place_of_the_folder_is_not_used(runtime, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    runtime.symlink_to(elsewhere)
    with pytest.raises(ControlError, match="no folder, or a link"):
        sockets.socket_path(tmp_path)
    assert list(sockets.sockets()) == []
    runtime.unlink()
    runtime.touch()
    with pytest.raises(ControlError, match="no folder"):
        sockets.socket_path(tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_somebody_else_s_folder_is_not_used(runtime, tmp_path):
    runtime.mkdir(mode=0o700)
    os.chown(runtime, 65534, 65534)
    with pytest.raises(ControlError, match="belongs to somebody else"):
        sockets.socket_path(tmp_path)
    assert list(sockets.sockets()) == []


def test_a_socket_that_cannot_be_made(tmp_path):
    with pytest.raises(ControlError, match="cannot be made"):
        sockets.bind(tmp_path / ("long" * 40))
