"""Other users, and thousands of connections: the scheduler goes on as if they were not there."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from headless_scheduler import HeadlessScheduler
from wire_talk import HELLO, Talk, framed, request

PROJECT = """
from redengine import RedEngine

app = RedEngine(config={"execution": "main"})

def nothing():
    pass

for number in range(1000):
    app.task("daily between 03:00 and 03:01", name=f"task-{number:04}", func=nothing, description="d" * 200)

app.task("every 50 ms", name="often", func=nothing)
"""

#: What another user can try: to connect, and to look into the folder.
TRIES = """
import os, socket, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
path = sys.argv[1]
try:
    print(os.listdir(os.path.dirname(path)))
except OSError as error:
    print(type(error).__name__)
try:
    with socket.socket(socket.AF_UNIX) as tried:
        tried.settimeout(10)
        tried.connect(path)
        tried.sendall(bytes.fromhex(sys.argv[2]))
        print(tried.recv(100))
except OSError as error:
    print(type(error).__name__)
"""

#: Connects a thousand times at once, and holds on to all of them.
CROWD = """
import resource, socket, sys, time
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096) if hard > 0 else 4096, hard))
crowd, refused = [], 0
for _ in range(1000):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(5)
    try:
        one.connect(sys.argv[1])
        one.sendall(bytes.fromhex(sys.argv[2]))
    except OSError:
        refused += 1
    crowd.append(one)
print(refused, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def scheduler():
    with HeadlessScheduler(PROJECT) as made:
        with Talk(made.socket, HELLO) as talk:
            while talk.hear_of("state")["scheduler"]["state"] != "running":
                talk.say({"type": "ack", "received": 2**40})
        yield made
        assert made.process.poll() is None
        for said in (made.scheduler_log, made.said.read_text()):
            assert "Traceback" not in said


def answers_soon(talk, number):
    """Whether a command is answered within a second."""
    began = time.monotonic()
    assert talk.ask({"type": "enable", "task": "often"}, f"soon {number}")["body"]["ok"]
    return time.monotonic() - began < 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_is_refused(scheduler):
    tries = [sys.executable, "-S", "-c", TRIES, str(scheduler.socket), framed(HELLO).hex()]

    def tried():
        done = subprocess.run(tries, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.split("\n")

    assert tried()[:2] == ["PermissionError", "PermissionError"]

    # Not by the folder alone.
    for folder in (scheduler.folder, scheduler.socket.parent.parent, scheduler.socket.parent):
        folder.chmod(0o755)
    assert tried()[1] == "PermissionError"
    scheduler.socket.chmod(0o666)
    seen, came = tried()[:2]
    assert seen == str([scheduler.socket.name])
    # Not even what every scheduler says first.
    assert came in ("b''", "ConnectionResetError", "BrokenPipeError")

    with Talk(scheduler.socket, HELLO) as talk:
        assert answers_soon(talk, 0)
    assert "another user (uid 65534)" in scheduler.scheduler_log


@pytest.mark.skipif(sys.platform != "linux", reason="memory is looked up in /proc")
@pytest.mark.parametrize("hello", [b"", framed(HELLO)], ids=["silent", "greeting"])
def test_a_thousand_connections(scheduler, hello):
    with Talk(scheduler.socket, HELLO) as talk:
        assert answers_soon(talk, 0)
        before = scheduler.memory
        crowd = subprocess.Popen(
            [sys.executable, "-c", CROWD, str(scheduler.socket), hello.hex()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert crowd.stdin is not None
        assert crowd.stdout is not None
        most = 0
        for number in range(20):
            assert answers_soon(talk, number + 1)
            most = max(most, scheduler.memory)
            time.sleep(0.05)
        crowd.stdout.readline()
        assert answers_soon(talk, 99)
        most = max(most, scheduler.memory)
        crowd.communicate(timeout=20)
        # 200 of them are let in; each is owed a picture of 1,000 tasks.
        assert most - before < 80 * 1024 * 1024
        assert answers_soon(talk, 100)
    # They are gone, and there is room for others.
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with Talk(scheduler.socket, HELLO) as talk:
            if talk.hear()["type"] == "welcome":
                break
        time.sleep(0.1)
    else:
        pytest.fail("there is no room for anybody else")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is looked up in /proc")
def test_big_requests_of_who_takes_no_answers(scheduler):
    with Talk(scheduler.socket, HELLO) as talk:
        assert answers_soon(talk, 0)
        before, sent = scheduler.memory, 0
        big = framed(request({"type": "set_condition", "task": "often", "condition": "x" * 900_000}))
        for number in range(4):
            with Talk(scheduler.socket, {**HELLO, "watches": False}) as other:
                sent += other.flood(big, 0.7)
            assert answers_soon(talk, number + 1)
        assert sent > 0
        assert scheduler.memory - before < 150 * 1024 * 1024
