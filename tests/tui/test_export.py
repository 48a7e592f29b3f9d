"""Writing the log to a file: what is in it, that it is whole or not there, and what is said when it cannot be."""

from __future__ import annotations

import asyncio
import csv
import errno
import json
import os
from datetime import datetime, timedelta, timezone

import pytest
from piloting import screen, until
from textual.app import App

from redengine.control import messages as m
from redengine.log import CSVFileRepo, TaskRunRecord, bird
from redengine.log.source import RepoLogSource, open_source
from redengine_tui import export
from redengine_tui.export import COLUMNS, ExportFile, default_name, resolve
from redengine_tui.screens.export import ExportScreen

NOW = datetime(2026, 11, 24, 14, 5, tzinfo=timezone.utc).timestamp()
ENTRIES = [
    m.LogEntry(1, NOW + 0.25, "ä, b", "run", level="INFO", run_id="r1", start=NOW),
    m.LogEntry(
        2, NOW + 2, 'quo"ted', "fail", 'said "no"', "ERROR", "Traceback\n  back\r\n\x9b\udc9b", "r1", NOW, NOW + 2, 2.0
    ),
]


def written(path, zone=timezone.utc):
    file = ExportFile(path, zone)
    file.write(ENTRIES)
    file.finish()
    return path.read_bytes()


# The file


def test_columns_are_those_of_the_log():
    assert [*TaskRunRecord.__fields__, "levelname"] == list(COLUMNS)


def test_csv_is_a_log_again(tmp_path):
    written(tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[1]["created"] == str(NOW + 2)
    assert rows[1]["message"] == 'said "no"'
    page = open_source(CSVFileRepo(filename=tmp_path / "out.csv", model=TaskRunRecord)).read(m.ReadLog())
    assert [entry.task for entry in page.entries] == ["ä, b", 'quo"ted']
    first = page.entries[0]
    assert (first.created, first.level, first.run_id, first.end) == (NOW + 0.25, "INFO", "r1", None)


def test_json_lines(tmp_path):
    lines = [json.loads(line) for line in written(tmp_path / "out.jsonl").decode().splitlines()]
    assert [list(line) for line in lines] == [list(COLUMNS)] * 2
    assert lines[0]["task_name"] == "ä, b"
    assert lines[0]["created"] == "2026-11-24T14:05:00.250000+00:00"
    assert (lines[0]["end"], lines[0]["runtime"], lines[1]["runtime"]) == (None, None, 2.0)
    assert lines[1]["exc_text"] == "Traceback\n  back\r\n\x9b\udc9b"
    east = written(tmp_path / "out.ndjson", timezone(timedelta(hours=5, minutes=30))).decode()
    assert json.loads(east.splitlines()[0])["created"] == "2026-11-24T19:35:00.250000+05:30"


def test_times_that_no_calendar_has(tmp_path):
    file = ExportFile(tmp_path / "out.jsonl", timezone.utc)
    file.write([m.LogEntry(1, 1e18, "a", "run")])
    file.finish()
    assert json.loads((tmp_path / "out.jsonl").read_text())["created"] == 1e18


def test_there_only_when_it_is_whole(tmp_path):
    path = tmp_path / "out.csv"
    file = ExportFile(path, None)
    file.write(ENTRIES)
    assert not path.exists()
    file.discard()
    assert list(tmp_path.iterdir()) == []
    written(path)
    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_is_replaced(tmp_path):
    path = tmp_path / "out.csv"
    file = ExportFile(path, None)
    path.write_text("somebody else's")
    with pytest.raises(FileExistsError):
        file.finish()
    file.discard()
    assert path.read_text() == "somebody else's"
    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link.csv").symlink_to("real.csv")
    written(resolve(str(tmp_path / "link.csv")))
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() != ""


@pytest.mark.parametrize("name", ["log.csv", "log-000002.csv", "link.csv", "LINK/log.csv"])
def test_the_log_itself_is_no_place(tmp_path, name):
    (tmp_path / "link.csv").symlink_to("log.csv")
    (tmp_path / "LINK").symlink_to(".")
    for there in (False, True):
        with pytest.raises(
            ValueError, match="a part of the log" if not there else "is there already|a part of the log"
        ):
            resolve(str(tmp_path / name), str(tmp_path / "log.csv"))
        (tmp_path / "log.csv").touch()
    assert resolve(str(tmp_path / "log-1.csv"), str(tmp_path / "log.csv"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (" ", "write the name of a file"),
        ("log.txt", "'.txt' is not a kind of file: use .csv, or .jsonl"),
        ("log", "'log' is not a kind of file"),
        ("nowhere/log.csv", "there is no folder"),
        ("folder.csv", "is there already: give another name"),
        ("x" * 300 + ".csv", "cannot be written: File name too long"),
    ],
)
def test_names_that_cannot_be(tmp_path, monkeypatch, text, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ValueError, match=complaint):
        resolve(text)


def test_a_name_is_offered():
    assert default_name("shop", NOW, timezone.utc) == "shop-log-20261124-140500.csv"
    assert default_name("../a b\x1b]", NOW, timezone.utc) == "a-b-log-20261124-140500.csv"
    assert default_name("///", NOW, timezone.utc).startswith("redengine-log")


# The screen


class Host(App):
    def __init__(self, controller, clock, **where):
        super().__init__()
        self.controller = controller
        self.clock = clock
        self.where = m.LogFilter(**where)
        self.said: list[str | None] = []

    def on_mount(self):
        asked = ExportScreen(self.controller, self.clock, where=self.where, words="only failures", zone=timezone.utc)
        self.push_screen(asked, self.said.append)


@pytest.fixture
def records(clock):
    return [
        {"task_name": "ab"[number % 2], "action": "run", "created": clock.now + number, "message": f"no {number}."}
        for number in range(2_500)
    ]


@pytest.fixture
def source(controller, records):
    source = RepoLogSource(bird.MemoryRepo(collection=records))
    controller.answers[m.ReadLog] = source.read
    return source


@pytest.fixture
def app(controller, clock, source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Host(controller, clock, task="a")


async def test_everything_that_fits_is_written(app, tmp_path):
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "20261124-140500.csv" in screen(app).partition("→")[2])
        assert "only failures" in screen(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.said)
    (path,) = tmp_path.iterdir()
    assert app.said == [f"Wrote 1,250 records to {path}"]
    with path.open(newline="") as file:
        assert [row["message"] for row in csv.DictReader(file)] == [f"no {number}." for number in range(0, 2_500, 2)]


async def test_what_comes_meanwhile_is_left_out(app, source, records, tmp_path):
    read = source.read

    def growing(query):
        page = read(query)
        source._repo.collection.extend({**records[0], "message": "late"} for _ in range(3_000))
        return page

    app.controller.answers[m.ReadLog] = growing
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*(["backspace"] * 3), *"jsonl", "enter")
        await until(pilot, lambda: app.said)
    (path,) = tmp_path.iterdir()
    assert len(path.read_text().splitlines()) == 1_250


async def test_a_file_that_is_there_is_left_alone(app, tmp_path):
    path = tmp_path / "shop-log-20261124-140500.csv"
    path.write_text("before")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "is there already: give another name" in " ".join(screen(app).split()))
        await pilot.press("enter", "enter")
        await pilot.pause(0.05)
        assert app.said == []
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


async def test_a_log_that_is_replaced_meanwhile(app, source, tmp_path):
    read = source.read

    def replacing(query):
        page = read(query)
        if query.after:
            # Cursors of the new one lie behind those of the old one.
            source._repo.collection.clear()
        return page

    app.controller.answers[m.ReadLog] = replacing
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: "The log became another one meanwhile" in " ".join(screen(app).split()))
    assert list(tmp_path.iterdir()) == []


async def test_stopped_half_way(app, source, tmp_path):
    gate = asyncio.Event()
    asked = app.controller.ask

    async def ask(query):
        if isinstance(query, m.ReadLog) and query.after:
            await gate.wait()
        return await asked(query)

    app.controller.ask = ask
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: "80%   1,000 records" in screen(app))
        assert "escape stops" in screen(app)
        assert len(list(tmp_path.iterdir())) == 1
        await pilot.press("escape")
        await until(pilot, lambda: app.said == ["Stopped: nothing was written"])
        await until(pilot, lambda: list(tmp_path.iterdir()) == [])


async def test_left_without_writing(app, tmp_path):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape")
        await until(pilot, lambda: app.said == [""])
    assert list(tmp_path.iterdir()) == []


async def test_a_wrong_name_is_told_as_it_is_typed(app, tmp_path):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("backspace")
        await until(pilot, lambda: "'.cs' is not a kind of file" in screen(app))
        await pilot.press("enter")
        await pilot.pause(0.05)
        assert app.said == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("when", ["open", "write", "finish"])
async def test_a_disk_that_is_full_leaves_nothing_behind(app, tmp_path, monkeypatch, when):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if when == "open":
        monkeypatch.setattr(export.tempfile, "mkstemp", lambda **_: full())
    elif when == "write":
        monkeypatch.setattr(ExportFile, "write", full)
    else:
        monkeypatch.setattr(export.os, "fsync", full)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: "No space left on" in screen(app))
        assert "try another place" in " ".join(screen(app).split())
        assert app.screen.focused is not None
        assert app.said == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_log_that_cannot_be_read(app, tmp_path, at_once):
    broken = m.LogPage(at_start=True, at_end=True, failed="cannot read the log: no database")
    app.controller.answers[m.ReadLog] = lambda query: (
        m.LogPage(last=9) if query.after is None and not at_once else broken
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: "cannot read the log: no database" in screen(app))
    assert list(tmp_path.iterdir()) == []
