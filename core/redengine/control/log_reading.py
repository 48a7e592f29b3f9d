"""Reading the log and the outputs of a session for screens, on whatever thread."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from redengine.control import messages as m
from redengine.log.log_source import failed_page
from redengine.log.source import LogSource, open_source

#: Most bytes of an output that are given at once.
LONGEST_OUTPUT = 4 * 1024 * 1024


class LogReading:
    """Answers what is asked of the log of one session, one question after the other."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._source: LogSource | None = None
        self._repo: Any = None
        self._lock = threading.Lock()

    def read(self, query: m.ReadLog) -> m.LogPage:
        """A page of the log."""
        with self._lock:
            try:
                repo = self._session.get_repo()
            except AttributeError:
                return failed_page("This project's log cannot be read")
            if self._source is None or repo is not self._repo:
                self._source, self._repo = open_source(repo), repo
            return self._source.read(query)

    def read_output(self, query: m.ReadOutput) -> m.Output:
        """What a run printed."""
        path: Path | None = self._session.scheduler.output_path(query.run_id, query.start)
        if path is None:
            return m.Output()
        limit = min(max(query.limit, 0), LONGEST_OUTPUT)
        try:
            with path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(size - limit, 0))
                # What is added meanwhile is told of by the size.
                text = file.read(limit).decode("utf-8", "replace")
        except FileNotFoundError:
            return m.Output(path=str(path))
        except OSError as error:
            return m.Output(f"The output cannot be read: {error}", 0, str(path))
        return m.Output(text, size, str(path))
