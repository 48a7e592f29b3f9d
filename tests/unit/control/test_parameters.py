"""What is shown of parameters: which of two wins, what is secret, and that no code is called unasked."""

from __future__ import annotations

import sys

import pytest

from redengine import Session
from redengine.args import Arg, EnvArg, FuncArg, Private, Return, SimpleArg
from redengine.control.messages import Reply
from redengine.control.parameters import evaluate, list_parameters, repr_of

SECRET = "hunter2"


def refuse():
    raise AssertionError("called unasked")


def listed(session, task=None):
    return {(item.scope, item.name): item for item in list_parameters(session, task).items}


@pytest.fixture
def session():
    return Session(config={"execution": "thread"})


def make(session, **parameters):
    def func(**kwargs):
        """Takes anything."""

    return session.create_task(func=func, name="task", parameters=parameters)


def test_the_tasks_own_comes_first_and_covers(session):
    session.parameters.update({"x": 1, "y": 2})
    task = make(session, x=10)
    items = list_parameters(session, task).items
    assert [(item.scope, item.name, item.value, item.wins) for item in items] == [
        ("task", "x", "10", True), ("session", "x", "1", False), ("session", "y", "2", True),
    ]  # fmt: skip
    assert items[1].note == "covered by the task's own"


def test_what_the_function_does_not_take_is_unused(session):
    session.parameters.update({"x": 1, "y": 2})

    def func(x):
        """Takes x alone."""

    task = session.create_task(func=func, name="task")
    items = listed(session, task)
    assert items["session", "x"].wins
    assert (items["session", "y"].wins, items["session", "y"].note) == (False, "not taken")


def test_of_the_session_alone_nothing_is_covered(session):
    session.parameters["x"] = 1
    assert [item.wins for item in list_parameters(session, None).items] == [True]


@pytest.mark.parametrize(
    "hide",
    [
        lambda session: Private(SECRET),
        lambda session: Arg("secret"),
        lambda session: Arg("to_secret"),
        lambda session: Arg("nowhere") >> Arg("secret"),
        lambda session: Arg("nowhere", default=Private(SECRET)),
        lambda session: FuncArg(str, Private(SECRET)),
        lambda session: FuncArg(lambda token: f"Bearer {token}", token=Arg("secret")),
        lambda session: FuncArg(with_default),
    ],
)
def test_a_secret_is_masked_wherever_it_comes_from(session, hide):
    session.parameters.update({"secret": Private(SECRET), "to_secret": Arg("secret")})
    task = make(session, hidden=hide(session))
    assert SECRET not in repr(list_parameters(session, task))
    reply = evaluate(session, task, "hidden", "task")
    assert reply.ok
    assert reply.message == "*****"


def with_default(token=Private(SECRET)):  # noqa: B008
    return f"Bearer {token}"


def test_code_is_called_only_on_request(session):
    calls = []
    session.parameters["f"] = FuncArg(lambda: calls.append(1) or "value")
    task = make(session, g=Arg("f"))
    items = listed(session, task)
    assert items["session", "f"].lazy
    assert items["task", "g"].lazy
    assert calls == []
    assert evaluate(session, task, "g", "task").message == "'value'"
    assert calls == [1]


def test_what_raises_is_told(session):
    task = make(session, f=FuncArg(refuse), missing=Arg("nowhere"))
    reply = evaluate(session, task, "f", "task")
    assert (reply.ok, reply.message) == (False, "AssertionError: called unasked")
    assert not evaluate(session, task, "missing", "task").ok
    assert "no session parameter 'nowhere'" in listed(session, task)["task", "missing"].note
    assert evaluate(session, task, "gone", "task").message == "There is no parameter 'gone' any more"


def test_what_leaves_the_program_is_told(session):
    class Leaving(FuncArg):
        def __repr__(self):
            sys.exit(3)

    class Unshown:
        def __repr__(self):
            sys.exit(4)

    task = make(session, f=FuncArg(sys.exit, 2), g=Unshown())
    assert evaluate(session, task, "f", "task") == Reply(False, "SystemExit: 2")
    assert repr_of(Leaving(print)) == "Leaving (SystemExit: 3)"
    assert listed(session, task)["task", "g"].value == "Unshown that cannot be shown (SystemExit: 4)"


def test_returns(session):
    make(session)
    other = session.create_task(
        func=lambda a, b, c: None, name="other",
        parameters={"a": Return("task"), "b": Return("nobody"), "c": Return("task", default=5)},
    )  # fmt: skip
    items = listed(session, other)
    assert "has not returned anything yet" in items["task", "a"].note
    assert items["task", "b"].note == "there is no such task"
    assert items["task", "c"].value == "5 (default until 'task' returns)"
    session.returns["task"] = None
    assert listed(session, other)["task", "a"].value == "None (return of 'task')"


def test_a_circle_of_arguments_ends(session):
    session.parameters.update({"a": Arg("b"), "b": Arg("a")})
    task = make(session, x=Arg("a"))
    assert len(list_parameters(session, task).items) == 3
    assert not evaluate(session, task, "x", "task").ok


def test_values_that_cannot_be_shown(session):
    class Awkward:
        def __repr__(self):
            raise RuntimeError("no")

    task = make(session, awkward=Awkward(), long="x" * 5000, simple=SimpleArg(3), env=EnvArg("HOME"))
    items = listed(session, task)
    assert items["task", "awkward"].value == "Awkward that cannot be shown (RuntimeError: no)"
    assert items["task", "long"].value.endswith("… (5002 characters)")
    assert items["task", "simple"].value == "3"
    assert items["task", "env"].lazy
