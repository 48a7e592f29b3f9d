"""The numbered views: a snapshot and what changed since, whoever asks and whenever."""

from __future__ import annotations

import msgspec
import pytest

from redengine.control import board as boards
from redengine.control import messages as m
from redengine.control.board import Board

SCHEDULER = m.SchedulerView("shop", "/srv/shop.py", "atlas", 1, "running")


def view(name, order=0, **fields):
    return m.TaskView(name, "idle", "daily", "", "thread", 0, m.NextStart("never"), order=order, **fields)


@pytest.fixture
def board():
    return Board(SCHEDULER)


def test_a_snapshot_is_in_the_order_of_the_project(board):
    board.change(SCHEDULER, [view("b", 1), view("a", 0)])
    board.change(SCHEDULER, [view("a", 0, asked=1)])
    assert [task.name for task in board.snapshot().tasks] == ["a", "b"]
    assert board["a"].asked == 1
    assert board["c"] is None


def test_each_change_is_told_once_and_the_newest_of_several(board):
    board.change(SCHEDULER, [view("a"), view("b", 1)])
    seq = board.snapshot().seq
    board.change(SCHEDULER, [view("a", asked=1)])
    board.change(msgspec.structs.replace(SCHEDULER, cycles=7), [view("a", asked=2)])
    delta = board.changes(seq)
    assert [(task.name, task.asked) for task in delta.tasks] == [("a", 2)]
    assert delta.scheduler.cycles == 7
    assert board.changes(delta.seq) == m.Delta(delta.seq, delta.scheduler)


def test_what_is_removed_is_told_and_what_comes_back_is_not_removed(board):
    board.change(SCHEDULER, [view("a"), view("b", 1)])
    seq = board.snapshot().seq
    board.change(SCHEDULER, removed=["a", "never was"])
    assert board.changes(seq).removed == ("a",)
    board.change(SCHEDULER, [view("a")], removed=["b"])
    delta = board.changes(seq)
    assert (delta.removed, [task.name for task in delta.tasks]) == (("b",), ["a"])
    assert board.names == ("a",)


def test_a_number_from_before_what_was_forgotten_or_from_elsewhere_tells_nothing(board, monkeypatch):
    monkeypatch.setattr(boards, "REMOVED_KEPT", 2)
    board.change(SCHEDULER, [view(name) for name in "abcd"])
    start = board.snapshot().seq
    for name in "abc":
        assert board.tells_since(start)
        board.change(SCHEDULER, removed=[name])
    # That "a" was removed is not known any more to who asks from before.
    assert not board.tells_since(start)
    assert board.tells_since(start + 1)
    assert board.changes(start + 1).removed == ("b", "c")
    assert not board.tells_since(board.snapshot().seq + 1)
