"""Records of the tests of a CSV log, and what is read of them."""

from __future__ import annotations

from redengine.log import TaskRunRecord

#: The first line of a log of these.
HEADER = b"task_name,action,created,start,end,runtime,message,exc_text,run_id\r\n"


def record(name="a", action="run", created=1.0, **values):
    return TaskRunRecord(task_name=name, action=action, created=created, **values)


def names(repo, **query):
    return [item.task_name for item in repo.filter_by(**query).all()]
