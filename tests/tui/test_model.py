"""The model is the newest snapshot with all later deltas applied."""

from __future__ import annotations

from redengine_tui.model import Model


def test_deltas_make_the_same_of_an_old_snapshot_as_a_new_one(controller, make_task):
    model = Model(controller.snapshot())
    controller.push(make_task("new"), removed=["vacuum"])
    controller.change("cleanup", state="running")
    controller.push(state="held")
    model.apply(controller.changes(model.seq))
    anew = Model(controller.snapshot())
    assert (model.seq, model.scheduler) == (anew.seq, anew.scheduler)
    assert list(model.tasks.items()) == list(anew.tasks.items())


def test_an_old_delta_changes_nothing(controller):
    old = controller.changes(0)
    controller.change("cleanup", state="running")
    model = Model(controller.snapshot())
    model.apply(old)
    assert model.tasks["cleanup"].state == "running"


def test_order_is_that_of_the_project(make_task, make_controller):
    controller = make_controller([make_task("b", order=5), make_task("a", order=2)])
    model = Model(controller.snapshot())
    assert list(model.tasks) == ["a", "b"]
    controller.push(make_task("c", order=3))
    model.apply(controller.changes(model.seq))
    assert list(model.tasks) == ["a", "c", "b"]
