"""What happened to a task last, packed: ten thousand tasks may have a million events in memory."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

#: Events kept for one task. A condition that counts further back than these reach asks the log itself.
KEPT_EVENTS = 512

#: The action of a record that tells of a command. It is no event: no task's past has it.
COMMAND = "command"
#: What the message of such a record begins with when the command was refused.
REFUSED = "refused: "

#: Number in the order of the log, time (epoch seconds), code of the action.
_LAYOUT = struct.Struct("<QdH")
#: Bytes of the events of a task that has all it may keep.
FULL = KEPT_EVENTS * _LAYOUT.size

pack = _LAYOUT.pack
EVENT_SIZE = _LAYOUT.size


class Event(NamedTuple):
    """Something that happened to a task. ``seq`` orders events of equal time."""

    seq: int
    created: float
    action: str


class ActionCodes(dict[str, int]):
    """The code of each action, given out as actions are met. The first ones are the same in every process."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        super().__init__()
        self.names: list[str] = []
        for name in names:
            self[name]

    def __missing__(self, name: str) -> int:
        # A log full of nonsense may hold any number of actions; nobody asks for those.
        if len(self.names) > 0xFFFE:
            return 0xFFFF
        self.names.append(name)
        code = self[name] = len(self.names) - 1
        return code

    def name(self, code: int) -> str:
        """The action of a code; an empty text for one of too many."""
        return self.names[code] if code < len(self.names) else ""


CODES = ActionCodes(("run", "success", "fail", "inaction", "terminate", "crash"))


class Events:
    """The newest events of one task, oldest first. Other threads may read while one writes."""

    __slots__ = ("packed",)

    def __init__(self, packed: bytes = b"") -> None:
        self.packed = bytearray(packed)

    def append(self, event: Event) -> bool:
        """Keep one more event. Whether the oldest had to go for it."""
        self.packed += pack(event.seq, event.created, CODES[event.action])
        if len(self.packed) <= FULL:
            return False
        del self.packed[:EVENT_SIZE]
        return True

    def trim(self) -> bool:
        """Let go of the oldest that are too many. Whether there were some."""
        many = len(self.packed) > FULL
        del self.packed[:-FULL]
        return many

    @property
    def status(self) -> str | None:
        """The newest action; ``None`` when nothing has happened."""
        newest = next(reversed(self), None)
        return None if newest is None else newest.action

    def between(self, actions: Iterable[str], start: float, end: float) -> Iterator[Event]:
        """Those of these actions with ``start <= created <= end``, oldest first."""
        wanted = {CODES[action] for action in actions}
        for seq, created, code in _LAYOUT.iter_unpack(bytes(self.packed)):
            if start <= created <= end and code in wanted:
                yield Event(seq, created, CODES.name(code))

    def first(self) -> Event | None:
        """The oldest that is kept."""
        head = bytes(self.packed[:EVENT_SIZE])
        return _event(head, 0) if head else None

    def copy(self) -> Events:
        """An independent copy."""
        return Events(bytes(self.packed))

    def __len__(self) -> int:
        return len(self.packed) // EVENT_SIZE

    def __iter__(self) -> Iterator[Event]:
        packed = bytes(self.packed)
        return (_event(packed, place) for place in range(0, len(packed), EVENT_SIZE))

    def __reversed__(self) -> Iterator[Event]:
        packed = bytes(self.packed)
        return (_event(packed, place) for place in range(len(packed) - EVENT_SIZE, -1, -EVENT_SIZE))


def _event(packed: bytes, place: int) -> Event:
    seq, created, code = _LAYOUT.unpack_from(packed, place)
    return Event(seq, created, CODES.name(code))


def recode(packed: bytes, codes: list[int]) -> bytes:
    """Packed events under other codes of their actions, given by the former ones."""
    events = _LAYOUT.iter_unpack(packed)
    return b"".join(pack(seq, created, codes[code] if code < len(codes) else code) for seq, created, code in events)
