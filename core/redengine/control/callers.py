"""Who may ask for what: whoever reads only is refused what changes something or runs code of the project."""

from __future__ import annotations

import os
import pwd
from typing import Any

from redengine.control import messages as m

#: Why a reader is refused.
ONLY_LOOKING = "You may look, but not change anything"


def this_user(role: m.Role = "operate") -> m.Caller:
    """Whoever runs this process, by the name that the system has for the uid."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # no entry of its own, as in many containers
        name = f"uid {uid}"
    return m.Caller(user=name, uid=uid, role=role)


def refused(caller: m.Caller, asked: Any) -> str:
    """Why this caller is refused this command or query; empty: they are not."""
    if caller.role == "operate":
        return ""
    if isinstance(asked, m.COMMANDS):
        return f"{ONLY_LOOKING}: you are here as a reader"
    if isinstance(asked, m.RUNS_CODE):
        return f"{ONLY_LOOKING}: to work a value out runs code of the project, and you are here as a reader"
    return ""
