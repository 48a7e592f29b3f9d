"""How states look: a glyph, a word and a colour of the theme. Colour is never the only sign.

All glyphs are one cell wide and have no emoji form, which some terminals would draw two cells wide.
"""

from __future__ import annotations

from typing import NamedTuple

from redengine_tui.text import safe_line


class Look(NamedTuple):
    """How a state is shown. ``colour`` names a colour role: ``success``, ``error``, ``warning``, ``accent``, ``muted``
    or ``plain``. ``meaning`` completes the sentence "The task …"."""

    glyph: str
    word: str
    colour: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.glyph} {self.word}"


TASK_STATES: dict[str, Look] = {
    "running": Look("►", "running", "accent", "has at least one live run."),
    "queued": Look("◇", "queued", "warning", "is due, but waits for a free process or for a held scheduler."),
    "success": Look("✓", "success", "success", "succeeded when it last ran."),
    "fail": Look("✗", "fail", "error", "raised an exception when it last ran."),
    "crash": Look("†", "crash", "error", "died when it last ran, or the scheduler did."),
    "terminate": Look("■", "terminated", "warning", "was stopped: by you, its timeout or its end condition."),
    "inaction": Look("○", "inaction", "muted", "ran last and reported that there was nothing to do."),
    "blocked": Look("!", "blocked", "error", "cannot start: its condition fails, or the log does."),
    "disabled": Look("‖", "disabled", "muted", "is not started by its condition until you enable it."),
    "unread": Look("…", "unread", "muted", "has a past in the log that is not read yet."),
    "idle": Look("·", "idle", "muted", "has never run."),
}

SCHEDULER_STATES: dict[str, Look] = {
    "starting": Look("·", "starting", "muted", "reads its log and gets ready."),
    "running": Look("►", "running", "success", "starts tasks as their conditions say."),
    "held": Look("‖", "held", "warning", "starts nothing by condition until you resume it."),
    "draining": Look(
        "▿", "draining", "warning", "starts nothing more and stops once what runs has ended; it can be kept running."
    ),
    "stopping": Look("▪", "stopping", "warning", "starts nothing any more and waits for what runs."),
    "stopped": Look("■", "stopped", "muted", "has ended."),
    "failed": Look("✗", "failed", "error", "has ended with an error."),
}


#: The look of a command in the log. It is no state of any task.
COMMAND = Look("»", "command", "plain", "was asked for by somebody.")

#: States in which nothing is started by its condition any more, unless ``draining`` is taken back.
ENDING = frozenset({"draining", "stopping", "stopped", "failed"})


def task_look(state: str) -> Look:
    """The look of a task's state; a state of a newer scheduler is shown by its name."""
    return TASK_STATES.get(state) or _unknown(state)


def scheduler_look(state: str) -> Look:
    """The look of the scheduler's state."""
    return SCHEDULER_STATES.get(state) or _unknown(state)


def action_look(action: str) -> Look:
    """The look of an action of the log: ``run`` as a running task, an end as the state it leads to, a command as
    itself."""
    if action == COMMAND.word:
        return COMMAND
    return task_look("running")._replace(word="run") if action == "run" else task_look(action)


def _unknown(state: str) -> Look:
    return Look("?", safe_line(state, 12), "plain", "is in a state this version does not know.")
