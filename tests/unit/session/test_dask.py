"""Tasks that run on dask, here on the cluster that is started when there is none."""

from __future__ import annotations

import importlib.util
import os
import time
from typing import Any

import pytest

from redengine import RedEngine, Session
from redengine.args import Return, TerminationFlag
from redengine.execution.dask import require_dask


def test_task_of_a_session(make_session: Any, actions: Any) -> None:
    app = RedEngine(session=make_session(execution="dask", max_process_count=2))

    @app.task()
    def fetch() -> dict[str, int]:
        return {"pid": os.getpid()}

    @app.task()
    def use(prices: Any = Return("fetch")) -> int:
        return int(prices["pid"])

    @app.task()
    def fail() -> None:
        raise ValueError("no rows today")

    app.session.run("fetch")
    app.session.run("use", "fail")
    assert app.session.returns["use"] == app.session.returns["fetch"]["pid"] != os.getpid()
    assert actions(app.session, "fetch") == ["run", "success"]
    assert actions(app.session, "fail") == ["run", "fail"]
    assert "no rows today" in app.session["fail"].logger.get_latest().exc_text


def test_task_over_its_time_is_terminated(session: Session, run_until: Any, actions: Any) -> None:
    def long() -> None:
        time.sleep(1000)

    session.create_task(func=long, name="long", execution="dask", timeout="100 ms", start_cond="~has started")
    run_until(session, "task 'long' has terminated")
    assert actions(session, "long") == ["run", "terminate"]


def test_runs_are_not_counted_as_processes(make_session: Any, run_until: Any) -> None:
    session = make_session(max_process_count=1)
    session.create_task(
        func=lambda: time.sleep(1000), name="long", execution="dask", start_cond="~has started",
        end_cond="task 'short' has finished",
    )  # fmt: skip
    session.create_task(
        func=lambda: None, name="short", execution="process", start_cond="task 'long' is running & ~has started"
    )
    run_until(session, "task 'long' has terminated")
    assert session["short"].status == "success"


def test_live_argument_is_refused(session: Session) -> None:
    def task(flag: Any = TerminationFlag()) -> None: ...

    with pytest.raises(ValueError, match="flag is a live part of the scheduler"):
        session.create_task(func=task, name="a", execution="dask")
    assert "a" not in session


class TestWithoutTheExtra:
    @pytest.fixture(autouse=True)
    def missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        find = importlib.util.find_spec
        monkeypatch.setattr(
            "importlib.util.find_spec", lambda name, *rest: None if name == "distributed" else find(name, *rest)
        )

    def test_task_says_what_to_install(self, session: Session) -> None:
        with pytest.raises(ImportError, match=r"pip install 'redengine-tui\[dask\]'"):
            session.create_task(func=print, name="a", execution="dask")
        assert "a" not in session

    def test_session_says_what_to_install(self) -> None:
        with pytest.raises(ImportError, match=r"pip install 'redengine-tui\[dask\]'"):
            Session(config={"execution": "dask"})

    def test_other_ways_do_without(self, session: Session) -> None:
        session.create_task(func=print, name="a", execution="process")
        assert "a" in session


def test_with_it_nobody_says_a_thing() -> None:
    require_dask()
