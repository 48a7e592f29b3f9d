"""The scheduling framework: write a schedule in Python.

>>> from redengine import RedEngine
>>> app = RedEngine()
>>> @app.task("daily between 07:00 and 10:00")
... def morning_report():
...     return "done"
>>> str(app.session["morning_report"].start_cond)
'daily between 07:00 and 10:00'
"""

from importlib.metadata import PackageNotFoundError as _NotInstalled
from importlib.metadata import version as _version

from redengine import args, conditions, conds, tasks, time
from redengine import log as log  # first: it makes redbird importable
from redengine.application import Grouper, RedEngine
from redengine.scheduling.scheduler import Scheduler
from redengine.session import Session
from redengine.tasks import FuncTask

try:
    __version__ = _version("redengine-tui")
except _NotInstalled:
    __version__ = "0.0.0"

#: The session of whatever is declared without one.
session = Session()
session.set_as_default()

__all__ = [
    "FuncTask",
    "Grouper",
    "RedEngine",
    "Scheduler",
    "Session",
    "args",
    "conditions",
    "conds",
    "log",
    "session",
    "tasks",
    "time",
]
