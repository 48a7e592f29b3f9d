"""Loading project files: which app it is, and what is said of files that cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent

import pytest

from redengine.exc import ProjectError
from redengine_tui.project import load

APP = "from redengine import RedEngine\napp = RedEngine()\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """``project(source, name)``: a project file; what it imports is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = dict(sys.modules)

    def write(source=APP, name="project.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, bytes):
            path.write_bytes(source)
        else:
            path.write_text(dedent(source), encoding="utf-8")
        return path

    yield write
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]
    sys.modules.update(before)


def module_of(loaded):
    return sys.modules[loaded.session.worker_setup.module_name]


def refused(path):
    with pytest.raises(ProjectError) as caught:
        load(str(path))
    message = str(caught.value)
    assert "importlib" not in message
    assert "redengine_tui" not in message
    return message


class TestWhichApp:
    def test_the_one_named_app(self, project):
        loaded = load(str(project(APP + "other = RedEngine()\n")))
        assert loaded.app is module_of(loaded).app

    def test_the_only_one(self, project):
        loaded = load(str(project("from redengine import RedEngine\nnightly = RedEngine()\nsame = nightly\n")))
        assert loaded.app is module_of(loaded).nightly

    def test_the_given_one(self, project):
        loaded = load(f"{project(APP + 'nightly = RedEngine()')}:nightly")
        assert loaded.app is module_of(loaded).nightly

    def test_none(self, project):
        assert "project.py has no app" in refused(project("x = 1\n"))

    def test_several(self, project):
        message = refused(project("from redengine import RedEngine\na = RedEngine()\nb = RedEngine()\n"))
        assert "project.py:a or project.py:b" in message

    def test_a_name_that_is_not_there(self, project):
        assert refused(f"{project()}:nope") == "project.py has nothing named nope; its apps: app"

    def test_a_name_of_something_else(self, project):
        assert "is a int, not a RedEngine app" in refused(f"{project(APP + 'x = 1')}:x")


class TestWhere:
    @pytest.mark.parametrize(
        "name", ["pro ject.py", "prøjekt.py", "日本.py", "my-project.py", "schedule", "1.py", "a:b.py"]
    )
    def test_any_name(self, project, name):
        assert load(str(project(name=name))).path.name == name

    @pytest.mark.parametrize("name", ["json.py", "click.py", "redengine.py", "asyncio.py", "antigravity.py"])
    def test_a_name_that_a_module_has(self, project, name):
        taken = name.removesuffix(".py")
        before = sys.modules.get(taken)
        path = project(name=name)
        loaded = load(str(path))
        assert loaded.session.tasks is not None
        assert sys.modules.get(taken) is before

    def test_neighbours_are_importable(self, project):
        project("VALUE = 7\n", "neighbour_of_it.py")
        load(str(project("import neighbour_of_it\n" + APP + "assert neighbour_of_it.VALUE == 7\n")))

    def test_two_projects_of_one_name(self, project):
        one, two = project(APP, "one/project.py"), project(APP, "two/project.py")
        assert load(str(one)).app is not load(str(two)).app

    def test_a_relative_path(self, project, monkeypatch):
        path = project()
        monkeypatch.chdir(path.parent)
        assert load("project.py").path == path.resolve()
        assert load("./project.py:app").path == path.resolve()

    def test_a_folder(self, project):
        assert "is a folder" in refused(project().parent)

    def test_a_missing_file_names_those_that_are_there(self, project):
        path = project()
        message = refused(path.parent / "projetc.py")
        assert "There is no file" in message
        assert 'did you mean "project.py"' in message

    def test_a_missing_folder(self, project):
        assert "There is no file" in refused(project().parent / "nowhere" / "project.py")

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can read everything")
    def test_an_unreadable_file(self, project):
        path = project()
        path.chmod(0)
        assert "cannot be read" in refused(path)


class TestWhatIsWrongInIt:
    def test_an_exception(self, project):
        project("def fail():\n    raise KeyError('missing')\n", "neighbour_that_fails.py")
        message = refused(project("import neighbour_that_fails\n\nneighbour_that_fails.fail()\n"))
        assert message.startswith("neighbour_that_fails.py, line 2: KeyError: 'missing'")
        assert "project.py, line 3, in <module>:\n    neighbour_that_fails.fail()" in message

    def test_an_error_of_ours_is_told_at_the_files_line(self, project):
        message = refused(project(APP + '\n@app.task("dayly")\ndef some(): ...\n'))
        assert message.startswith("project.py, line 4: ")
        assert 'did you mean "daily"?' in message
        assert "core/redengine" not in message

    def test_what_is_installed_below_it_is_not_its_own(self, project):
        project("def fail():\n    raise KeyError('missing')\n", ".venv/lib/python3/site-packages/installed_fails.py")
        folder = project().parent / ".venv/lib/python3/site-packages"
        message = refused(
            project(f"import sys\nsys.path.append({str(folder)!r})\nimport installed_fails\n\ninstalled_fails.fail()\n")
        )
        assert message.startswith("project.py, line 5: KeyError: 'missing'")
        assert "installed_fails.py" not in message

    def test_a_syntax_error_has_its_caret(self, project):
        message = refused(project("x = 1\n\tif x = 2:\n"))
        assert message.startswith("project.py, line 2: ")
        message = refused(project("import os\nif True\n    x = 1\n"))
        assert message.startswith("project.py, line 2: SyntaxError: expected ':'")
        lines = message.splitlines()
        assert lines[-1].index("^") - lines[-2].index("if True") == len("if True")

    def test_a_syntax_error_behind_tabs_and_wide_letters(self, project):
        lines = refused(project("if 1:\n\tdef f(:\n")).splitlines()
        assert lines[-1].index("^") == lines[-2].index("(:") + 1
        lines = refused(project("x = '日本' 1x\n")).splitlines()
        assert lines[-2].strip() == "x = '日本' 1x"
        assert lines[-1].index("^") >= len("    x = '    ' ")

    def test_a_syntax_error_in_a_neighbour(self, project):
        project("def f(:\n", "neighbour_with_error.py")
        assert refused(project("import neighbour_with_error\n")).startswith("neighbour_with_error.py, line 1: ")

    def test_it_exits(self, project):
        assert "line 2: the file exits while it is loaded (3)" in refused(project("import sys\nsys.exit(3)\n"))

    def test_null_bytes(self, project):
        message = refused(project(b"x = 1\0\n"))
        assert "null byte" in message
        assert "None" not in message

    def test_another_encoding(self, project):
        message = refused(project(b"x = '\xe4\xf6'\n"))
        assert message.startswith("project.py")
        assert "utf-8" in message

    @pytest.mark.parametrize(
        "start",
        [
            "app.run()",
            "app.session.start()",
            "import asyncio; asyncio.run(app.serve())",
            "import asyncio; asyncio.run(app.session.serve())",
            "app.session.run()",
            "app.session.scheduler()",
        ],
    )
    def test_a_file_that_starts_the_scheduler_is_told_to_guard_it(self, project, start):
        message = refused(project(APP + start + "\n"))
        assert message.startswith("project.py, line 3: the file starts its scheduler")
        assert 'if __name__ == "__main__":' in message

    def test_a_guarded_start_is_fine(self, project):
        load(str(project(APP + 'if __name__ == "__main__":\n    app.run()\n')))

    def test_catching_everything_does_not_start_it(self, project):
        message = refused(project(APP + "try:\n    app.run()\nexcept Exception:\n    pass\n"))
        assert "starts its scheduler" in message


def test_the_program_says_it_and_ends(project):
    path = project(APP + "app.run()\n")
    done = subprocess.run(
        [sys.executable, "-m", "redengine_tui.cli", "check", str(path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Guard the call" in done.stderr
