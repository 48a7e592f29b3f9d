"""Jobs that are due every second, in the scheduler's pool of threads: DUE SECONDS RECORDED.

Nothing is recorded; or, with ``recorded``, the start and the end of each run by one write each to a file; or, with
``kept``, the jobs are in SQLite, so that the next start knows when each is due, as the scheduler's own way is.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone

from apscheduler.events import EVENT_JOB_EXECUTED, EVENT_JOB_SUBMITTED, JobEvent
from apscheduler.schedulers.background import BackgroundScheduler

due, seconds = int(sys.argv[1]), float(sys.argv[2])
late: list[float] = []
measuring = threading.Event()


def work(first: float) -> None:
    """Late is by how much it begins after its second."""
    if measuring.is_set():
        late.append((time.time() - first) % 1.0)


stores = {}
if "kept" in sys.argv:
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore

    stores = {"default": SQLAlchemyJobStore(url=f"sqlite:///{tempfile.mkdtemp()}/jobs.sqlite")}
scheduler = BackgroundScheduler(timezone=timezone.utc, jobstores=stores)
if "recorded" in sys.argv:
    log = os.open(tempfile.mkstemp()[1], os.O_WRONLY | os.O_APPEND)

    def record(event: JobEvent) -> None:
        """Writes one record."""
        os.write(log, f"{event.job_id},{event.code},{time.time()}\r\n".encode())

    scheduler.add_listener(record, EVENT_JOB_SUBMITTED | EVENT_JOB_EXECUTED)
scheduler.start()
for _ in range(due):
    start = datetime.now(timezone.utc) + timedelta(seconds=1)
    scheduler.add_job(work, "interval", seconds=1, start_date=start, args=[start.timestamp()])
time.sleep(2)
used = time.process_time()
measuring.set()
time.sleep(seconds)
measuring.clear()
cpu = (time.process_time() - used) / seconds * 100
scheduler.shutdown(wait=False)
late.sort()
percentiles = {"p50": late[len(late) // 2] * 1000, "p99": late[len(late) * 99 // 100] * 1000} if late else {}
print(json.dumps({**percentiles, "cpu": cpu, "runs": len(late)}))
