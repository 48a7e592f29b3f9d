"""When a long pass pauses."""

from __future__ import annotations

import time

#: Longest work without a look at what else there is to do on the event loop (seconds).
BREATH = 0.02
#: Work after which a pass that begins many rhythms rests for as long (seconds).
PACE = 0.001
#: Longest time that a pass rests so (seconds).
PACED_MOST = 1.0


class Breath:
    """The pauses of one pass.

    Tasks whose rhythm (``every``) begins in one pass are due as far apart as they were started, for ever. Were that as
    fast as can be, each would be late by what the ones before it take longer than the first time. So they are started
    at half that speed, and the machine may get twice as slow before any of them is late.
    """

    def __init__(self) -> None:
        #: Since when it has worked without a pause (monotonic).
        self.since = time.monotonic()
        self._rested = 0.0

    def pause(self, begins_rhythm: bool) -> float | None:
        """How long to pause after a start (seconds); ``None``: go on."""
        now = time.monotonic()
        spent = now - self.since
        rest = min(spent, PACED_MOST - self._rested)
        if begins_rhythm and spent > PACE and rest > 0:
            # A start may have taken minutes: of a task that runs on this thread.
            self._rested += rest
            return rest
        return 0.0 if spent > BREATH else None
