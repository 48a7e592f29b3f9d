"""How old the picture of a far scheduler is, and what is said of it. Durations are seconds."""

from __future__ import annotations

from collections.abc import Callable

from redengine.control.messages import Link
from redengine_tui import format
from redengine_tui.text import safe_line

#: Seconds of silence from which on a picture is said to be old: pings come every four.
STALE_AFTER = 5.0


def is_stale(link: Link | None) -> bool:
    """Whether what is shown may not be so any more."""
    return link is not None and (link.state != "connected" or link.silent_for >= STALE_AFTER)


def how_long(seconds: float) -> str:
    """A silence, or a wait: ``7 s``, ``3m 20s``."""
    return f"{max(int(seconds), 0)} s" if seconds < format.MINUTE else format.elapsed(seconds)


def alarm(link: Link, room: int = 300) -> tuple[str, str]:
    """What is wrong with the link in so many cells, and the role of its colour; empty when nothing is. Safe text."""
    if link.state == "ended":
        return "■ the scheduler has stopped; watched for its next start", "warning"
    if link.state == "lost":
        again = "connecting …" if link.retry_in is None else f"again in {max(-int(-link.retry_in // 1), 1)} s"
        # The reason gives way to what comes next.
        why = safe_line(link.problem, max(room - len(f"✗ link lost: ; {again}"), 10))
        return f"✗ link lost: {why}; {again}" if why else f"✗ link lost; {again}", "error"
    if link.silent_for >= STALE_AFTER:
        return f"! no answer for {how_long(link.silent_for)}", "warning"
    return "", ""


def round_trip(link: Link) -> str:
    """The way there and back in two digits, so that it seldom has to be told anew: ``42 ms``, ``1.2 s``. Empty where
    it does not matter, as on the same machine, or is not known yet."""
    if link.round_trip is None or not is_far(link):
        return ""
    ms = link.round_trip * 1000
    if ms >= 995:
        return f"{ms / 1000:.1f} s"
    return f"{round(ms, -1 if ms >= 99.5 else 0):.0f} ms" if ms >= 0.5 else "<1 ms"


def is_far(link: Link) -> bool:
    """Whether the scheduler is on another machine."""
    return link.where != "attached"


class PictureClock:
    """The time that the picture is of: it stands still while nothing is heard, so that nothing on it goes on that may
    have ended long ago."""

    def __init__(self, clock: Callable[[], float], link: Callable[[], Link | None]) -> None:
        """``clock`` gives epoch seconds; ``link`` how the scheduler is connected."""
        self.now = clock
        self._link = link
        #: When it stopped.
        self._stands: float | None = None

    def __call__(self) -> float:
        link, now = self._link(), self.now()
        if link is None or not is_stale(link):
            self._stands = None
            return now
        # Both are read anew each time, and would have it tremble.
        if self._stands is None or abs(now - link.silent_for - self._stands) >= 1:
            self._stands = now - link.silent_for
        return self._stands
