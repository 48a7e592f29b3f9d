"""One check of "after task" while the log holds many records: RECORDS. Counts what is read of any file for it."""

from __future__ import annotations

import builtins
import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from redengine import RedEngine
from redengine.log import CSVFileRepo, TaskRunRecord

records, checks = int(sys.argv[1]), 1000

with tempfile.TemporaryDirectory() as folder:
    log = Path(folder) / "log.csv"
    lines = ["task_name,action,created,start,end,runtime,message,exc_text,run_id"]
    for number in range(records):
        action = "success" if number % 2 else "run"
        lines.append(
            f"t{number // 2 % 100},{action},{number}.5,{number}.0,,,Task 't' status: '{action}',,{number // 2}"
        )
    log.write_text("\r\n".join([*lines, ""]), newline="")
    app = RedEngine(logger_repo=CSVFileRepo(filename=log, model=TaskRunRecord), execution="main")
    for number in range(100):
        app.task(None, name=f"t{number}", func=lambda: None)
    app.task("after task 't99'", name="after", func=lambda: None)
    task = app.session["after"]
    assert task.is_runnable(), "the log was not read"
    reads: list[str] = []

    def counted(original: Any) -> Any:
        """Counts the calls."""

        def call(*args: Any, **kwargs: Any) -> Any:
            reads.append(original.__name__)
            return original(*args, **kwargs)

        return call

    for module, name in ((os, "pread"), (os, "read"), (os, "open"), (os, "stat"), (builtins, "open"), (io, "open")):
        setattr(module, name, counted(getattr(module, name)))
    began = time.perf_counter()
    for _ in range(checks):
        task.is_runnable()
    lasted = time.perf_counter() - began
    found = {"reads": len(reads), "ms": lasted / checks * 1000}
print(json.dumps(found))
