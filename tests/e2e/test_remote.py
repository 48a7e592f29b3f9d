"""A scheduler on another machine: over a real SSH server."""

from __future__ import annotations

import subprocess

import pytest

from redengine.control import messages as m
from redengine.control.wire.client import RemoteController
from redengine.exc import ControlError
from redengine_tui.ssh import SshDial
from redengine_tui.target import Far

PROJECT = """
from redengine import RedEngine

app = RedEngine(config={"execution": "thread"})


@app.task("never")
def greet():
    print("hello")
"""


@pytest.fixture
def ssh_of(sshd, place, monkeypatch):
    """``ssh_of(name, command)``: a machine that this program's own ssh knows."""
    monkeypatch.setenv("PATH", place.env["PATH"])
    return sshd.host


async def attached(target):
    controller = RemoteController(SshDial(target), target.where)
    await controller.open()
    return controller


async def test_look_and_steer(place, headless, ssh_of):
    headless(PROJECT)
    controller = await attached(Far(ssh_of("build7"), str(place.project)))
    try:
        assert [task.name for task in controller.snapshot().tasks] == ["greet"]
        link = controller.link()
        assert (link.where, link.state, link.role) == ("ssh build7", "connected", "operate")
        assert (await controller.send(m.Run("greet"))).ok
    finally:
        await controller.close()


async def test_a_key_for_looking_only(place, headless, ssh_of):
    headless(PROJECT)
    command = f"redengine-tui dial {place.project} --read-only"
    controller = await attached(Far(ssh_of("watcher", command=command), "/somewhere/else.py"))
    try:
        assert controller.link().role == "read"
        reply = await controller.send(m.Run("greet"))
        assert not reply.ok
        assert "You may look" in reply.message
    finally:
        await controller.close()


async def test_what_is_wrong_there_is_told(place, headless, ssh_of, sshd):
    place.write(PROJECT)
    host = ssh_of("build7")
    with pytest.raises(ControlError, match=r"build7: project.py is not scheduled.*\nStart it with"):
        await attached(Far(host, str(place.project)))
    with pytest.raises(ControlError, match="There is no file"):
        await attached(Far(host, str(place.project.parent / "projetc.py")))
    with pytest.raises(ControlError, match="build7 has no program /nowhere/redengine-tui"):
        await attached(Far(host, str(place.project), command=("/nowhere/redengine-tui",)))
    sshd.install('echo "Error: Got unexpected extra argument (x)" >&2; exit 2')
    with pytest.raises(ControlError, match="is older than this one"):
        await attached(Far(host, str(place.project)))


async def test_what_a_login_prints_is_skipped(place, headless, ssh_of, sshd):
    headless(PROJECT)
    program = (sshd.there / "redengine-tui").read_text().partition("\n")[2]
    sshd.install(f"echo Welcome to build7; printf '\\000\\001 motd'; {program}")
    controller = await attached(Far(ssh_of("build7"), str(place.project)))
    assert len(controller.snapshot().tasks) == 1
    await controller.close()


def test_a_screen_from_afar(place, headless, sshd, until):
    scheduler = headless(PROJECT)
    screen = place.start("attach", f"ssh://{sshd.host('build7')}{place.project}")
    screen.wait_for("greet")
    screen.wait_for("ssh build7")
    screen.press("q")
    assert screen.ended() == 0
    assert scheduler.poll() is None


def test_a_screen_that_may_look_only(place, headless, sshd):
    headless(PROJECT)
    narrow = sshd.host("narrow", command=f"redengine-tui dial {place.project} --read-only")
    screen = place.start("attach", f"ssh://{narrow}{place.project}")
    screen.wait_for("greet")
    screen.wait_for("view-only")
    screen.press("q")
    assert screen.ended() == 0


def test_a_screen_that_cannot_be_had(place, sshd):
    place.write(PROJECT)
    screen = place.start("attach", f"ssh://{sshd.host('build7')}{place.project}")
    assert screen.ended() == 2
    assert "build7: project.py is not scheduled" in screen.text


def test_ssh_asks_at_the_terminal_before_the_screen_is_drawn(place, headless, sshd):
    """For the host key, and for what opens the key."""
    headless(PROJECT)
    host = sshd.host("build7")
    key = sshd.folder / f"key_{host}"
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", key], check=True)
    config = sshd.folder / "client.conf"
    asked = (
        config.read_text()
        .replace("BatchMode yes\n", "")
        .replace("StrictHostKeyChecking yes", "StrictHostKeyChecking ask")
    )
    config.write_text(asked)
    (sshd.folder / "known_hosts").write_text("")
    screen = place.start("attach", f"ssh://{host}{place.project}")
    screen.wait_for("Are you sure you want to continue connecting")
    screen.press("yes", "enter")
    screen.wait_for("Enter passphrase for key")
    screen.press("open sesame", "enter")
    screen.wait_for("greet")
    screen.wait_for("ssh build7")
    assert "passphrase" not in screen.text
    screen.press("q")
    assert screen.ended() == 0


def test_a_shared_connection(place, headless, sshd):
    """The user's configuration has one connection serve them all; it stays when what began it has ended."""
    headless(PROJECT)
    mux = sshd.folder / "mux"
    target = (
        f"ssh://{sshd.host('build7', ControlMaster='auto', ControlPath=str(mux), ControlPersist='60')}{place.project}"
    )
    assert place.call("ctl", target, "condition", "greet").stdout == "never\n"
    assert mux.exists()
    assert place.call("ctl", target, "run", "greet").stdout == "'greet' starts\n"
    said = sshd.log.read_text(errors="replace")
    assert said.count("Accepted publickey") == 1
    subprocess.run(["ssh", "-O", "exit", "build7"], env=place.env, check=True, capture_output=True)
