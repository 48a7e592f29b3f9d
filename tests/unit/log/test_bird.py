"""redbird works under pydantic 2, and nobody notices how. Proved in fresh interpreters."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pydantic
import pydantic.v1
import pytest

from redengine.control.messages import ReadLog
from redengine.log import TaskRunRecord, bird
from redengine.log.past import read_past
from redengine.log.source import open_source

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CORE = Path(__file__).parents[3] / "core"


@pytest.mark.parametrize("first", ["", "import pydantic"])
def test_pydantic_is_untouched(run_python, first):
    out = run_python(f"""
        import sys
        {first}
        before = {{name: module for name, module in sys.modules.items() if name.partition(".")[0] == "pydantic"}}
        meta_path = list(sys.meta_path)
        import redengine.log.bird
        changed = [name for name, module in before.items() if sys.modules.get(name) is not module]
        import pydantic
        from pydantic import BaseModel, field_validator
        print(changed, pydantic.VERSION[0], pydantic is sys.modules["pydantic"], sys.meta_path == meta_path)
    """)
    assert out == "[] 2 True True"


def test_user_imports_redbird_afterwards(run_python):
    out = run_python("""
        import redengine.log.bird as bird
        from redbird.repos import CSVFileRepo, MemoryRepo
        from redbird.logging import RepoHandler
        from redbird.oper import in_
        import redbird.sql, redbird.templates
        print(CSVFileRepo is bird.CSVFileRepo, issubclass(MemoryRepo, bird.BaseRepo), RepoHandler is bird.RepoHandler)
        # The cached byte code of redbird is what everybody else has, too.
        import dis, redbird.base
        code = redbird.base.__loader__.get_code("redbird.base")
        print({i.argval for i in dis.get_instructions(code) if i.opname == "IMPORT_NAME" and "pydantic" in i.argval})
    """)
    assert out.splitlines() == ["True True True", "{'pydantic'}"]


def test_an_earlier_failed_import_of_redbird_does_no_harm(run_python):
    out = run_python("""
        import sys
        # As where no .pth file is read.
        sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "RedbirdFinder"]
        try:
            import redbird.repos
        except Exception as exc:
            print(type(exc).__name__)
        print("redbird" in sys.modules, "redbird.exc" in sys.modules)
        from redengine.log.bird import KeyFoundError, MemoryRepo
        import redbird.exc
        print(redbird.exc.KeyFoundError is KeyFoundError, MemoryRepo().filter_by().all())
    """)
    assert out.splitlines()[1:] == ["False True", "True []"]


def test_redbird_comes_first_where_the_start_up_file_is_installed(run_python, tmp_path):
    shutil.copy(CORE / "redengine_redbird.pth", tmp_path)
    out = run_python(f"""
        import site, sys
        before = set(sys.modules)
        sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "RedbirdFinder"]
        site.addsitedir({str(tmp_path)!r})  # as Python does it at its start
        print(sorted({{*sys.modules}} - before - {{"redengine_redbird"}}))
        from redbird.repos import MemoryRepo, SQLRepo
        import pydantic
        print(pydantic.VERSION[0], [name for name in ("redengine", "sqlalchemy") if name in sys.modules])
        from redengine import RedEngine
        from redengine.log import MinimalRecord, bird
        app = RedEngine(logger_repo=MemoryRepo(model=MinimalRecord), execution="main")
        app.task(name="x", func=lambda: 1)
        app.session.run("x")
        print(bird.MemoryRepo is MemoryRepo, [record.action for record in app.session.get_repo().filter_by().all()])
        repo = SQLRepo(conn_string="sqlite://", table="t", if_missing="create", model=MinimalRecord, id_field="created")
        print(repo.filter_by().all())
    """)
    modules, first, then, sql = out.splitlines()
    assert (modules, first) == ("[]", "2 []")
    assert then == "True ['run', 'success']"
    assert sql == "[]"


def test_the_start_up_file_does_nothing_where_the_package_has_gone(tmp_path):
    shutil.copy(CORE / "redengine_redbird.pth", tmp_path)
    code = f"import site; site.addsitedir({str(tmp_path)!r}); print('started')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("started", "")


def test_every_installer_puts_the_start_up_file_into_place():
    project = tomllib.loads((CORE.parent / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"core/redengine_redbird.pth": "redengine_redbird.pth"}
    assert "core/redengine_redbird" in wheel["packages"]


def test_redbird_that_somebody_else_made_work_is_used_as_it_is(run_python):
    out = run_python("""
        import sys
        import pydantic, pydantic.v1
        sys.modules["pydantic"] = pydantic.v1
        import redbird.repos
        sys.modules["pydantic"] = pydantic
        theirs = redbird.repos.MemoryRepo
        import redengine.log.bird as bird
        print(bird.MemoryRepo is theirs, sys.modules["pydantic"] is pydantic)
    """)
    assert out == "True True"


def test_other_threads_see_the_real_pydantic_while_redbird_is_imported(run_python):
    out = run_python("""
        import importlib, sys, threading
        import pydantic
        wrong, stop = [], threading.Event()
        def watch():
            while not stop.wait(0.0002):
                if importlib.import_module("pydantic") is not pydantic:
                    wrong.append(1)
        watcher = threading.Thread(target=watch)
        watcher.start()
        importers = [threading.Thread(target=importlib.import_module, args=("redengine.log.bird",)) for _ in range(4)]
        [thread.start() for thread in importers]
        [thread.join() for thread in importers]
        stop.set()
        watcher.join()
        print(len(wrong), "redbird" in sys.modules)
    """)
    assert out == "0 True"


@pytest.mark.parametrize("made", ["SQLRepo(model_orm=Kept, session=session)", "SQLRepo(table='log', engine=engine)"])
def test_redbirds_sql_is_ours_once_it_is_used(run_python, made):
    pytest.importorskip("sqlalchemy")
    out = run_python(f"""
        import sys
        import redengine.log.bird as bird
        print("sqlalchemy" in sys.modules, bird.is_sql(bird.MemoryRepo()))
        import sqlalchemy as sa
        import sqlalchemy.orm
        engine = sa.create_engine("sqlite://")
        Base = sqlalchemy.orm.declarative_base()
        class Kept(Base):
            __tablename__ = "log"
            id = sa.Column(sa.Integer, primary_key=True)
            task_name = sa.Column(sa.String)
        Base.metadata.create_all(engine)
        session = sqlalchemy.orm.Session(engine)
        from redbird.repos import SQLRepo
        from redbird.sql import Table
        repo = {made}
        from redengine.log.sql.queries import SqlQueries
        print(bird.is_sql(repo), SQLRepo.query_count is SqlQueries.query_count, Table.types[float], Table.types[str])
    """)
    assert out.splitlines() == ["False False", "True True DOUBLE <class 'sqlalchemy.sql.sqltypes.String'>"]


def test_without_sqlalchemy_redbirds_sql_says_so(run_python):
    out = run_python("""
        import sys
        sys.modules["sqlalchemy"] = None
        import redengine.log.bird as bird
        print(bird.is_sql(bird.MemoryRepo()))
        try:
            bird.SQLRepo(conn_string="sqlite://", table="log")
        except ImportError as error:
            print("sqlalchemy" in str(error))
    """)
    assert out.splitlines() == ["False", "True"]


class Record2(pydantic.BaseModel):
    task_name: str
    action: str
    created: float
    start: float | None = None
    message: str = ""


def test_memory_repo_of_redbird_takes_a_pydantic_2_model():
    repo = bird.MemoryRepo(model=Record2, id_field="created")
    repo.add({"task_name": "a", "action": "run", "created": 1, "unknown": 5})
    repo.add(Record2(task_name="b", action="run", created=2))
    repo.update(Record2(task_name="c", action="run", created=2))
    assert repo.filter_by(task_name="c").all() == [Record2(task_name="c", action="run", created=2)]
    assert repo.item_to_dict(Record2(task_name="b", action="run", created=2)) == {
        "task_name": "b",
        "action": "run",
        "created": 2.0,
    }


def test_csv_repo_of_redbird_takes_a_pydantic_2_model(tmp_path):
    repo = bird.CSVFileRepo(filename=tmp_path / "log.csv", model=Record2)
    repo.add({"task_name": "a", "action": "run", "created": 1, "start": 3, "message": "x"})
    assert repo.filter_by().last() == Record2(task_name="a", action="run", created=1, start=3, message="x")


@pytest.mark.parametrize("model", [Record2, TaskRunRecord])
def test_sql_repo(model):
    pytest.importorskip("sqlalchemy")
    if model == "TaskRunRecord":
        from redengine.log import TaskRunRecord as model
    repo = bird.SQLRepo(conn_string="sqlite://", table="log", if_missing="create", model=model, id_field="created")
    repo.add({"task_name": "a", "action": "fail", "created": 1, "start": 3, "runtime": 100_000.5, "message": "x"})
    item = repo.filter_by(task_name="a").last()
    assert (item.action, item.created, item.message) == ("fail", 1.0, "x")
    (past,) = read_past(repo)
    assert (past.start, past.runtime) == (3.0, None if model is Record2 else 100_000.5)
    (entry,) = open_source(repo).read(ReadLog()).entries
    assert (entry.start, entry.runtime) == (past.start, past.runtime)
    engine = repo.session.get_bind()
    repo.session.remove()
    engine.dispose()


def test_handlers_of_redbird_can_be_filtered():
    repo = bird.MemoryRepo()
    repo.add({"task_name": "a"})
    assert bird.RepoHandler(repo).filter_by(task_name="a").all() == [{"task_name": "a"}]


def test_repositories_are_models_of_pydantic_1():
    assert issubclass(bird.BaseRepo, pydantic.v1.BaseModel)
