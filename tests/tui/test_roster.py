"""The list of tasks, kept one change at a time, is what filtering and sorting everything anew would give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redengine.control.messages import NextStart, TaskView
from redengine_tui.widgets.columns import COLUMNS, GAP, lay_out
from redengine_tui.widgets.roster import Roster

STATES = ("idle", "running", "success", "fail", "disabled")
views = st.builds(
    lambda name, state, last_run, duration, at, order: TaskView(
        name, state, "daily" if order % 2 else "", "", "process", 0,
        NextStart("at", at) if at else NextStart("never"), last_run=last_run, duration=duration, order=order,
    ),
    st.sampled_from("abcdefgh"), st.sampled_from(STATES), st.none() | st.floats(0, 9), st.none() | st.floats(0, 9),
    st.none() | st.floats(1, 9), st.integers(0, 3),
)  # fmt: skip


NAMES = st.sampled_from("abcdefgh")
crowds = st.lists(views, max_size=8, unique_by=lambda view: view.name)
updates = st.tuples(crowds.map(lambda crowd: crowd[:3]), st.sets(NAMES, max_size=2))


@given(
    crowds,
    st.lists(updates, max_size=4),
    st.sampled_from([None, *(column.id for column in COLUMNS)]),
    st.booleans(),
    st.sampled_from(["", "run", "a", "DAILY"]),
)
def test_updates_are_as_good_as_starting_anew(first, updates, column, falling, text):
    roster = Roster()
    roster.arrange(column=column, falling=falling)
    roster.narrow(text)
    roster.replace(first)
    for changed, removed in updates:
        before = list(roster)
        known = {view.name: view for view in roster.views.values() if view.name not in removed}
        told = roster.update(changed, removed)
        anew = Roster()
        anew.arrange(column=column, falling=falling)
        anew.narrow(text)
        anew.replace({**known, **{view.name: view for view in changed}}.values())
        after = list(roster)
        assert after == list(anew)
        assert [roster.index(view.name) for view in after] == list(range(len(after)))
        assert told.resized == (len(before) != len(after))
        for line in range(max(len(before), len(after))):
            if before[line : line + 1] != after[line : line + 1]:
                assert line in told.lines or told.moved_from <= line <= told.moved_to


def test_empty_values_go_last_both_ways(make_task):
    roster = Roster()
    roster.replace([make_task("never"), make_task("old", last_run=1.0), make_task("new", last_run=2.0)])
    roster.arrange(column="last_run")
    assert [view.name for view in roster] == ["old", "new", "never"]
    roster.arrange(column="last_run", falling=True)
    assert [view.name for view in roster] == ["new", "old", "never"]


def test_ties_keep_the_order_of_the_project_both_ways(make_task):
    roster = Roster()
    roster.replace([make_task("z", order=0), make_task("a", order=1), make_task("m", order=2, state="fail")])
    roster.arrange(column="state")
    assert [view.name for view in roster] == ["m", "z", "a"]
    roster.arrange(column="state", falling=True)
    assert [view.name for view in roster] == ["z", "a", "m"]


def test_a_state_is_found_by_its_word(make_task):
    roster = Roster()
    roster.replace([make_task("one", state="fail"), make_task("two")])
    roster.narrow("FAIL")
    assert [view.name for view in roster] == ["one"]


@pytest.mark.parametrize("width", [1, 5, 12, 20, 30, 40, 76, 96, 116, 156, 300])
def test_columns_fill_the_width_and_no_more(width):
    slots = lay_out(width, {"name": 25, "condition": 60, "next": 20})
    assert sum(slot.width for slot in slots) + GAP * (len(slots) - 1) == width
    assert all(slot.width > 0 for slot in slots)


def test_what_matters_stays_when_room_is_short():
    def shown(width):
        return [slot.column.id for slot in lay_out(width, {})]

    assert shown(156) == [column.id for column in COLUMNS]
    assert shown(75) == ["state", "name", "condition", "last_run", "next"]
    assert shown(40) == ["state", "name", "next"]
    assert shown(24) == ["state", "name"]
