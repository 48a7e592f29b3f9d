"""One registry: its keys do not clash, each action is explained, and each has someone who carries it out."""

from __future__ import annotations

from typing import get_args

import pytest

from redengine.control.messages import SchedulerState, TaskState
from redengine_tui.actions import ACTIONS, BY_ID, HEADINGS, SHARED, Where, clashes, held_by
from redengine_tui.app import RedEngineTUI
from redengine_tui.fleet import FleetController
from redengine_tui.panes.condition import ConditionPane
from redengine_tui.panes.log import LogPane
from redengine_tui.panes.parameters import ParametersPane
from redengine_tui.panes.schedulers import SchedulersPane
from redengine_tui.panes.tasks import TasksPane
from redengine_tui.screens.fleet import FleetScreen
from redengine_tui.screens.main import MainScreen
from redengine_tui.screens.record import RecordScreen
from redengine_tui.states import SCHEDULER_STATES, TASK_STATES


def test_ids_are_unique():
    assert len(BY_ID) == len(ACTIONS)


def test_keys_do_not_clash():
    assert clashes({}) == []


def test_a_clash_is_seen_inside_a_list_of_keys_too():
    assert clashes({"task.run": "f5,d"}) == [("d", ("task.run", "task.disable"))]
    assert ("r", ("task.run", "fleet.open")) in clashes({"fleet.open": "r"})
    assert ("q", ("tasks.sort", "app.quit")) in clashes({"tasks.sort": "q"})


@pytest.mark.parametrize("act", ACTIONS, ids=lambda act: act.id)
def test_every_action_is_explained(act):
    assert act.label
    assert act.help.endswith((".", "…"))
    assert act.keys or act.palette


def test_every_place_has_a_heading_and_something_to_do():
    assert set(HEADINGS) == set(get_args(Where))
    assert all(list(held_by(where)) for where in HEADINGS)


async def test_every_action_has_someone_who_carries_it_out(controller, clock):
    app = RedEngineTUI(controller, clock=clock)
    many = FleetScreen(FleetController((), clock))
    async with app.run_test():
        for act in ACTIONS:
            holder = {"app": app, "record": RecordScreen}.get(act.where)
            holder = holder or app.main.holder(act.where) or many.holder(act.where)
            assert hasattr(holder, f"action_{act.action.partition('(')[0]}"), act.id


def test_what_is_shared_is_done_on_both_screens():
    for name in SHARED:
        assert BY_ID[name].where == "main"
        assert hasattr(FleetScreen, f"action_{BY_ID[name].action}")


PANES = [TasksPane, SchedulersPane, ConditionPane, ParametersPane, LogPane]


@pytest.mark.parametrize("holder", [RedEngineTUI, MainScreen, FleetScreen, RecordScreen, *PANES])
def test_all_keys_come_from_the_registry(holder):
    assert {binding.id for binding in holder.BINDINGS} <= set(BY_ID)


def test_every_state_has_a_look_of_its_own():
    assert set(TASK_STATES) == set(get_args(TaskState))
    assert set(SCHEDULER_STATES) == set(get_args(SchedulerState))
    for looks in (TASK_STATES, SCHEDULER_STATES):
        assert len({look.glyph for look in looks.values()}) == len(looks)
        assert len({look.word for look in looks.values()}) == len(looks)
        assert all(len(look.glyph) == 1 for look in looks.values())
