"""The log pane is the same whatever repository keeps the log: a file, memory, a database."""

from __future__ import annotations

import asyncio
from datetime import timezone

import pytest
from piloting import screen, until
from textual.app import App

from redengine.control import messages as m
from redengine.log import BoundedMemoryRepo, CSVFileRepo, TaskRunRecord, bird
from redengine.log.source import open_source
from redengine_tui.panes.log import LogPane

COUNT = 1_200


@pytest.fixture(params=["csv", "memory", "bounded memory", "sql"])
def repo(request, tmp_path):
    if request.param == "sql":
        pytest.importorskip("sqlalchemy")
        from redengine.log import SQLRepo

        repo = SQLRepo(conn_string=f"sqlite:///{tmp_path / 'log.db'}", table="log", model=TaskRunRecord)
        yield repo
        repo.session.remove()
        repo.session.get_bind().dispose()
    elif request.param == "csv":
        yield CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord)
    else:
        yield {"memory": bird.MemoryRepo, "bounded memory": BoundedMemoryRepo}[request.param](model=TaskRunRecord)


@pytest.fixture
def app(controller, clock, repo):
    # One record a minute, of which one in a hundred failed; the newest now.
    for number in range(COUNT):
        fails = number % 100 == 50
        repo.add(
            TaskRunRecord(
                task_name="often",
                action="fail" if fails else "success",
                created=clock.now - (COUNT - 1 - number) * 60,
                message=f"no {number}.",
                exc_text="Trace\nOops: it" if fails else None,
            )
        )
    source = open_source(repo)

    class Host(App):
        CSS = "LogPane { border: round $border; }"
        pane = LogPane(controller, clock)

        def compose(self):
            yield self.pane

        def on_mount(self):
            self.pane.take_focus()

    asked = controller.ask

    async def ask(query):
        return await (asyncio.to_thread(source.read, query) if isinstance(query, m.ReadLog) else asked(query))

    controller.ask = ask
    Host.pane.zone = timezone.utc
    return Host()


def under_cursor(app) -> str:
    return app.pane.current.message if app.pane.current else ""


async def test_filter_search_go_to_context_export(app, repo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with app.run_test(size=(100, 16)) as pilot:
        await until(pilot, lambda: under_cursor(app) == "no 1199.")
        # By level, then by text too: the same twelve.
        await pilot.press("v", "v", "v")
        await until(pilot, lambda: "12 hits" in screen(app))
        await pilot.press("slash", *"OOPS", "enter")
        await until(pilot, lambda: app.pane.chosen.text == "OOPS" and "12 hits" in screen(app))
        assert under_cursor(app) == "no 1150."
        # A span of them: from 1,140 minutes ago to 540 minutes ago.
        await pilot.press("s", *"19:05 - 5:05", "enter")
        await until(pilot, lambda: "6 hits" in screen(app))
        assert [entry.message for entry in app.pane.window.entries] == [f"no {n}." for n in range(150, 750, 100)]
        await pilot.press("x")
        await until(pilot, lambda: len(app.pane.window) > 100)
        assert under_cursor(app) == "no 650."
        await pilot.press("up")
        assert under_cursor(app) == "no 649."
        await pilot.press("escape")
        await until(pilot, lambda: len(app.pane.window) == 6)
        await pilot.press("w", *(["backspace"] * 3), *"jsonl", "enter")
        await until(pilot, lambda: list(tmp_path.glob("*.jsonl")))
        assert len(next(tmp_path.glob("*.jsonl")).read_text().splitlines()) == 6
        await pilot.press("backspace")
        await until(pilot, lambda: under_cursor(app) == "no 1199.")
        await pilot.press("ctrl+g", *"yesterday 22:00", "enter")
        await until(pilot, lambda: under_cursor(app) == "no 234.")
        repo.add(TaskRunRecord(task_name="often", action="run", created=app.pane.clock(), message="new."))
        app.pane.changed(None)
        await until(pilot, lambda: app.pane.lines.fresh == 1)
        await pilot.press("end")
        await until(pilot, lambda: under_cursor(app) == "new.")
