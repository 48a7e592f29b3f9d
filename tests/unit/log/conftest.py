from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from redengine.log import CSVFileRepo, TaskRunRecord


@pytest.fixture
def run_python() -> Callable[..., str]:
    """Runs code in a fresh interpreter and gives what it printed."""

    def run(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def log_path(tmp_path: Path) -> Path:
    return tmp_path / "log.csv"


@pytest.fixture
def open_repo(log_path: Path) -> Callable[..., CSVFileRepo]:
    """Opens the log of the test, each time as another process would."""

    def open_(**kwargs: object) -> CSVFileRepo:
        return CSVFileRepo(**{"filename": log_path, "model": TaskRunRecord, **kwargs})

    return open_
