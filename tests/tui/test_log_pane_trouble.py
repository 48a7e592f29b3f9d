"""The log is taken away, replaced or cannot be read while it is shown: what the pane says is so."""

from __future__ import annotations

import asyncio
import os
from datetime import timezone

import pytest
from piloting import screen, until
from textual.app import App

from redengine.log import CSVFileRepo, TaskRunRecord, bird
from redengine.log.source import open_source
from redengine_tui.panes import log_feed
from redengine_tui.panes.log import LogPane

COUNT = 2_000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.csv"


@pytest.fixture
def add(clock):
    """``add(repo, first, count)``: records, one a second."""

    def add(repo, first, count=1):
        for number in range(first, first + count):
            created = clock.now - 10_000 + number
            repo.add(TaskRunRecord(task_name="a", action="run", created=created, message=f"no {number}."))

    return add


@pytest.fixture
def host(controller, clock, monkeypatch):
    """``host(repo)``: an app with the pane; ``host.asked`` are the pages that it asked for."""
    monkeypatch.setattr(log_feed, "RETRY", 0.05)

    class Host(App):
        CSS = "LogPane { border: round $border; }"

        def __init__(self, repo):
            super().__init__()
            self.pane = LogPane(controller, clock)
            self.pane.zone = timezone.utc
            self.source = open_source(repo)
            self.asked = []
            controller.ask = self.ask

        async def ask(self, query):
            self.asked.append(query)
            return await asyncio.to_thread(self.source.read, query)

        def compose(self):
            yield self.pane

        def on_mount(self):
            self.pane.take_focus()

        @property
        def told(self):
            return [note.message for note in self._notifications]

    return Host


@pytest.fixture
def rotated(path, add):
    repo = CSVFileRepo(filename=path, model=TaskRunRecord, rotate_bytes=20_000)
    add(repo, 0, COUNT)
    return repo


@pytest.fixture
def single(path, add):
    repo = CSVFileRepo(filename=path, model=TaskRunRecord)
    add(repo, 0, COUNT)
    return repo


WAYS = {
    "deleted": lambda path: path.unlink(),
    "moved away": lambda path: path.rename(path.with_name("moved")),
    "cut": lambda path: os.truncate(path, 0),
}


@pytest.mark.parametrize("how", WAYS)
async def test_the_newest_file_is_lost_while_it_is_followed(host, rotated, add, path, how):
    app = host(rotated)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: f"no {COUNT - 1}." in screen(app))
        app.asked.clear()
        WAYS[how](path)
        add(rotated, COUNT)
        app.pane.changed(None)
        await until(pilot, lambda: f"no {COUNT}." in screen(app))
        await until(pilot, lambda: not app.pane.feed._polling)
        # What was there is still there, and nothing of it came again.
        shown = [entry.message for entry in app.pane.window.entries]
        assert shown == [f"no {number}." for number in range(COUNT + 1 - len(shown), COUNT + 1)]
        assert len(app.asked) < 5
        assert any(f"the log {path} was" in told for told in app.told)


@pytest.mark.parametrize("how", WAYS)
async def test_the_newest_file_is_lost_while_others_are_looked_at(host, rotated, add, path, how):
    app = host(rotated)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: f"no {COUNT - 1}." in screen(app))
        await pilot.press("pageup", "pageup")
        before = screen(app)
        WAYS[how](path)
        add(rotated, COUNT, 3)
        app.pane.changed(None)
        await until(pilot, lambda: "▼ +3 new · end" in screen(app))
        assert screen(app).splitlines()[1:18] == before.splitlines()[1:18]
        await pilot.press("end")
        await until(pilot, lambda: f"no {COUNT + 2}." in screen(app))


def replace_by_another(path, add):
    path.rename(path.with_name("before"))
    add(CSVFileRepo(filename=path, model=TaskRunRecord), 5_000, COUNT)


async def test_a_long_log_takes_the_place_of_another(host, single, add, path):
    app = host(single)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: f"no {COUNT - 1}." in screen(app))
        app.asked.clear()
        replace_by_another(path, add)
        app.pane.changed(None)
        await until(pilot, lambda: f"no {5_000 + COUNT - 1}." in screen(app))
        assert app.pane.lines.following
        assert len(app.pane.window) == log_feed.PAGE
        add(single, 8_000)
        app.pane.changed(None)
        await until(pilot, lambda: "no 8000." in screen(app))
        assert len(app.pane.window) == log_feed.PAGE + 1
        assert len(app.asked) < 8


async def test_a_long_log_takes_the_place_of_another_that_is_looked_at(host, single, add, path):
    app = host(single)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: f"no {COUNT - 1}." in screen(app))
        await pilot.press("pageup", "pageup")
        top = screen(app).splitlines()[1:10]
        replace_by_another(path, add)
        app.pane.changed(None)
        await until(pilot, lambda: any("was replaced" in told for told in app.told))
        await until(pilot, lambda: not app.pane.feed._polling)
        assert "new" not in app.pane.border_subtitle
        add(single, 8_000)
        app.pane.changed(None)
        await until(pilot, lambda: "▼ +1 new · end" in screen(app))
        assert screen(app).splitlines()[1:10] == top
        await pilot.press("end")
        await until(pilot, lambda: "no 8000." in screen(app))


async def test_a_short_log_that_begins_anew_goes_on_below(host, path, add):
    repo = CSVFileRepo(filename=path, model=TaskRunRecord)
    add(repo, 0, 5)
    app = host(repo)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "no 4." in screen(app))
        for number in (5, 6):
            path.unlink()
            add(repo, number)
            app.pane.changed(None)
            await until(pilot, lambda number=number: f"no {number}." in screen(app))
        assert [entry.message for entry in app.pane.window.entries] == [f"no {number}." for number in range(7)]
        # Each time it is told.
        assert len(app.told) == 2


class Unreadable:
    """What makes a log impossible to read, as root too, and in one step: a link to itself in its place."""

    def __init__(self, path):
        self.path = path
        self.aside = path.with_name("aside")

    def begin(self):
        os.link(self.path, self.aside)
        loop = self.path.with_name("loop")
        loop.symlink_to(self.path)
        loop.replace(self.path)

    def end(self):
        self.aside.replace(self.path)


SAID = ["Nothing has happened", "No record fits", "There is no record"]


def flat(app) -> str:
    """What the screen says, wherever it is wrapped."""
    return " ".join("".join(line.strip("│ ") for line in screen(app).splitlines()).split())


async def test_a_log_that_cannot_be_read_says_why_for_as_long_as_it_is_so(host, single, path, add):
    trouble = Unreadable(path)
    trouble.begin()
    app = host(single)
    async with app.run_test(size=(160, 24)) as pilot:
        for keys in ([], ["a"], ["slash", "x", "enter"], ["backspace"], ["v"], ["ctrl+g", *"10:00", "enter"]):
            await pilot.press(*keys)
            await until(pilot, lambda: not app.pane.feed.reading)
            await pilot.pause()
            assert f"cannot read the log {path}: Too many levels of symbolic links" in flat(app)
            assert not any(said in screen(app) for said in SAID), screen(app)
            assert not any(said in told for said in SAID for told in app.told)
        # Nobody says that it can be read again.
        trouble.end()
        await pilot.press("backspace")
        await until(pilot, lambda: f"no {COUNT - 1}." in screen(app))
        assert "cannot read" not in str(app.pane.query_one("#log-empty").content)
        assert len(app.pane.window) == log_feed.PAGE
        add(single, COUNT)
        app.pane.changed(None)
        await until(pilot, lambda: f"no {COUNT}." in screen(app))


async def test_a_log_that_can_be_read_again_is_read_without_being_asked(host, single, path):
    trouble = Unreadable(path)
    trouble.begin()
    app = host(single)
    async with app.run_test(size=(160, 24)) as pilot:
        await until(pilot, lambda: "cannot read the log" in screen(app))
        trouble.end()
        await until(pilot, lambda: f"no {COUNT - 1}." in screen(app))
        assert len(app.pane.window) == log_feed.PAGE
        assert app.pane.lines.following
        # And each time that it is so again, it is told.
        for _ in (1, 2):
            before = len([told for told in app.told if "cannot read" in told])
            trouble.begin()
            app.pane.changed(None)
            await until(pilot, lambda: "cannot read the log" in str(app.pane.query_one("#log-empty").content))
            # The notice may come a little after the picture.
            await until(pilot, lambda: len([told for told in app.told if "cannot read" in told]) == before + 1)  # noqa: B023
            await until(pilot, lambda: f"no {COUNT - 1}." in screen(app))
            trouble.end()
            await until(pilot, lambda: not app.pane.query_one("#log-empty").display)


async def test_what_is_shown_stays_while_the_log_cannot_be_read(host, single, path):
    trouble = Unreadable(path)
    app = host(single)
    async with app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: f"no {COUNT - 1}." in screen(app))
        trouble.begin()
        await pilot.press("ctrl+g", *"10:00", "enter")
        await until(pilot, lambda: not app.pane.feed.reading and app.told)
        assert "cannot read the log" in screen(app)
        assert all("no record at" not in told for told in app.told)
        assert any("cannot read the log" in told for told in app.told)
        assert f"no {COUNT - 1}." in screen(app)
        # Reading on at the start fails as well, and is not taken for the start.
        await pilot.press("home")
        await until(pilot, lambda: not app.pane.feed.reading)
        assert not app.pane.window.at_start


class Failing(bird.MemoryRepo):
    """A repository that is neither a file nor redbird's memory, to the source."""

    def query_items(self, query):
        raise RuntimeError("the server is away")


async def test_other_repositories_say_so_too(host, monkeypatch):
    repo = Failing(model=TaskRunRecord)
    app = host(repo)
    monkeypatch.setattr(app.source, "_items", lambda: repo.query_items(None))
    async with app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: "cannot read the log: RuntimeError: the server is away" in screen(app))
        assert "Nothing has happened" not in screen(app)
