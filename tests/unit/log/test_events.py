"""Events packed into bytes are what they were."""

from __future__ import annotations

from redengine.log.events import CODES, FULL, KEPT_EVENTS, ActionCodes, Event, Events


def test_events_come_back():
    events = Events()
    kept = [Event(1, 1.5, "run"), Event(2, -2.25, "success"), Event(2**40, 1e12, "of an own kind")]
    assert [events.append(event) for event in kept] == [False] * 3
    assert list(events) == kept
    assert list(reversed(events)) == kept[::-1]
    assert (events.first(), len(events)) == (kept[0], 3)
    copy = events.copy()
    events.append(Event(4, 4.0, "fail"))
    assert list(copy) == kept


def test_no_events():
    assert (list(Events()), list(reversed(Events())), Events().first(), len(Events())) == ([], [], None, 0)


def test_only_the_newest_are_kept():
    events = Events()
    gone = [events.append(Event(number, float(number), "run")) for number in range(KEPT_EVENTS + 2)]
    assert gone == [False] * KEPT_EVENTS + [True] * 2
    assert [event.seq for event in events] == list(range(2, KEPT_EVENTS + 2))
    assert len(events.packed) == FULL


def test_those_between():
    events = Events()
    for number, action in enumerate(["run", "fail", "run", "success"]):
        events.append(Event(number, float(number), action))
    assert [event.seq for event in events.between(["run", "success"], 1.0, 3.0)] == [2, 3]
    assert list(events.between(["never heard of"], 0.0, 9.0)) == []


def test_any_number_of_actions():
    codes = ActionCodes(str(number) for number in range(70_000))
    assert codes.name(codes["65534"]) == "65534"
    assert codes.name(codes["69999"]) == ""
    assert [CODES.name(code) for code in range(2)] == ["run", "success"]
