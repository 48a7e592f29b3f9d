"""What the screen costs on the wire, how often it is sent, and that nobody waits for a terminal that takes nothing."""

from __future__ import annotations

import itertools
import os
import re
import signal
import time

import pytest
from wire_load import FRAME, IN_TURNS, QUIET, is_of_clocks

SIZE = {"width": 120, "height": 40}


def changes(place):
    """How often the task was started or ended."""
    return sum(row["task_name"] == "in-turns" for row in place.log)


@pytest.fixture(autouse=True)
def all_colours(place):
    """Colours cost most where there are most of them."""
    place.env["COLORTERM"] = "truecolor"


def settled(place, program):
    """Wait until the screen is at rest, but for its clocks."""
    program.wait_for(lambda: "Next  " in program.text and program.text.count("✓ success") >= 6)
    size = -1
    while size != len(program.sent):
        size = len(program.sent)
        # Longer than anything waits that has to be drawn yet, and shorter than a second, at which clocks change.
        time.sleep(0.4)


def test_an_idle_screen_costs_little(place):
    place.write(QUIET)
    program = place.start(**SIZE)
    settled(place, program)
    before, start = len(program.sent), time.monotonic()
    # Long enough for every countdown to change.
    time.sleep(12)
    rate = (len(program.sent) - before) / (time.monotonic() - start)
    assert 0 < rate <= 200
    # It did go on.
    clock = re.compile(r"\d\d:\d\d:\d\d")
    assert clock.search(program.lines[0])


@pytest.mark.parametrize("shown", ["in-turns", "waiting-0"])
def test_a_change_of_state_costs_little(place, shown):
    """Its row, the counts of the header, its line in the log, and the condition pane if it shows that task."""
    place.write(QUIET + IN_TURNS)
    program = place.start(**SIZE)
    program.wait_for("waiting-0")
    program.press("G" if shown == "in-turns" else "g")
    program.wait_for(f"Condition · {shown}")
    # The first lines of the log appear below one another; only then are there more than find room.
    program.wait_for(lambda: place.logged("in-turns", "success") >= 2)
    time.sleep(0.7)
    before, done = len(program.sent), changes(place)
    program.wait_for(lambda: place.logged("in-turns", "success") >= 8)
    time.sleep(0.7)
    done = changes(place) - done
    assert done >= 12
    frames = bytes(program.sent[before:]).split(FRAME)
    assert sum(len(FRAME + frame) for frame in frames if not is_of_clocks(frame)) / done <= 500


def test_no_more_frames_are_sent_than_are_seen(place):
    place.write("""
        from redengine import RedEngine

        app = RedEngine(config={"execution": "main"})

        def nothing():
            pass

        for number in range(50):
            app.task("every 100 ms", name=f"quick-{number}", func=nothing)
    """)
    program = place.start(**SIZE)
    program.wait_for("quick-0")
    program.wait_for(lambda: len(place.log) > 500)
    before, start, ran = program.sent.count(FRAME), time.monotonic(), len(place.log)
    time.sleep(4)
    frames, seconds = program.sent.count(FRAME) - before, time.monotonic() - start
    assert len(place.log) - ran > 20 * seconds
    assert 2 < frames <= 20 * seconds + 1


def test_the_scheduler_never_waits_for_the_screen(place):
    place.write("""
        import time
        from redengine import RedEngine

        app = RedEngine(config={"execution": "thread"})

        for number in range(5):
            app.task("every 1 second", name=f"each-second-{number}", func=time.time)
        for number in range(20):
            # Enough to see for the screen that its terminal is full soon.
            app.task("every 100 ms", name=f"busy-{number}", func=time.time)
    """)
    program = place.start(**SIZE)
    program.wait_for("each-second-0")
    program.wait_for(lambda: place.logged("each-second-0", "success") >= 2)
    with program.stalled():
        start = time.time()
        time.sleep(30)
        end = time.time()
    starts = [
        float(row["created"]) for row in place.log if row["task_name"] == "each-second-0" and row["action"] == "run"
    ]
    stalled = [at for at in starts if start <= at <= end]
    assert len(stalled) >= 29
    late = sorted(b - a - 1 for a, b in itertools.pairwise(stalled))
    # On the median to the hundredth; a machine with much else to do may be late once.
    assert abs(late[len(late) // 2]) < 0.05
    assert late[-1] < 0.9
    # What it shows now is of now, without all that was not seen.
    program.wait_for(lambda: re.search(r"\d\d:\d\d:\d\d$", program.lines[0].rstrip()))
    program.wait_for(lambda: abs(_seconds(program) - _now()) % 86400 <= 2)


def _seconds(program):
    hours, minutes, seconds = map(int, program.lines[0].rstrip()[-8:].split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _now():
    now = time.localtime()
    return now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec


def test_who_comes_back_to_the_terminal_draws_all_of_it(place):
    place.write(QUIET)
    program = place.start(**SIZE)
    settled(place, program)
    program.signal(signal.SIGTSTP)
    # What comes before it has stopped would have it stop for ever.
    _, status = os.waitpid(program.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    program.wait_for(lambda: b"\x1b[?1049l" in program.sent)
    program.signal(signal.SIGCONT)
    entered = program.wait_for(
        lambda: (at := program.sent.rfind(b"\x1b[?1049h")) > program.sent.rfind(b"\x1b[?1049l") and at
    )
    program.wait_for(
        lambda: all(word in program.sent[entered:] for word in (b"waiting-5", b"Condition", b"Log", b"Leave"))
    )


def test_the_screen_is_drawn_again_when_asked(place):
    place.write(QUIET)
    program = place.start(**SIZE)
    settled(place, program)
    before = len(program.sent)
    program.press("\x0c")
    program.wait_for(
        lambda: all(word in program.sent[before:] for word in (b"waiting-5", b"Condition", b"Log", b"Leave"))
    )
