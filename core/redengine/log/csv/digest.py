"""What a log tells of the past, kept beside it, so that at a start only what came after has to be read.

The log stays the truth. The digest names the files it was made of and the place in the last one up to which it is
true; where these do not fit any more (records were changed or removed, a file was cut or replaced), the whole log is
read instead. Files that were deleted because they were old make no difference: what they told stays known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from redengine.log.csv.past_reader import PastReader
from redengine.log.csv.record_file import RecordFile, continues
from redengine.log.csv.segment import Segment
from redengine.log.csv.sidecar import load, save
from redengine.log.events import CODES, Event, Events, recode
from redengine.log.history import HistoryBook, Loading, OpenRun, OpenRuns, TaskHistory


class _File(msgspec.Struct, array_like=True, frozen=True):
    """A file of the log: its inode, when it was last written to (if it was closed), how far it was read, what was
    left out, and bytes by which that part is known again."""

    inode: int
    changed: int
    end: int
    holes: list[tuple[int, int]]
    guard: bytes


class _Task(msgspec.Struct, array_like=True, frozen=True):
    """The past of one task."""

    last: list[tuple[int, float, str]]
    status: str | None
    complete: bool
    events: bytes
    runtimes: list[float | None]
    named: dict[str, float]
    nameless: list[float]


class _Kept(msgspec.Struct, array_like=True, frozen=True):
    """A digest as it is kept. All files but the last one were read whole."""

    files: list[_File]
    columns: tuple[str, ...]
    actions: list[str]
    records: int
    tasks: dict[str, _Task]


def digest_path(path: Path) -> Path:
    """Where the digest of a log is kept."""
    return path.with_name(path.name + ".digest")


class Digest:
    """The pasts of all tasks by a log, up to a place in it: what is kept, if it fits, else nothing yet.

    Raises ``OSError`` when the log cannot be read.
    """

    def __init__(self, file: RecordFile) -> None:
        self._file = file
        self.book = HistoryBook()
        self.runs: dict[str, OpenRuns] = {}
        with file.lock:
            file.refresh()
            kept = load(digest_path(file.path), _Kept)
            place = None if kept is None else _place(kept, file)
            if kept is not None and place is not None:
                self._restore(kept)
            self._losses = file.losses
            #: Everything before is known.
            self.place = file.start if place is None else place
        #: Bytes read since it was kept.
        self.unkept = 0

    def advance(self, pause: Callable[[], object] | None = None) -> dict[str, list[OpenRun]]:
        """Read on to where the log ends now, with a pause after each block; the runs that are open there."""
        for _ in self.steps():
            if pause is not None:
                pause()
        return {name: left for name, runs in self.runs.items() if (left := runs.left())}

    def steps(self) -> Iterator[float]:
        """Read on to where the log ends now, block by block: how much of that is done (0 to 1). The book is not to be
        used before its end."""
        reader = PastReader(self._file, self.place, all_starts=False)
        loading = Loading(self.book, self.runs)
        while (values := reader.block()) is not None:
            loading.take(values)
            yield (reader.place - self.place) / max(reader.end - self.place, 1)
        self.unkept += reader.place - self.place
        self.place = reader.place
        loading.finish()

    def keep(self) -> bool:
        """Keep it beside the log, before the book is used. Whether that could be done."""
        file = self._file
        with file.lock:
            # The log may have become another one, or a part of it may be gone.
            if file.losses != self._losses or not file.segments or self.place < file.start:
                return False
            # A file without a record is like any other one.
            read = [segment for segment in file.segments if segment.low < self.place] or file.segments[:1]
            last = read[-1]
            files = [_stamp(segment, segment.end, segment.changed) for segment in read[:-1]]
            files.append(_stamp(last, last.offset(self.place), 0))
        tasks = {name: _kept_task(self.book[name], self.runs.get(name, OpenRuns())) for name in self.book}
        kept = _Kept(files, last.columns, CODES.names, self.book.loaded, tasks)
        return save(digest_path(file.path), kept, like=last.path)

    def _restore(self, kept: _Kept) -> None:
        self.book.loaded = kept.records
        codes = [CODES[name] for name in kept.actions]
        same = codes == list(range(len(codes)))
        for name, task in kept.tasks.items():
            history = self.book[name]
            history.last = {action: Event(seq, created, action) for seq, created, action in task.last}
            history.status = task.status
            history.complete = task.complete
            history.events = Events(task.events if same else recode(task.events, codes))
            history.runtimes.extend(task.runtimes)
            if "run" in history.last:
                history.nominal_start = history.last["run"].created
            self.runs[name] = OpenRuns(task.named, task.nameless)


def _stamp(segment: Segment, end: int, changed: int) -> _File:
    return _File(segment.identity[1], changed, end, _holes(segment, end), segment.guard(end))


def _kept_task(history: TaskHistory, runs: OpenRuns) -> _Task:
    return _Task(
        list(history.last.values()),
        history.status,
        history.complete,
        bytes(history.events.packed),
        list(history.runtimes),
        runs.named,
        runs.nameless,
    )


def _place(kept: _Kept, file: RecordFile) -> int | None:
    """The place up to which a digest is true; ``None`` when it is not one of this log."""
    gone = continues([each.inode for each in kept.files], [segment.identity[1] for segment in file.segments])
    if gone is None or not file.segments:
        return None
    pairs = list(zip(kept.files[gone:], file.segments, strict=False))
    if not all(
        _fits(each, segment) and (segment.end, segment.changed) == (each.end, each.changed)
        for each, segment in pairs[:-1]
    ):
        return None
    each, segment = pairs[-1]
    segment.extend()
    if not _fits(each, segment) or segment.columns != kept.columns or not segment.start <= each.end <= segment.end:
        return None
    return segment.place(each.end)


def _holes(segment: Segment, end: int) -> list[tuple[int, int]]:
    return [hole for hole in segment.index.holes if hole[0] < end]


def _fits(each: _File, segment: Segment) -> bool:
    fits = segment.size >= each.end and segment.guard_holds(each.guard, each.end)
    if segment.index.end >= each.end:
        # What is damaged can be read in more than one way: as it was read when it was written, or all at once.
        fits = fits and _holes(segment, each.end) == each.holes
    if segment.closed:
        segment.close()
    return fits
