"""What a service manager is told, on a socket of its kind."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from redengine_tui.sd_notify import ServiceManager


class Manager(socket.socket):
    """A manager's socket."""

    #: As those are told it who are to send to it.
    address = ""


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A socket as a manager has it, and its address as it is told of."""
    if request.param == "abstract" and sys.platform != "linux":
        pytest.skip("only Linux has abstract names")
    address = f"@redengine-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
    with Manager(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind("\0" + address[1:] if address.startswith("@") else address)
        bound.settimeout(10)
        bound.address = address
        yield bound


def test_states_are_sent(manager):
    told = ServiceManager.of({"NOTIFY_SOCKET": manager.address})
    assert told.listens
    assert told.watchdog == 0
    told.tell("READY=1", "STATUS=3 tasks")
    assert manager.recv(4096) == b"READY=1\nSTATUS=3 tasks"
    told.status("on hold \udc80")
    assert manager.recv(4096) == b"STATUS=on hold \\udc80"
    told.close()
    told.tell("WATCHDOG=1")
    assert not told.listens


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({"WATCHDOG_USEC": "-5"}, 0.0),
    ],
)
def test_how_often_it_wants_to_hear(given, seconds):
    told = ServiceManager.of({"NOTIFY_SOCKET": "/nowhere", **given})
    assert told.watchdog == seconds
    told.close()


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "relative"])
def test_without_a_manager_nobody_is_told(address):
    told = ServiceManager.of({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000000"})
    assert (told.listens, told.watchdog) == (False, 0.0)
    told.tell("READY=1")


@pytest.mark.parametrize("address", ["/nowhere/at/all", "/" + "x" * 300, "/null\0byte"])
def test_a_manager_that_is_gone_costs_nothing(address):
    told = ServiceManager.of({"NOTIFY_SOCKET": address})
    told.tell("READY=1")
    told.close()
