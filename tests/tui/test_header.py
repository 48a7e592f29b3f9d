"""The top line: where the scheduler is, who else watches, and how old the picture is when nothing comes."""

from __future__ import annotations

import pytest
from piloting import screen, until

from redengine.control import messages as m
from redengine_tui.app import RedEngineTUI
from redengine_tui.staleness import PictureClock, alarm, round_trip
from redengine_tui.widgets.header import Header


def far(**fields) -> m.Link:
    return m.Link(**{"where": "ssh build7", "state": "connected", **fields})


@pytest.fixture
def line(controller, clock):
    """``await line(link, width, **scheduler)``: what the header says."""

    async def read(link=None, width=160, **scheduler):
        controller.link_view = link
        controller.push(**scheduler)
        app = RedEngineTUI(controller, clock=clock)
        async with app.run_test(size=(width, 24)):
            return app.main.query_one(Header).render().plain

    return read


async def test_a_scheduler_of_ones_own_is_nowhere_else(line):
    assert (await line()).endswith("atlas   14:05:00")


async def test_where_and_how_far(line):
    said = await line(far(round_trip=0.0424))
    assert said.endswith("ssh build7   42 ms   14:05:00")
    assert "atlas" not in said


async def test_on_the_same_machine_the_way_is_of_no_interest(line):
    assert (await line(far(where="attached", round_trip=0.0003))).endswith("atlas   attached   14:05:00")


async def test_all_that_matters_finds_room_in_80_columns(line):
    said = await line(far(round_trip=0.31, role="read"), 80, failing=3, viewers=3)
    for part in ("shop", "► running", "1 running / 6 tasks", "✗ 3 failing", "view-only", "ssh build7"):
        assert part in said
    assert len(said) == 78


@pytest.mark.parametrize(("viewers", "said"), [(0, ""), (1, ""), (3, "+2 viewing")])
async def test_who_else_watches_is_said_on_every_screen(line, viewers, said):
    assert ("viewing" in await line(viewers=viewers)) is bool(said)
    assert said in await line(viewers=viewers)


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize(
    ("link", "said"),
    [
        (far(silent_for=7.2), "! no answer for 7 s"),
        (far(silent_for=200), "! no answer for 3m 20s"),
        (
            far(state="lost", problem="Connection refused", retry_in=2.4),
            "✗ link lost: Connection refused; again in 3 s",
        ),
        (far(state="lost", problem="Connection refused"), "✗ link lost: Connection refused; connecting …"),
        (far(state="ended"), "■ the scheduler has stopped; watched for its next start"),
    ],
)
async def test_what_is_wrong_with_the_link_takes_the_room_of_the_rest(line, link, said, width):
    shown = await line(link, width)
    assert shown.startswith("shop   ssh build7   " + said)
    assert "running" not in shown


async def test_an_alarm_says_of_when_the_picture_is(line):
    assert (await line(far(silent_for=90.0), 160)).endswith("as of 14:03:30")


async def test_a_long_reason_gives_way_to_what_comes_next(line):
    shown = await line(far(state="lost", problem="kex_exchange_identification: " * 9, retry_in=8.0), 80)
    assert shown.endswith("…; again in 8 s")


async def test_a_little_silence_is_none(line):
    assert "no answer" not in await line(far(silent_for=4.5))


async def test_why_a_link_is_lost_cannot_reach_the_terminal(line):
    assert "\x1b" not in await line(far(state="lost", problem="\x1b]52;c;aGVsbG8=\x07gone"))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (0.0001, "<1 ms"), (0.0424, "42 ms"), (0.312, "310 ms"), (0.9999, "1.0 s"), (2.34, "2.3 s")],
)
def test_round_trips_in_two_digits(seconds, said):
    assert round_trip(far(round_trip=seconds)) == said


def test_all_is_well_without_an_alarm():
    assert alarm(far()) == ("", "")


def test_the_clock_of_an_old_picture_stands_still(clock):
    link = far()
    picture = PictureClock(clock, lambda: link)
    began = clock.now
    assert picture() == began
    stood = []
    for number in range(1, 20):
        clock.advance(1)
        # What is measured on two clocks is never quite the same.
        link = far(silent_for=number + number % 3 * 0.01)
        stood.append(picture())
    assert stood[:4] == [began + number for number in range(1, 5)]
    assert len(set(stood[4:])) == 1
    assert abs(stood[-1] - began) < 0.1
    link = far(silent_for=0.1)
    assert picture() == clock.now


async def test_it_is_said_every_second_how_old_the_picture_is(controller, clock):
    controller.set_link()
    app = RedEngineTUI(controller, clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        assert "in 3m 20s" in screen(app)
        for silence in (6, 7, 8):
            clock.advance(6 if silence == 6 else 1)
            controller.link_view = far(silent_for=float(silence))
            app.main._tick()
            await until(pilot, lambda silence=silence: f"no answer for {silence} s" in screen(app))
        # Nothing is counted that may have come about long ago.
        assert "in 3m 20s" in screen(app)
        controller.link_view = far()
        clock.advance(20)
        app.main._tick()
        await until(pilot, lambda: "in 3m 20s" not in screen(app))
        assert "no answer" not in screen(app)
