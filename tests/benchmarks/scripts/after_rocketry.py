"""One check of "after task" while the log holds many records: RECORDS."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from redbird.repos import CSVFileRepo
from rocketry import Rocketry
from rocketry.log import MinimalRecord

records = int(sys.argv[1])

with tempfile.TemporaryDirectory() as folder:
    log = Path(folder) / "log.csv"
    rows = (f"t{number // 2 % 100},{'success' if number % 2 else 'run'},{number}.5" for number in range(records))
    log.write_text("\r\n".join(["task_name,action,created", *rows, ""]))
    app = Rocketry(logger_repo=CSVFileRepo(filename=log, model=MinimalRecord), execution="main")
    app.session.config.force_status_from_logs = True
    for number in range(100):
        app.task(name=f"t{number}", func=lambda: None)
    app.task("after task 't99'", name="after", func=lambda: None)
    task = app.session["after"]
    began = time.perf_counter()
    task.start_cond.observe(task=task, session=app.session)
    lasted = time.perf_counter() - began
print(json.dumps({"ms": lasted * 1000}))
