"""Replaces a file of a log by another one in one step, with its records changed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from redengine.log.csv.segment import Segment


class Rewritten:
    """The bytes of a file with each record replaced by what ``change`` makes of it (``None``: dropped).

    What is no record stays as it is.
    """

    def __init__(self, segment: Segment, change: Callable[[bytes, Segment], bytes | None]) -> None:
        self._segment = segment
        self._change = change
        self._same = True

    def is_same(self) -> bool:
        """Whether nothing was changed, once all was read."""
        return self._same

    def __iter__(self) -> Iterator[bytes]:
        segment, index = self._segment, self._segment.index
        yield segment.pread(segment.start, 0)
        position = segment.start
        for start, stop in index.stretches(segment.start, index.end):
            yield segment.pread(start - position, position)
            position = start
            while position < stop:
                block_stop = min(index.mark_after(position), stop)
                for record in segment.format.split(segment.pread(block_stop - position, position)):
                    changed = record if record in (b"", b"\r") else self._change(record, segment)
                    self._same = self._same and changed is record
                    if changed is record:
                        yield record + b"\n"
                    elif changed is not None:
                        yield changed
                position = block_stop
        yield segment.pread(segment.size - position, position)


def replace(path: Path, parts: Iterable[bytes], *, unless: Callable[[], bool] = bool) -> None:
    """Replace a file by these bytes; not if ``unless`` then says so. Raises ``OSError``, and the file is as it was."""
    # A link stays one: what it leads to is the log, and may be on another disk than the link.
    path = Path(os.path.realpath(path))
    temporary, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(temporary, "wb") as new:
            os.fchmod(temporary, os.stat(path).st_mode & 0o777)
            new.writelines(parts)
            new.flush()
            if not unless():
                os.fsync(temporary)
        if unless():
            os.unlink(name)
        else:
            os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def sync_folder(path: Path) -> None:
    """Have the names in a folder survive a power cut, where a folder can be synchronised."""
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
