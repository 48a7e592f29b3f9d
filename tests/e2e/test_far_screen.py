"""A screen on a scheduler of another machine, over a real SSH server and over bad links."""

from __future__ import annotations

import pytest
from link import Link

PROJECT = """
    from redengine import RedEngine

    app = RedEngine(config={"execution": "thread"})

    @app.task(name="greet")
    def greet():
        print("hello from afar")

    @app.task("every 500 ms", name="tick")
    def tick():
        pass
"""


@pytest.fixture
def far(place, sshd, headless):
    """``far(port)``: the target of a scheduler at the other end of SSH, through this port or straight."""
    headless(PROJECT)

    def target(port=None, command=""):
        name = f"build{port or 7}"
        sshd.host(name, port=port, command=command)
        return f"ssh://{name}{place.project}"

    return target


def test_look_steer_and_leave(place, far, until):
    program = place.start("attach", far())
    program.wait_for(lambda: program.row("greet"))
    assert "ssh build7" in program.lines[0]

    program.press("g", "r")
    until(lambda: place.logged("greet", "success") == 1)
    program.wait_for(lambda: "success" in program.row("greet"))
    program.wait_for(lambda: any("greet" in line and "succe" in line for line in program.lines[-15:]))
    assert program.leave() == 0

    assert place.scheduler
    before = place.logged("tick", "success")
    until(lambda: place.logged("tick", "success") > before + 1)
    command = next(row for row in place.log if row["action"] == "command")
    assert "127.0.0.1" in str(command)


def test_who_may_only_look_sees_that(place, far):
    program = place.start("attach", far(command=f"redengine-tui dial {place.project} --read-only"))
    program.wait_for(lambda: program.row("greet"))

    assert "view-only" in program.lines[0]
    # Keys that steer are offered to nobody here; what comes after one is answered, so it was heard.
    program.press("g", "r", "?")
    program.wait_for("Find a command by its name")
    program.press("escape")
    assert program.leave() == 0
    assert place.logged("greet", "run") == 0


def test_a_link_that_is_lost_comes_back_by_itself(place, far, sshd, until):
    with Link(sshd.port) as link:
        program = place.start("attach", far(link.port))
        program.wait_for(lambda: program.row("greet"))
        link.refusing = True
        link.cut()
        program.wait_for(lambda: "lost" in program.text.lower() or "connect" in program.lines[0].lower())
        # What is there can be looked at, and nothing is done later that is asked for now.
        program.press("G", "g", "r")
        program.wait_for(lambda: "ot sent" in program.text)

        link.refusing = False
        program.wait_for(lambda: "ssh build" in program.lines[0] and "lost" not in program.lines[0].lower())
        until(lambda: link.connections >= 2)
        assert place.logged("greet", "run") == 0
        program.press("r")
        until(lambda: place.logged("greet", "success") == 1)
        assert program.leave() == 0


def test_it_says_how_old_the_picture_is(place, far, sshd):
    with Link(sshd.port) as link:
        program = place.start("attach", far(link.port))
        program.wait_for(lambda: program.row("greet"))
        with link.stalled():
            program.wait_for(lambda: "no answer for" in program.text)
        program.wait_for(lambda: "no answer for" not in program.text)
        assert program.leave() == 0
