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


FACTORY = """\
from redengine import RedEngine

def create_app(fail=False):
    app = RedEngine()

    @app.task("daily")
    def work():
        return 7

    {end}
    return app

app = 1
"""


class TestAFunctionThatMakesIt:
    @pytest.mark.parametrize("end", ["", "app.run()", "app.session.start"])
    def test_it_is_called(self, project, end):
        loaded = load(f"{project(FACTORY.format(end=end))}:create_app()")
        loaded.session.run("work")
        assert (loaded.session.returns["work"], loaded.app_name) == (7, "create_app()")

    def test_by_its_module(self, project, monkeypatch):
        monkeypatch.chdir(project(FACTORY.format(end=""), "shop_of_it/jobs.py").parent.parent)
        assert load("shop_of_it.jobs:create_app()").session.tasks.names() == ["work"]

    @pytest.mark.parametrize(
        ("end", "name", "said"),
        [
            ("raise KeyError('missing')", "create_app()", "project.py, line 10: KeyError: 'missing'"),
            ("import sys; sys.exit(3)", "create_app()", "the file exits while it is loaded (3)"),
            ("return 1", "create_app()", "create_app() made a int, not a RedEngine app"),
            ("", "make()", "project.py has no function named make"),
            ("", "app()", "project.py has no function named app"),
            ("", None, "project.py has no app; if create_app() makes one, give 'project.py:create_app()'"),
        ],
    )
    def test_what_is_wrong(self, project, end, name, said):
        path = project(FACTORY.format(end=end))
        with pytest.raises(ProjectError) as caught:
            load(f"{path}:{name}" if name else str(path))
        assert said in str(caught.value)

    def test_an_app_is_none(self, project):
        with pytest.raises(ProjectError, match="leave the \\(\\) out"):
            load(f"{project()}:app()")

    def test_its_mistakes_are_collected(self, project):
        source = FACTORY.format(end="app.task('dayly', name='typo', code='1')")
        loaded = load(f"{project(source)}:create_app()", collect=True)
        assert [mistake.task for mistake in loaded.mistakes] == ["typo"]


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


STARTS = [
    "app.run()",
    "app.session.start()",
    "import asyncio; asyncio.run(app.serve())",
    "import asyncio; asyncio.run(app.session.serve())",
    "app.session.run()",
    "app.session.scheduler()",
    "import uvicorn; uvicorn.run(app)",
    "from uvicorn import run; run(app)",
    "import uvicorn; uvicorn.Server(app).run()",
    "import asyncio, uvicorn; asyncio.run(uvicorn.Server(app).serve())",
]
#: What is there of uvicorn for a project, with something that would be noticed.
UVICORN = """\
from .main import run
from .server import Server
"""
UVICORN_SERVER = """\
class Server:
    def __init__(self, config): ...
    def run(self): raise RuntimeError("it serves")
    async def serve(self): raise RuntimeError("it serves")
"""
#: As the demos have it: a scheduler and a web server, which are waited for together.
TOGETHER = """\
import asyncio
import uvicorn

class Own(uvicorn.Server): ...

async def main():
    api = asyncio.create_task({first})
    scheduler = asyncio.create_task({second})
    await asyncio.wait([api, scheduler])

@app.task("daily")
def work(): ...

asyncio.run(main())
print("never")
"""


@pytest.fixture
def uvicorn(project):
    project(UVICORN, "uvicorn/__init__.py")
    project(UVICORN_SERVER, "uvicorn/server.py")
    project("def run(app):\n    raise RuntimeError('it serves')\n", "uvicorn/main.py")


@pytest.mark.usefixtures("uvicorn")
class TestItStartsTheScheduler:
    @pytest.mark.parametrize("start", STARTS)
    def test_the_project_ends_there(self, project, start):
        loaded = load(str(project(APP + "@app.task('daily')\ndef work(): ...\n" + start + "\n")))
        assert loaded.session.tasks.names() == ["work"]
        assert loaded.oddities == ()

    @pytest.mark.parametrize("start", STARTS)
    def test_what_follows_is_not_run_and_that_is_said(self, project, start):
        (oddity,) = load(str(project(APP + start + "\n\n@app.task('daily')\ndef work(): ...\n"))).oddities
        assert str(oddity).startswith(
            "project.py, line 3: the project ends here, where it starts its scheduler: line 6 "
        )
        assert 'if __name__ == "__main__":' in str(oddity)

    @pytest.mark.parametrize(
        ("code", "line"),
        [
            ("try:\n    app.run()\nexcept KeyboardInterrupt:\n    pass\nfinally:\n    done = 1\n", None),
            ("try:\n    app.run()\nexcept Exception:\n    pass\nassert False\n", 7),
            ("if True:\n    app.run()\n    assert False\nassert False\n", 5),
            ("def main():\n    app.run()\n    assert False\n\nmain()\n", None),
            ("def main():\n    app.run()\n\nmain()\nassert False\n", 7),
            ("with open(__file__):\n    app.run()\nif __name__ == '__main__':\n    pass\n", None),
        ],
    )
    def test_what_follows(self, project, code, line):
        oddities = load(str(project(APP + code))).oddities
        assert [f": line {line} and what follows is not run" in str(oddity) for oddity in oddities] == [True] * bool(
            line
        )

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("Own(app).serve()", "app.serve()"),
            ("app.serve()", "Own(app).serve()"),
            ("asyncio.sleep(60)", "app.serve()"),
        ],
    )
    def test_beside_a_web_server(self, project, first, second):
        path = project(APP + TOGETHER.format(first=first, second=second))
        code = (
            "import gc; from redengine_tui.project import load; "
            f"print(load({str(path)!r}).session.tasks.names()); gc.collect()"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
        assert (done.stdout.strip(), done.stderr) == ("['work']", "")

    def test_in_a_thread_of_its_own(self, project):
        start = "import threading\nthread = threading.Thread(target=app.run)\nthread.start()\nthread.join()\nok = 1\n"
        path = project(APP + start + "@app.task('daily')\ndef work(): ...\n")
        code = f"from redengine_tui.project import load; print(load({str(path)!r}).session.tasks.names())"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
        assert (done.stdout.strip(), done.stderr) == ("['work']", "")

    def test_the_started_app_is_the_one(self, project):
        several = "from redengine import RedEngine\na = RedEngine()\nb = RedEngine()\n"
        loaded = load(str(project(several + "b.run()\n")))
        assert loaded.app is module_of(loaded).b
        loaded = load(
            str(project(several + "def main():\n    c = RedEngine()\n    c.params(x=1)\n    c.run()\nmain()\n"))
        )
        assert "x" in loaded.session.parameters
        loaded = load(f"{project(several + 'b.run()')}:a")
        assert loaded.app is module_of(loaded).a

    def test_a_server_that_is_started_later_is_started(self, project):
        loaded = load(str(project(APP + "import uvicorn\nuvicorn.run(app)\n")))
        with pytest.raises(RuntimeError, match="it serves"):
            module_of(loaded).uvicorn.run(None)

    def test_a_guarded_start_is_fine(self, project):
        load(str(project(APP + 'if __name__ == "__main__":\n    app.run()\n')))

    def test_a_worker_ends_it_there_too(self, project):
        """The module is imported in the worker, for the class that is defined there."""
        source = (
            "from redengine import RedEngine\napp = RedEngine()\n"
            "class Value:\n    def __init__(self): self.x = 7\n"
            "@app.task(execution='process')\ndef work():\n    return Value().x\n"
            "import uvicorn\nuvicorn.run(app)\nraise RuntimeError('too far')\n"
        )
        loaded = load(str(project(source)))
        loaded.session.run("work")
        assert loaded.session.returns["work"] == 7


def test_the_program_says_it(project):
    path = project(APP + "app.run()\nimport os\n")
    done = subprocess.run(
        [sys.executable, "-m", "redengine_tui.cli", "check", str(path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == ""
    assert "project.py:3: warning: the project ends here" in done.stdout
