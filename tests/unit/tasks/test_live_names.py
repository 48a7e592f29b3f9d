"""Functions that reach the scheduler by name: ``auto`` keeps them here, and a process is warned of."""

from __future__ import annotations

import functools
import types
from typing import Any

import pytest

from redengine import Grouper, RedEngine
from redengine import session as default
from redengine.tasks import FuncTask
from redengine.tasks.live_names import live_names

app = RedEngine()
session = app.session
group = Grouper()
plain = {"app": 1}
elsewhere = types.ModuleType("elsewhere")
elsewhere.app = app  # type: ignore[attr-defined]


def of_cookbook() -> None:
    app.session["target"].force_run = True


def shuts_down() -> None:
    session.shut_down()


def sets() -> None:
    [group.params(x=number) for number in range(2)]


def helper() -> None:
    app.params(x=1)


def by_helper() -> None:
    helper()


def two_away() -> None:
    by_helper()


def by_module() -> Any:
    return elsewhere.app.session


def only_an_attribute(request: Any) -> Any:
    return request.app, plain["app"], request.session


def a_local() -> Any:
    app = []
    return [app, app]


def decorated(func: Any) -> Any:
    @functools.wraps(func)
    def around() -> Any:
        return func()

    return around


def closure() -> Any:
    own = RedEngine()

    def inner() -> None:
        own.session.shut_down()

    return inner


@pytest.mark.parametrize(
    ("func", "names"),
    [
        (of_cookbook, ("app",)),
        (shuts_down, ("session",)),
        (sets, ("group",)),
        (by_helper, ("helper() uses app",)),
        (two_away, ()),
        (by_module, ("elsewhere.app",)),
        (only_an_attribute, ()),
        (a_local, ()),
        (decorated(of_cookbook), ("app",)),
        (functools.partial(of_cookbook), ("app",)),
        (closure(), ("own",)),
        (len, ()),
        (lambda: default, ("default",)),
    ],
)
def test_what_a_function_names(func: Any, names: tuple[str, ...]) -> None:
    assert set(names) <= set(live_names(func))
    assert bool(live_names(func)) == bool(names)


@pytest.mark.parametrize("func", [of_cookbook, by_helper, closure()])
def test_auto_takes_a_thread(make_session: Any, func: Any) -> None:
    task = FuncTask(func=func, name="it", session=make_session(execution="auto"))
    assert task.get_execution() == "thread"
    assert FuncTask(func=only_an_attribute, name="other", session=task.session).get_execution() == "process"


def test_what_it_does_has_its_effect(make_session: Any) -> None:
    own = RedEngine(session=make_session(execution="auto"))

    @own.task("false", execution="main")
    def target() -> None: ...

    @own.task("~has started")
    def asks() -> None:
        own.session["target"].force_run = True
        own.params(told=7)

    own.session.config.shut_cond = "task 'target' has succeeded | scheduler has run over 20 s"
    own.run()
    assert target.__name__ in own.session
    assert own.session["target"].status == "success"
    assert own.session.parameters["told"] == 7


def test_a_process_is_warned_of_at_declaration(make_session: Any) -> None:
    with pytest.warns(UserWarning, match="task 'it': it runs in a process, where app is a copy.*thread"):
        FuncTask(func=of_cookbook, name="it", execution="process", session=make_session())
    with pytest.warns(UserWarning, match="helper\\(\\) uses app"):
        FuncTask(func=by_helper, name="it", session=make_session(execution="process"))


def test_a_name_that_is_defined_later(make_session: Any) -> None:
    space: dict[str, Any] = {}
    exec("def early(): return later.session", space)
    task = FuncTask(func=space["early"], name="it", session=make_session(execution="auto"))
    assert task.get_execution() == "process"
    space["later"] = app
    assert task.get_execution() == "thread"
