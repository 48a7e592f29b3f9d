"""Where the output of each run is kept."""

from __future__ import annotations

import glob
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

#: Characters of a run's id in the name of its file; a longer one is cut and told apart by its digest.
LONGEST = 120
#: A log may round the start of a run; within so many seconds it is the same.
SAME_START = 0.01


def output_path(session: Any, run_id: str, start: float) -> Path | None:
    """The file for the output of a run; ``None`` when outputs are not kept. Ids of a person's making may be used
    again and again, so the start (epoch seconds) is part of the name."""
    return None if session.outputs is None else Path(session.outputs) / f"{_stem(run_id)}@{start:.6f}.txt"


def find_output(session: Any, run_id: str, start: float | None = None) -> Path | None:
    """The file with the output of the run of this id that began at ``start``, or of the newest; ``None`` when there
    is none."""
    if session.outputs is None or not run_id:
        return None
    paths = Path(session.outputs).glob(f"{glob.escape(_stem(run_id))}@*.txt")
    files = {began: path for path in paths if (began := _began(path)) is not None}
    if not files:
        return None
    if start is None:
        return files[max(files)]
    nearest = min(files, key=lambda began: abs(began - start))
    return files[nearest] if abs(nearest - start) <= SAME_START else None


def _began(path: Path) -> float | None:
    try:
        return float(path.stem.rpartition("@")[2])
    except ValueError:
        return None  # not of our making


def _stem(run_id: str) -> str:
    name = quote(run_id, safe="")
    return name if len(name) <= LONGEST else f"{name[:LONGEST]}~{hashlib.sha256(name.encode()).hexdigest()[:16]}"
