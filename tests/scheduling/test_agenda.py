"""The agenda against a dictionary that is searched through."""

from __future__ import annotations

from math import inf
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from redengine.scheduling.agenda import Agenda


def test_names_come_up_once_earliest_first() -> None:
    agenda = Agenda()
    for name, deadline in {"b": 2.0, "a": 1.0, "c": 3.0}.items():
        agenda.set(name, deadline)
    assert agenda.next() == 1.0
    assert agenda.first() == (1.0, "a")
    assert agenda.pop_due(2.0) == ["a", "b"]
    assert agenda.pop_due(2.0) == []
    assert agenda.next() == 3.0


def test_another_deadline_replaces_the_one_before() -> None:
    agenda = Agenda()
    agenda.set("a", 1.0)
    agenda.set("a", 5.0)
    assert agenda.pop_due(2.0) == []
    assert agenda.next() == 5.0
    agenda.set("a", inf)
    assert agenda.next() == inf
    assert agenda.first() is None


def test_a_deadline_that_comes_back_is_due_once() -> None:
    agenda = Agenda()
    for deadline in (1.0, 2.0, 1.0):
        agenda.set("a", deadline)
    assert agenda.pop_due(3.0) == ["a"]


def test_names_need_not_be_comparable() -> None:
    agenda: Any = Agenda()
    for name in ("a", 1, ("b",), None):
        agenda.set(name, 1.0)
    assert set(agenda.pop_due(1.0)) == {"a", 1, ("b",), None}


def test_what_was_replaced_does_not_pile_up() -> None:
    agenda = Agenda()
    for n in range(10_000):
        agenda.set("a", float(n))
    assert len(agenda._heap) < 100
    assert agenda.pop_due(9998.0) == []
    assert agenda.pop_due(9999.0) == ["a"]


_names = st.sampled_from("abcde")
_times = st.integers(0, 20).map(float)
_steps = st.one_of(
    st.tuples(st.just("set"), _names, st.one_of(_times, st.just(inf))),
    st.tuples(st.just("drop"), _names),
    st.tuples(st.just("pop"), _times),
)


@given(st.lists(_steps, max_size=200))
def test_it_does_as_a_plain_search_does(steps: list[tuple[Any, ...]]) -> None:
    agenda, model = Agenda(), dict[str, float]()
    for what, *values in steps:
        if what == "set":
            agenda.set(*values)
            model[values[0]] = values[1]
        elif what == "drop":
            agenda.drop(*values)
            model.pop(values[0], None)
        else:
            due = [name for name, deadline in model.items() if deadline <= values[0]]
            popped = agenda.pop_due(values[0])
            assert sorted(popped) == sorted(due)
            assert [model[name] for name in popped] == sorted(model[name] for name in due)
            for name in due:
                del model[name]
        assert agenda.next() == min(model.values(), default=inf)
