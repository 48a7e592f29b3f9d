"""What is said of a log file that cannot be read or written."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Literal


def in_words(exc: OSError, path: Path, doing: Literal["read", "write"]) -> str:
    """Which file it is, what was wrong and what to do."""
    if exc.errno == errno.ENOENT and not path.parent.exists():
        advice = f"the folder {path.parent} does not exist; create it or choose another place for the log"
    elif exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        able = "readable" if doing == "read" else "writable"
        advice = f"make {path.parent} and the file {able} for this user, or choose another place for the log"
    elif exc.errno in (errno.ENOSPC, errno.EDQUOT):
        advice = "free some space on that disk"
    elif exc.errno == errno.EISDIR:
        advice = "it is a folder; give the name of a file"
    else:
        advice = "choose another place for the log"
    reason = os.strerror(exc.errno) if exc.errno is not None else str(exc)
    return f"cannot {doing} the log {path}: {reason}; {advice}"
