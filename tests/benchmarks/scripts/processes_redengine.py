"""Tasks that do nothing, each in a process, all due at once while the workers are warm: COUNT."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from redengine import RedEngine
from redengine.log import CSVFileRepo, TaskRunRecord

count = int(sys.argv[1])


def nothing() -> None:
    """What the tasks do."""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        repo = CSVFileRepo(filename=Path(folder) / "log.csv", model=TaskRunRecord)
        app = RedEngine(logger_repo=repo, execution="process")
        workers = app.session.config.max_process_count
        for number in range(4 * workers):
            app.task("~has started", name=f"warm{number}", func=nothing)
        warm = ", ".join(f"'warm{number}'" for number in range(4 * workers))
        app.task(f"after tasks {warm}", name="go", func=nothing, execution="main")
        for number in range(count):
            app.task("after task 'go'", name=f"t{number}", func=nothing)
        names = ", ".join(f"'t{number}'" for number in range(count))
        app.task(f"after tasks {names} finished", name="end", func=lambda: app.session.shut_down(), execution="main")
        app.run()
        ends = [app.session[f"t{number}"].history.last["success"].created for number in range(count)]
        lasted = max(ends) - app.session["go"].history.last["success"].created
    print(json.dumps({"ms_a_run": lasted / count * 1000, "workers": workers}))
