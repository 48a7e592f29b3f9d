"""The command line as other programs and people call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from redengine_tui.cli import loading, main
from redengine_tui.data import ProjectData


def call(*args):
    return CliRunner().invoke(main, list(args))


def test_the_version_loads_nothing_heavy():
    code = (
        "import sys\nfrom redengine_tui.cli import main\n"
        "try:\n    main(['--version'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'textual', 'rich', 'redengine', 'pydantic', 'lark', 'redbird', 'asyncio'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("redengine-tui ")


def test_help_has_examples():
    done = call("--help")
    assert done.exit_code == 0
    for part in ("demo", "check", "list", "locate", "redengine-tui project.py:nightly", "PROJECT"):
        assert part in done.output
    assert call("-h").output == done.output


@pytest.mark.parametrize("command", ["run", "demo", "check", "list", "locate"])
def test_each_command_has_help(command):
    assert call(command, "--help").exit_code == 0


def test_alone_it_says_what_it_can():
    done = call()
    assert done.exit_code == 2
    assert "Usage" in done.output


def test_an_unknown_option():
    done = call("--nope")
    assert done.exit_code == 2
    assert "No such option" in done.output
    assert call("check", "--jsno", "x.py").exit_code == 2


def test_options_before_the_project(tmp_path):
    done = call("--data-dir", str(tmp_path), "project.py")
    assert done.exit_code == 2
    assert "needs a terminal" in done.output


def test_without_a_terminal(tmp_path):
    done = call(str(tmp_path / "project.py"))
    assert done.exit_code == 2
    assert "The screen needs a terminal" in done.output


@pytest.mark.parametrize("command", ["check", "list", "locate"])
def test_a_missing_project(command, tmp_path):
    (tmp_path / "project.py").write_text("")
    done = call(command, str(tmp_path / "projct.py"))
    assert done.exit_code == 2
    assert 'did you mean "project.py"' in done.output


def test_a_mistyped_command_gets_a_hint():
    done = call("chek", "project.py")
    assert done.exit_code == 2
    assert 'did you mean "check"' in done.output


def test_locate(tmp_path):
    project = tmp_path / "project.py"
    project.write_text("")
    done = call("locate", "--data-dir", str(tmp_path / "data"), str(project))
    assert done.exit_code == 0
    assert f"project    {project}" in done.output
    assert "log.csv" in done.output
    assert str(tmp_path / "data") in call("locate", "--data-dir", str(tmp_path / "data")).output
    assert "demo" in call("locate", "--data-dir", str(tmp_path / "data"), "demo").output
    # Asking makes nothing.
    assert not (tmp_path / "data").exists()


def test_locate_says_what_runs(tmp_path):
    project, root = tmp_path / "project.py", tmp_path / "data"
    project.write_text("")
    data = ProjectData.of(project, root)

    def located():
        text = call("locate", "--data-dir", str(root), str(project)).output
        return text.splitlines()[-1], json.loads(call("locate", "--data-dir", str(root), str(project), "--json").output)

    line, found = located()
    assert line == "running    no"
    assert (found["running"], found["pid"], found["log"]) == ("no", None, str(data.log))
    data.make()
    lock = data.lock()
    line, found = located()
    assert line.startswith(f"running    process {os.getpid()}")
    assert (found["running"], found["pid"]) == ("yes", os.getpid())
    left = data.owner_file.read_bytes()
    data.release(lock)
    data.owner_file.write_bytes(left)
    line, found = located()
    assert line == f"running    no (process {os.getpid()} died without ending)"
    assert found["running"] == "died"
    assert json.loads(call("locate", "--data-dir", str(root), "--json").output)["projects"] == [str(data.folder)]


def test_a_project_that_takes_its_time_is_announced_at_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(loading, "PATIENCE", 0.01)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    said, end = "", time.monotonic() + 10
    with loading.waiting("slow\x1b.py"):
        while not said and time.monotonic() < end:
            said = capsys.readouterr().err
            time.sleep(0.005)
    assert said == "Loading slow␛.py …"
    assert capsys.readouterr().err == "\r\x1b[K"
    with loading.waiting("quick.py"):
        pass
    assert capsys.readouterr().err == ""


ARGUED = """\
import argparse
import sys
from redengine import RedEngine
from redengine.args import CliArg

parser = argparse.ArgumentParser()
parser.add_argument("--level", type=int, default=0)
parser.add_argument("--mask")
level = parser.parse_args().level
app = RedEngine()
app.params(level=CliArg("--level"), mask=CliArg("--mask", default="none"))

@app.task("every 1 s", name=f"level {level}", execution="process")
def work(level, mask):
    with open("said.txt", "w") as file:
        file.write(f"{level} {mask} {sys.argv[1:]} {sys.argv[0] == __file__ or sys.argv[0]}")

app.session.config.shut_cond = f"task 'level {level}' has finished"
"""


class TestArgumentsOfTheProject:
    @pytest.fixture(autouse=True)
    def there(self, tmp_path, monkeypatch):
        (tmp_path / "p.py").write_text(ARGUED)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", sys.argv[:])

    def program(self, *args):
        return subprocess.run(
            [sys.executable, "-m", "redengine_tui", *args], capture_output=True, text=True, timeout=60, check=False
        )

    @pytest.mark.parametrize(("arguments", "name"), [((), "level 0"), (("--", "--level", "3"), "level 3")])
    def test_list(self, tmp_path, arguments, name):
        done = self.program("list", "p.py", "--data-dir", str(tmp_path / "data"), *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert name in done.stdout

    def test_what_the_project_refuses_is_told(self):
        done = self.program("check", "p.py", "--", "--nope")
        assert done.returncode == 2
        assert "unrecognized arguments: --nope" in done.stderr
        assert "Traceback" not in done.stderr

    def test_the_worker_processes_have_them(self, tmp_path):
        done = self.program("run", "--headless", "p.py", "--data-dir", "data", "--", "--level", "3", "--mask=a b")
        assert done.returncode == 0, done.stderr
        said = (tmp_path / "said.txt").read_text()
        assert said == "3 a b ['--level', '3', '--mask=a b'] True"


@pytest.mark.parametrize("before", [("--data-dir", "d"), ("--data-dir=d",)])
@pytest.mark.parametrize("command", ["list", "locate"])
def test_options_of_a_command_may_come_before_it(tmp_path, monkeypatch, before, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", sys.argv[:])
    (tmp_path / "p.py").write_text("from redengine import RedEngine\napp = RedEngine()\n")
    after = call(command, "p.py", *before)
    done = call(*before, command, "p.py")
    assert (done.exit_code, done.output) == (0, after.output)
