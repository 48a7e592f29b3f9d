"""How an ssh ended that was to reach a scheduler, in words, and what to do about it."""

from __future__ import annotations

import re

from redengine_tui.dial import NO_PROJECT, NO_SOCKET, NOT_SCHEDULED
from redengine_tui.target import Far

#: What ssh says of its own (exit code 255), and what that means. ``{host}`` is what people call the machine.
_OF_SSH = {
    "REMOTE HOST IDENTIFICATION HAS CHANGED": (
        "{host} has another host key than before, so that it may be another machine. Make sure of it, then remove the "
        "old key with: ssh-keygen -R {name}"
    ),
    "Host key verification failed": (
        "The host key of {host} is not known here. Log in once, with `ssh {ssh}`, and accept it"
    ),
    "Could not resolve hostname|Name or service not known|nodename nor servname": (
        "There is no machine {name}: its name cannot be resolved. Look at it, and at the Host entries of ~/.ssh/config"
    ),
    "Permission denied|Too many authentication failures|No supported authentication methods": (
        "{host} does not let {user} in. Try `ssh {ssh}`"
    ),
    "Connection refused": "{host} refuses the connection: no ssh server listens{at} there",
    "timed out|Timeout": "{host} does not answer",
    "No route to host|Network is unreachable|Network is down": "{host} cannot be reached from this network",
    "Connection (closed|reset)|Broken pipe|Connection to .* closed": "The connection to {host} was closed",
    r"Bad configuration option|no argument after keyword|bad configuration options": (
        "The ssh configuration here cannot be used"
    ),
}
#: Said besides, where a person is not asked.
_NOT_ASKED = "; while a screen is drawn nobody is asked for a password: leave it and attach again"
_OLDER = re.compile(r"No such (command|option)|unexpected extra argument|There is no command and no file|Usage:")
#: How our own messages begin.
_OURS = "redengine-tui: "


def why_it_ended(target: Far, code: int, said: str, *, may_ask: bool = True) -> str:
    """What its exit code and what it wrote to standard error mean.

    ``may_ask``: it could ask a person for a password. Raw: ``said`` may hold anything that the other end wrote.
    """
    host, program = target.host, target.command[0]
    if code == 0:
        return ""
    if code == 255:
        return _of_ssh(target, said, may_ask)
    if code in (NO_PROJECT, NOT_SCHEDULED, NO_SOCKET) and _OURS in said:
        return f"{host}: {said.rpartition(_OURS)[2].strip()}"
    if code == 127 or (code == 126 and "not found" in said):
        return (
            f"{host} has no program {program}, or not where the shell of {_user(target)} looks for it. "
            f"Install redengine-tui there, or say where it is: in config.toml, [hosts.NAME] with "
            f'command = "/path/to/redengine-tui".{_last(said)}'
        )
    if code == 126:
        return f"{program} on {host} cannot be run.{_last(said)}"
    if code == 2 and _OLDER.search(said):
        return (
            f"redengine-tui on {host} is older than this one, and cannot be attached to: update it there, or use it "
            f"there, with: ssh -t {target.ssh} {program} {target.path}"
        )
    return f"What ssh started on {host} ended with exit code {code}.{_last(said)}"


def _of_ssh(target: Far, said: str, may_ask: bool) -> str:
    for pattern, words in _OF_SSH.items():
        if re.search(pattern, said):
            name = target.ssh.rpartition("@")[2]
            at = "" if target.port is None else f" at port {target.port}"
            told = words.format(host=target.host, name=name, ssh=target.ssh, at=at, user=_user(target))
            besides = _NOT_ASKED if not may_ask and "Permission denied" in pattern else ""
            return f"{told}{besides}.{_last(said)}"
    return f"ssh could not connect to {target.host}.{_last(said)}"


def _user(target: Far) -> str:
    user = target.ssh.rpartition("@")[0]
    return user or "you"


def _last(said: str) -> str:
    """The last line of what was said, in brackets."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f" ({lines[-1]})" if lines else ""
