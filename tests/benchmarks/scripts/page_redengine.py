"""Reads the last page of a log: LOG. Says how long that took, and the memory for it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from redengine.control.messages import ReadLog
from redengine.log import CSVFileRepo, TaskRunRecord
from redengine.log.source import open_source


def memory() -> float:
    """Resident memory in MB."""
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


source = open_source(CSVFileRepo(filename=Path(sys.argv[1]), model=TaskRunRecord))
before, began = memory(), time.perf_counter()
page = source.read(ReadLog())
seconds = time.perf_counter() - began
assert len(page.entries) == ReadLog().limit
print(json.dumps({"seconds": seconds, "memory": memory() - before}))
