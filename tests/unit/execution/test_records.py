"""What process tasks tell ``logging`` reaches the scheduler's loggers, once; or the run's output."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROJECT = """\
import logging
import os
from redengine import RedEngine
from neighbour import tell

app = RedEngine(execution="process")
log = logging.getLogger("shop.jobs")


@app.task("~has started")
def work():
    log.debug("too quiet")
    log.info("packed %s", 3)
    tell()
    logging.getLogger("loud").debug("asked for")
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("failed", extra={"odd": lambda: 1})


app.session.config.shut_cond = "task 'work' has finished"
if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s [%(process)d]")
    logging.getLogger("loud").setLevel(logging.DEBUG)
    print(os.getpid(), flush=True)
    app.run()
    print(app.session["work"].status)
"""
NEIGHBOUR = """\
import logging

log = logging.getLogger("neighbour")
handler = logging.FileHandler("neighbour.log", delay=True)
log.addHandler(handler)


def tell():
    log.warning("from a neighbour")
"""


@pytest.fixture
def run(tmp_path):
    def run(source, *, neighbour=NEIGHBOUR):
        (tmp_path / "project.py").write_text(source)
        (tmp_path / "neighbour.py").write_text(neighbour)
        done = subprocess.run(
            [sys.executable, "project.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done

    return run


def test_they_reach_the_loggers_of_the_scheduler_once(run, tmp_path):
    done = run(PROJECT)
    pid, status = done.stdout.split()
    assert status == "success"
    lines = [line for line in done.stderr.splitlines() if line.endswith("]") and "redengine" not in line]
    told = [line.rpartition(" [")[0] for line in lines]
    assert told == [
        "INFO shop.jobs packed 3",
        "WARNING neighbour from a neighbour",
        "DEBUG loud asked for",
        "ERROR shop.jobs failed",
    ]
    assert {line.rpartition("[")[2] for line in lines}.isdisjoint({f"{pid}]"})
    assert done.stderr.count("ZeroDivisionError: division by zero") == 1
    assert "odd" not in done.stderr
    # The handler that both processes have, of the same module, has written it once.
    assert (tmp_path / "neighbour.log").read_text() == "from a neighbour\n"


def test_without_any_set_up_there_are_warnings_as_ever(run):
    done = run(PROJECT.replace("    logging.basicConfig", "    None and logging.basicConfig"))
    assert [line for line in done.stderr.splitlines() if " " not in line or line == "packed 3"] == ["failed"]


def test_a_run_that_sets_logging_up_itself_is_served(run):
    source = """\
        import logging
        from redengine import RedEngine

        app = RedEngine(execution="process", config={"max_process_count": 1})

        @app.task()
        def work():
            logging.basicConfig(level=logging.INFO, format="here: %(message)s")
            logging.info("told")
            logging.warning("warned")

        if __name__ == "__main__":
            app.session.run("work")
            app.session.run("work")
        """
    source = textwrap.dedent(source)
    assert run(source).stderr.splitlines() == ["here: told", "here: warned"] * 2
    # As within one process, the first to set it up has done so.
    first = source.replace('__main__":', '__main__":\n    logging.basicConfig(format="there: %(message)s")')
    lines = [line for line in run(first).stderr.splitlines() if "status" not in line]
    assert lines == ["there: warned"] * 2


def test_a_child_that_is_forked_off_does_not_disturb_the_worker(run):
    source = """\
        import logging, os
        from redengine import RedEngine

        app = RedEngine(execution="process")

        @app.task()
        def work():
            pid = os.fork()
            if not pid:
                logging.warning("from the child")
                os._exit(0)
            os.waitpid(pid, 0)
            logging.warning("from the parent")
            return 7

        if __name__ == "__main__":
            app.session.run("work")
            print(app.session.returns["work"])
        """
    done = run(textwrap.dedent(source))
    assert done.stdout.strip() == "7"
    assert done.stderr.splitlines() == ["WARNING:root:from the child", "from the parent"]


def test_where_outputs_are_kept_they_are_in_the_output_of_the_run(run, tmp_path):
    source = PROJECT.replace("    app.run()", "    app.session.outputs = 'outputs'\n    app.run()")
    done = run(source)
    assert "packed" not in done.stderr
    (file,) = Path(tmp_path, "outputs").glob("*.txt")
    told = file.read_text().splitlines()
    assert told[0] == "INFO:shop.jobs:packed 3"
    assert told.count("ZeroDivisionError: division by zero") == 1
    assert not any("too quiet" in line for line in told)


def test_a_handler_that_fails_harms_nothing(run):
    source = PROJECT.replace(
        "    app.run()", "    logging.getLogger('shop.jobs').addFilter(lambda r: 1 / 0)\n    app.run()"
    )
    done = run(source)
    assert done.stdout.split()[1] in ("success", "fail")
    assert "from a neighbour" in done.stderr


def test_levels_are_those_of_this_process():
    from redengine.execution.records import levels

    logger = logging.getLogger("tested.levels")
    logger.setLevel(7)
    try:
        assert levels().own["tested.levels"] == 7
        assert levels().own[""] == logging.getLogger().level
    finally:
        logger.setLevel(logging.NOTSET)
    assert "tested.levels" not in levels().own
