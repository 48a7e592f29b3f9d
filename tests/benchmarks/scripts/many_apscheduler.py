"""Adds many jobs that are not due, starts, and idles: COUNT SECONDS."""

from __future__ import annotations

import json
import sys
import time

from apscheduler.schedulers.background import BackgroundScheduler

count, seconds = int(sys.argv[1]), float(sys.argv[2])


def nothing() -> None:
    """What the jobs do."""


began = time.perf_counter()
scheduler = BackgroundScheduler()
for number in range(count):
    scheduler.add_job(nothing, "cron", month=2, day=29, hour=number % 24, id=f"t{number}")
declared = time.perf_counter()
scheduler.start()
started = time.perf_counter()
used = time.process_time()
time.sleep(seconds)
cpu = (time.process_time() - used) / seconds * 100
scheduler.shutdown(wait=False)
print(json.dumps({"declare": declared - began, "start": started - declared, "idle": cpu}))
