"""Projects whose screens are counted on the wire, and what is counted: for the tests of it and for its benchmark."""

from __future__ import annotations

import re

#: What a frame begins with.
FRAME = b"\x1b[?2026h"
_SEQUENCE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")

#: Declares tasks of which nothing starts for long, of all kinds of waiting that the list tells of.
QUIET = """
from redengine import RedEngine

app = RedEngine(config={"execution": "thread"})

def nothing():
    pass

for number, every in enumerate(["3 minutes", "4 minutes", "10 minutes", "30 minutes", "50 minutes", "2 hours"]):
    app.task(f"every {every}", name=f"waiting-{number}", func=nothing)
for number in range(6):
    app.task("false", name=f"never-{number}", func=nothing)
"""
#: On top of these one task that goes and ends in turns, with a second and a half in between.
IN_TURNS = """
import time

@app.task("every 3 seconds", name="in-turns")
def in_turns():
    time.sleep(1.5)
"""


def is_of_clocks(frame: bytes) -> bool:
    """Whether nothing but times and countdowns changed."""
    return re.fullmatch(rb"[0-9:dhmns ]*", _SEQUENCE.sub(b"", frame)) is not None
