"""``redengine-tui explain`` and ``forecast``."""

from __future__ import annotations

import json
import time
from datetime import timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from redengine.scheduling.forecast import Coming, Forecast
from redengine_tui.cli import main
from redengine_tui.data import ProjectData
from redengine_tui.forecasting import as_json, as_text

PROJECT = """
from redengine import RedEngine

app = RedEngine(config={"timezone": "UTC"})


@app.task("every 2 hours")
def fetch(): ...


@app.task("after task 'fetch' & time of day between 00:00 and 23:59", name="re\\x1b[31mport")
def report(): ...


@app.task("daily & is foo")
def odd(): ...
"""


@pytest.fixture
def project(tmp_path: Path) -> str:
    path = tmp_path / "project.py"
    path.write_text(
        PROJECT.replace("app = ", "app = ").replace(
            '@app.task("daily & is foo")',
            '@app.cond("is foo")\ndef is_foo(): return True\n\n\n@app.task("daily & is foo")',
        )
    )
    return str(path)


def run(*args: str, data: Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, [*args, "--data-dir", str(data)], catch_exceptions=False)
    return result.exit_code, result.output


def test_explain_says_why_in_words(project, tmp_path):
    code, text = run("explain", project, "re\x1b[31mport", data=tmp_path / "data")
    assert code == 0
    assert "has not succeeded yet" in text
    assert "\x1b" not in text
    assert "|- false  after task 'fetch'" in text


def test_explain_says_until_when_and_on_which_events(project, tmp_path):
    _, text = run("explain", project, "re\x1b[31mport", data=tmp_path / "data")
    lines = text.splitlines()
    assert any("after task 'fetch'" in line and "until a run of 'fetch' or a run of" in line for line in lines)
    assert any("time of day between" in line and "23:59:00" in line for line in lines)


def test_explain_as_json(project, tmp_path):
    code, text = run("explain", project, "fetch", "--json", data=tmp_path / "data")
    report = json.loads(text)
    assert code == 0
    assert report["tree"]["truth"] is True
    assert report["next"]["kind"] == "now"
    assert len(report["next_starts"]) == 5


def test_explain_is_as_if_the_scheduler_started_now(tmp_path):
    project = tmp_path / "project.py"
    project.write_text(
        "from redengine import RedEngine\napp = RedEngine()\n"
        "@app.task('scheduler has run over 10 min')\ndef late(): ...\n"
    )
    _, text = run("explain", str(project), "late", data=tmp_path / "data")
    assert "false  scheduler has run over 10 min" in text
    assert "not running: as if started" in text


def test_explain_of_an_unknown_task(project, tmp_path):
    code, text = run("explain", project, "fetc", data=tmp_path / "data")
    assert code == 2
    assert "no task 'fetc'; did you mean 'fetch'?" in text


def test_forecast(project, tmp_path):
    code, text = run("forecast", project, "--hours", "5", data=tmp_path / "data")
    assert code == 0
    assert text.count("  fetch\n") == 3
    assert "cannot be foreseen: odd (is foo)" in text
    assert "\x1b" not in text


def test_forecast_as_json(project, tmp_path):
    code, text = run("forecast", project, "--hours", "3", "--json", data=tmp_path / "data")
    found = json.loads(text)
    assert code == 0
    assert found["until"] - found["since"] == 3 * 3600
    assert [start["task"] for start in found["starts"]].count("fetch") == 2


def test_what_starts_all_the_time_is_one_line():
    rare = (Coming("daily", 3600.0),)
    starts = tuple(Coming("be\x1b[1m", 10.0 * n, usual=2) for n in range(8640))
    uneven = tuple(Coming("uneven", 60.0 * n + (n == 5)) for n in range(30))
    forecast = Forecast(0, 86400, tuple(sorted(rare + starts + uneven, key=lambda coming: coming.at)))
    assert as_text(forecast, timezone.utc).splitlines() == [
        "From 1970-01-01 00:00:00 to 1970-01-02 00:00:00: 8,671 starts",
        "",
        "be␛[1m: every 10 seconds, 8,640 times from 1970-01-01 00:00:00 until 1970-01-01 23:59:50  usually takes 2.0s",
        "uneven: mostly every 1 minute, 30 times from 1970-01-01 00:00:00 until 1970-01-01 00:29:00",
        "",
        "1970-01-01 01:00:00  daily",
    ]
    assert len(json.loads(as_json(forecast))["starts"]) == 8671


def test_an_early_end_is_told_first():
    lines = as_text(Forecast(0, 99, (Coming("a", 99.0),), complete=False), timezone.utc).splitlines()
    assert lines[1].startswith("It ends early, at 1970-01-01 00:01:39")


@pytest.mark.parametrize("hours", ["0", "-3", "nan-hours"])
def test_a_wrong_length_is_refused(project, tmp_path, hours):
    code, text = run("forecast", project, "--hours", hours, data=tmp_path / "data")
    assert code == 2
    assert "--hours" in text


def test_nothing_is_written(project, tmp_path):
    run("forecast", project, data=tmp_path / "data")
    run("explain", project, "fetch", data=tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_times_are_those_of_the_project(tmp_path):
    path = tmp_path / "project.py"
    path.write_text(
        "from redengine import RedEngine\napp = RedEngine(config={'timezone': 'Asia/Kathmandu'})\n"
        "@app.task('daily on 03:00 & ~has started today')\ndef a(): ...\n"
    )
    data = tmp_path / "data"
    assert " 03:00:00  a" in run("forecast", str(path), "--hours", "48", data=data)[1]
    assert " 03:00:00" in run("explain", str(path), "a", data=data)[1]


def test_a_disabled_task_is_not_promised_a_start(tmp_path):
    path = tmp_path / "project.py"
    path.write_text(
        "from redengine import RedEngine\napp = RedEngine()\n@app.task('daily', disabled=True)\ndef a(): ...\n"
    )
    text = run("explain", str(path), "a", data=tmp_path / "data")[1]
    assert "It is disabled" in text
    assert text.endswith("next: never\n")


def begun(project, tmp_path, seconds=60):
    """The data of a project whose task "fetch" began, by its log, and has not ended."""
    data = ProjectData.of(Path(project), tmp_path / "data")
    data.make()
    began = time.time() - seconds
    data.log.write_text(
        f"task_name,action,created,start,end,runtime,message,exc_text,run_id\r\nfetch,run,{began},{began},,,,,r1\r\n"
    )
    return data


def test_explain_knows_what_another_process_runs(project, tmp_path):
    data = begun(project, tmp_path)
    lock = data.lock()
    _, text = run("explain", project, "fetch", data=tmp_path / "data")
    assert text.startswith("fetch: It has been running since ")
    data.release(lock)


def test_explain_knows_what_nobody_runs_any_more(project, tmp_path):
    begun(project, tmp_path)
    _, text = run("explain", project, "fetch", data=tmp_path / "data")
    assert text.startswith("fetch: It began ")
    assert "never ended: will be logged as crashed when the project is run. Its condition does not hold" in text
    found = json.loads(run("explain", project, "fetch", "--json", data=tmp_path / "data")[1])
    assert found["verdict"].startswith("It began ")


def test_explain_knows_that_no_process_is_free(tmp_path):
    path = tmp_path / "project.py"
    path.write_text(
        "from redengine import RedEngine\napp = RedEngine(config={'max_process_count': 1})\n"
        "@app.task('always', multilaunch=False)\ndef fetch(): ...\n@app.task('always')\ndef due(): ...\n"
    )
    data = begun(path, tmp_path)
    assert "waits" not in run("explain", str(path), "due", data=tmp_path / "data")[1]
    lock = data.lock()
    assert "waits for a free process" in run("explain", str(path), "due", data=tmp_path / "data")[1]
    data.release(lock)


def test_a_rest_after_crashes_of_another_process_is_known(tmp_path):
    path = tmp_path / "project.py"
    path.write_text("from redengine import RedEngine\napp = RedEngine()\n@app.task('always')\ndef a(): ...\n")
    place = tmp_path / "data"
    data = ProjectData.of(path, place)
    data.make()
    lock = data.lock()
    died = time.time()
    data.log.write_text(f"task_name,action,created,run_id\na,run,{died},1\na,crash,{died},1\n")
    (task,) = json.loads(run("list", str(path), "--json", data=place)[1])
    assert (task["next"]["kind"], task["next"]["at"]) == ("at", pytest.approx(died + 10))
    assert "Its condition holds; it rests after a crash, until " in run("explain", str(path), "a", data=place)[1]
    data.release(lock)
    # A scheduler that starts anew does not hold it back.
    (task,) = json.loads(run("list", str(path), "--json", data=place)[1])
    assert task["next"]["kind"] == "now"
