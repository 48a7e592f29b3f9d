"""Copying between standard input and output and the socket of a scheduler."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import msgspec
import pytest

from redengine.control.wire import protocol as p
from redengine_tui import dial
from redengine_tui.data import ProjectData

PATIENCE = 30.0


@pytest.fixture
def project(tmp_path):
    (tmp_path / "project.py").write_text("")
    return tmp_path / "project.py"


@pytest.fixture
def scheduled(project, tmp_path):
    """The data of a project that is scheduled, and the listening socket of its scheduler."""
    data = ProjectData.of(project, tmp_path / "data")
    data.make()
    # Paths of sockets are short.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        path = Path(folder) / "x.sock"
        listening.bind(str(path))
        listening.listen()
        listening.settimeout(PATIENCE)
        lock = data.lock(path)
        yield data, listening
        if lock.is_locked:
            data.release(lock)


def run(project, *args, **options):
    command = [sys.executable, "-m", "redengine_tui.cli", "dial", str(project), *args]
    env = {**os.environ, "REDENGINE_TUI_DATA_DIR": str(project.parent / "data"), **options}
    return subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    )


def test_it_copies_both_ways_and_ends_with_the_scheduler(scheduled, project, monkeypatch):
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    _, listening = scheduled
    with run(project) as program:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"\x00hello\xff")
            assert program.stdout.read(7) == b"\x00hello\xff"
            program.stdin.write(b"there\n")
            assert connection.recv(100) == b"there\n"
        assert program.wait(PATIENCE) == 0
        assert program.stdout.read() == b""
        assert program.stderr.read() == b""


def test_the_end_of_the_input_is_passed_on_and_the_rest_still_comes(scheduled, project):
    _, listening = scheduled
    with run(project, SSH_CONNECTION="") as program:
        connection, _ = listening.accept()
        with connection:
            program.stdin.write(b"bye")
            program.stdin.close()
            assert connection.recv(100) == b"bye"
            assert connection.recv(100) == b""
            connection.sendall(b"last words")
        assert program.stdout.read() == b"last words"
        assert program.wait(PATIENCE) == 0


def test_a_scheduler_that_does_not_end_is_not_waited_for():
    ours, theirs = socket.socketpair()
    (into, _unused), (back, out) = (os.pipe(), os.pipe())
    os.close(_unused)
    with theirs:
        dial.copy(ours, into, out, last_words=0.01)
        assert theirs.recv(10) == b""
    for fd in (into, back, out):
        os.close(fd)


def test_more_than_a_pipe_holds_goes_through(scheduled, project):
    _, listening = scheduled
    much = os.urandom(3_000_000)
    with run(project, SSH_CONNECTION="") as program:
        connection, _ = listening.accept()
        with connection:
            sending = threading.Thread(target=lambda: (program.stdin.write(much), program.stdin.close()))
            sending.start()
            got = bytearray()
            while piece := connection.recv(1 << 16):
                got += piece
            assert bytes(got) == much
            sending.join()
            connection.sendall(b"x")
        assert program.stdout.read() == b"x"
        assert program.wait(PATIENCE) == 0


@pytest.mark.parametrize(
    ("args", "env", "wanted"),
    [
        (("--read-only",), {"SSH_CONNECTION": ""}, p.Prelude("read")),
        ((), {"SSH_CONNECTION": "10.0.0.7 5 10.0.0.1 22"}, p.Prelude("operate", "10.0.0.7 5 10.0.0.1 22")),
        (
            ("--read-only",),
            {"SSH_CONNECTION": "a", "SSH_ORIGINAL_COMMAND": "redengine-tui dial other.py"},
            p.Prelude("read", "a"),
        ),
    ],
)
def test_it_says_whose_connection_it_is(scheduled, project, args, env, wanted):
    _, listening = scheduled
    with run(project, *args, **env) as program:
        connection, _ = listening.accept()
        with connection:
            head = connection.recv(4, socket.MSG_WAITALL)
            body = connection.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL)
        assert msgspec.json.decode(body, type=p.FromClient) == wanted
        assert program.wait(PATIENCE) == 0


def test_nothing_is_said_of_this_users_own():
    assert dial.prelude(False, {}) == b""


def test_what_cannot_be_reached_is_said(project):
    def ended(*args):
        with run(*args) as program:
            assert program.stdout.read() == b""
            return program.wait(PATIENCE), program.stderr.read().decode()

    code, said = ended(project)
    assert code == dial.NOT_SCHEDULED
    assert f"project.py is not scheduled: no process runs it.\nStart it with: redengine-tui run {project}" in said
    code, said = ended(project.parent / "projetc.py")
    assert code == dial.NO_PROJECT
    assert 'did you mean "project.py"?' in said


def test_a_scheduler_without_a_socket(scheduled):
    data, listening = scheduled
    listening.close()
    with pytest.raises(
        dial.DialError, match=r"is scheduled by process \d+, but its socket .* cannot be reached"
    ) as error:
        dial.connect(data, patience=0)
    assert error.value.code == dial.NO_SOCKET
    data.owner_file.write_text("{}")
    with pytest.raises(dial.DialError, match="was started by an older version"):
        dial.connect(data, patience=0)


def test_one_that_is_starting_is_waited_for(scheduled, monkeypatch):
    data, _listening = scheduled
    told = data.owner_file.read_text()
    data.owner_file.write_text("")

    def look_again(seconds):
        data.owner_file.write_text(told)

    monkeypatch.setattr(dial.time, "sleep", look_again)
    with dial.connect(data) as connection:
        assert dial.peer_uid(connection) == os.getuid()


def test_another_users_socket_is_refused(scheduled, monkeypatch):
    data, _ = scheduled
    monkeypatch.setattr(dial, "peer_uid", lambda connection: os.getuid() + 1)
    with pytest.raises(dial.DialError, match="belongs to another user"):
        dial.connect(data, patience=0)


def test_nothing_heavy_is_imported(project):
    code = (
        "import sys\nfrom redengine_tui.cli import main\n"
        f"try:\n    main(['dial', {str(project)!r}])\nexcept SystemExit as end:\n    assert end.code == 69\n"
        "heavy = {'textual', 'rich', 'redengine', 'pydantic', 'lark', 'redbird', 'asyncio', 'msgspec', 'logging'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    env = {**os.environ, "REDENGINE_TUI_DATA_DIR": str(project.parent / "data")}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env=env)
