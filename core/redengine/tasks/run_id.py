"""Ways to name a run."""

from __future__ import annotations

import itertools
import os
from typing import Any


def uuid(task: Any, params: Any = None) -> str:
    """A random name, never used before."""
    return os.urandom(16).hex()


def increment(task: Any, params: Any = None) -> str:
    """The lowest number that no live run of the task has."""
    taken = set(task.live_runs)
    return next(name for name in map(str, itertools.count(1)) if name not in taken)
