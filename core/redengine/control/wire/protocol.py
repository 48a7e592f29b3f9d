"""What the two ends of a connection say to each other.

Every frame is one of these structs as JSON. Unknown fields are ignored, so that fields can be added; what older ones do
not know of is said only to who named it in ``features``. A connection::

    server  MAGIC
    dial    Prelude              only when somebody's rights are less than their own, or they come over SSH
    client  Hello                within 5 s
    server  Welcome | Refused
    server  State ...            a snapshot in parts, or what changed since (epoch, seq); then deltas as they come
    client  Request   server Answer          any number at a time
    client  Ping      server Pong            every 3 s; who hears nothing for 10 s takes the other for dead
    client  Ack                              now and then, so that no more states are under way than fit a window
    server  Ended                            the scheduler has stopped
"""

from __future__ import annotations

from typing import Any

import msgspec

from redengine.control import messages as m
from redengine.scheduling.forecast import Forecast

#: The protocol versions that this program speaks, oldest and newest.
VERSIONS = (1, 1)
#: What the server says first. All before it (what a login prints) is skipped by the client.
MAGIC = b"\x00redengine wire\n"
#: Seconds from one ping to the next, after which the other end is taken for dead, and that a handshake may take.
PING_EVERY, DEAD_AFTER, HANDSHAKE = 3.0, 10.0, 5.0
#: Largest frame from a client and from a server (bytes).
REQUEST_CAP, ANSWER_CAP = 1024 * 1024, 16 * 1024 * 1024
#: Bytes of states that may be under way to a client, and after how many it acknowledges.
WINDOW, ACK_AFTER = 64 * 1024, 16 * 1024
#: Views in one frame of a snapshot.
VIEWS_A_FRAME = 250


class Prelude(msgspec.Struct, frozen=True, tag="prelude"):
    """What ``dial`` says of whoever it connects. Taken only as the very first frame."""

    role: m.Role = "operate"
    #: ``SSH_CONNECTION``.
    ssh: str = ""


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """Who the client is. ``epoch`` and ``seq`` tell what it knows already."""

    versions: tuple[int, int] = VERSIONS
    features: tuple[str, ...] = ()
    #: Of the program.
    version: str = ""
    role: m.Role = "operate"
    #: Whether somebody watches; else the only state that is sent is the first, without tasks.
    watches: bool = True
    #: Shortest time between two states (seconds).
    pace: float = 0.0
    epoch: str = ""
    seq: int = 0


class Request(msgspec.Struct, frozen=True, tag="request"):
    """A command or a query. The same id sent again is answered again, and done once."""

    id: str
    body: msgspec.Raw
    #: Sent again after so long that it must not be done now, if it was not done then.
    late: bool = False


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Asks for a :class:`Pong` of the same number."""

    n: int


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """So many bytes of states have come, in all."""

    received: int


class Pace(msgspec.Struct, frozen=True, tag="pace"):
    """Shortest time between two states from now on (seconds)."""

    seconds: float


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """The connection stands."""

    #: The version that is spoken from now on.
    protocol: int
    epoch: str
    role: m.Role
    features: tuple[str, ...] = ()
    #: Of the program.
    version: str = ""
    #: The time there (epoch seconds).
    now: float = 0.0


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """There will be no connection; why, in words."""

    reason: str
    #: The versions that the server speaks, when it is for that.
    versions: tuple[int, int] = (0, 0)
    version: str = ""


class State(msgspec.Struct, frozen=True, tag="state"):
    """What changed; with ``whole`` all there is. With ``more`` the next frame belongs to it, and counts with it."""

    seq: int
    scheduler: m.SchedulerView
    tasks: tuple[m.TaskView, ...] = ()
    removed: tuple[str, ...] = ()
    whole: bool = False
    more: bool = False


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """The answer to a request. ``error``: there is none, and why."""

    id: str
    body: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """Answers a :class:`Ping`."""

    n: int


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """The scheduler has stopped: nothing more will come."""


FromClient = Prelude | Hello | Request | Ping | Ack | Pace
FromServer = Welcome | Refused | State | Answer | Pong | Ended

#: What each query is answered with; commands are answered with a reply.
ANSWERS: dict[type[m.Command], Any] = {
    **dict.fromkeys(m.COMMANDS, m.Reply),
    m.EvaluateParameter: m.Reply,
    m.CheckCondition: m.ConditionReport,
    m.Explain: m.ConditionReport,
    m.Foretell: Forecast,
    m.FollowRun: m.RunStatus,
    m.Complete: m.Completions,
    m.ListParameters: m.ParameterList,
    m.ReadLog: m.LogPage,
    m.ReadOutput: m.Output,
}
