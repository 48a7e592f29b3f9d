"""What goes over the wire: only those cells that differ from what the terminal shows.

Textual sends every line of a widget that was drawn anew, whether it looks different or not: some 4 kB a second for
clocks and countdowns, and 10 kB for a line of a log. Here the screen is kept twice, as it is meant to be and as the
terminal shows it, and the difference is sent. Lines that only moved are moved by the terminal itself, with the scroll
region that terminals have had since the VT100.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.strip import Strip

from redengine_tui.pen import PLAIN, Pen, change, pen

#: Unchanged cells between two changed ones that are sent again, as it takes as much to pass over them.
BRIDGE = 3
#: Blank cells from which it takes less to erase them than to send them.
ERASED = 12
_LONG_BLANK = re.compile(f"( {{{ERASED},}})")
#: Pieces that are sent in the order that takes least; of more it would take too long to find that.
ORDERED = 60
#: About how many bytes it takes to go somewhere and to take another pen.
RUN_COST = 20
#: Lines that must be found in another place, and bytes that must be saved, for them to be moved.
MOVED_LINES, SAVED = 3, 40
#: Cells at the right end that do not have to fit for that: a scroll bar and a border.
EDGE = 3


class Line:
    """One line of the screen, cell by cell; or in pieces where characters are not one cell wide each."""

    __slots__ = ("chars", "pens", "pieces", "text")

    def __init__(self, strip: Strip, colours: ColorSystem) -> None:
        pieces = [(text, pen(style, colours)) for text, style, control in strip if text and not control]
        self.text = "".join(text for text, _ in pieces)
        # Terminals do not agree on how wide these are, so that such a line is sent whole.
        uneven = not self.text.isascii() and any(cell_len(char) != 1 for char in self.text)
        self.pieces = pieces if uneven else None
        self.chars = [] if uneven else list(self.text)
        self.pens: list[Pen] = []
        if not uneven:
            for text, look in pieces:
                self.pens += [look] * len(text)
            for place, char in enumerate(self.text):
                if char == " ":
                    self.pens[place] = self.pens[place].blank

    def same(self, other: Line) -> bool:
        """Whether they look the same."""
        return self.text == other.text and self.pens == other.pens and self.pieces == other.pieces

    def cost(self, known: Line | None) -> int:
        """About how many bytes it takes to make this of what is known to be there."""
        if known is None or self.pieces or known.pieces:
            return 0 if known is not None and self.same(known) else len(self.text)
        return sum(RUN_COST + end - start for start, end in _runs(known, self))

    def split(self, y: int, start: int, end: int, *, erases: bool) -> Iterator[Piece]:
        """The cells from ``start`` up to ``end``, in pieces of one pen each."""
        begin, held, only_blanks = start, self.pens[start], True
        for at in range(start, end):
            char, look = self.chars[at], self.pens[at]
            if char != " " and only_blanks and look.blank is held:
                held = look
            elif look is not held and not (char == " " and look is held.blank):
                yield from self._erase(begin, y, at, held, erases=erases)
                begin, held, only_blanks = at, look, True
            only_blanks = only_blanks and char == " "
        yield from self._erase(begin, y, end, held, erases=erases)

    def _erase(self, begin: int, y: int, end: int, held: Pen, *, erases: bool) -> Iterator[Piece]:
        """A piece, with what is blank in it for long as pieces of their own."""
        text = self.text[begin:end]
        if not erases or held.blank.attributes or held.blank.link:
            yield Piece(begin, y, text, held)
            return
        for part in _LONG_BLANK.split(text):
            if part:
                erased = len(part) >= ERASED and part.isspace()
                yield Piece(begin, y, part, held.blank if erased else held, erased)
                begin += len(part)

    @property
    def likeness(self) -> str:
        """What it is told by in another place; empty when there is nothing on it."""
        text = self.text[:-EDGE]
        return "" if text.isspace() else text


class Piece(NamedTuple):
    """Cells side by side that are sent with one pen, or erased."""

    x: int
    y: int
    text: str
    look: Pen
    erased: bool = False


class Brush:
    """Writes to a terminal, and knows where it is and with what it writes."""

    def __init__(self) -> None:
        self._sent: list[str] = []
        #: Where the next character goes; ``None``: that is not known.
        self._at: tuple[int, int] | None = None
        self._pen = PLAIN

    def draw(self, pieces: list[Piece]) -> None:
        """Send pieces of lines of even characters: few of them in an order that takes little, many as they come."""
        if len(pieces) > ORDERED:
            for piece in pieces:
                self._send(piece)
            return
        left = list(pieces)
        while left:
            costs = [len(self._way(piece)) + len(self._change(piece)) for piece in left]
            self._send(left.pop(costs.index(min(costs))))

    def write(self, x: int, y: int, text: str, look: Pen) -> None:
        """Send something of which nobody knows how far it takes the terminal."""
        self._sent += (change(self._pen, look), f"\x1b[{y + 1};{x + 1}H", text)
        self._pen, self._at = look, None

    def scroll(self, top: int, bottom: int, by: int) -> None:
        """Move lines up, or down where ``by`` is negative; the lines that become free are blank and plain."""
        edge, step = (bottom, "\n") if by > 0 else (top, "\x1bM")
        self._sent.append(f"{change(self._pen, PLAIN)}\x1b[{top + 1};{bottom + 1}r\x1b[{edge + 1}H")
        self._sent.append(f"{step * abs(by)}\x1b[r")
        self._pen, self._at = PLAIN, None

    def end(self) -> str:
        """Leave the terminal with nothing set, and give all that is to be sent."""
        self._sent.append(change(self._pen, PLAIN))
        self._pen = PLAIN
        return "".join(self._sent)

    def _send(self, piece: Piece) -> None:
        self._sent += (self._change(piece), self._way(piece))
        self._pen = self._held_for(piece)
        if piece.erased:
            self._sent.append(f"\x1b[{len(piece.text)}X")
            self._at = (piece.x, piece.y)
        else:
            self._sent.append(piece.text)
            self._at = (piece.x + len(piece.text), piece.y)

    def _held_for(self, piece: Piece) -> Pen:
        """What to write a piece with: blanks are the same with many a pen."""
        return self._pen.for_blank(piece.look) if piece.text.isspace() else piece.look

    def _change(self, piece: Piece) -> str:
        return change(self._pen, self._held_for(piece))

    def _way(self, piece: Piece) -> str:
        if self._at == (piece.x, piece.y):
            return ""
        if self._at is not None and self._at[1] == piece.y:
            by = piece.x - self._at[0]
            return f"\x1b[{piece.x + 1}G" if by < 0 else f"\x1b[{by}C" if by > 1 else "\x1b[C"
        return f"\x1b[{piece.y + 1};{piece.x + 1}H"


class Wire:
    """The screen as it is meant to be, and as the terminal shows it."""

    def __init__(self, *, erases: bool = False) -> None:
        """``erases``: whether the terminal leaves the background that is set where it erases."""
        self._erases = erases
        #: Width and height in cells.
        self.size = (0, 0)
        self._meant: list[Strip | None] = []
        self._shown: list[Line | None] = []
        #: Lines that may differ.
        self._touched: set[int] = set()

    def forget(self) -> None:
        """The terminal may show anything now."""
        self._shown = [None] * self.size[1]
        self._touched = set(range(self.size[1]))

    def take(self, update: LayoutUpdate | ChopsUpdate) -> None:
        """Take in what Textual would have sent."""
        if isinstance(update, LayoutUpdate):
            self._fit(update.region.right, update.region.bottom)
            for y, strips in enumerate(update.strips, update.region.y):
                self._meant[y] = Strip.join(strips)
                self._touched.add(y)
            return
        self._fit(update.chop_ends[0][-1] if update.chop_ends else 0, len(update.chops))
        for y, first, last in update.spans:
            self._splice(y, list(_drawn(update, y, first, last)))

    def _fit(self, width: int, height: int) -> None:
        if (width, height) != self.size:
            self.size = (width, height)
            self._meant = [None] * height
            self.forget()

    def _splice(self, y: int, drawn: list[tuple[int, Strip]]) -> None:
        """Put pieces of a line in their places."""
        line = self._meant[y] or Strip.blank(self.size[0])
        parts: list[Strip] = []
        at = 0
        for x, strip in drawn:
            if x > at:
                parts.append(line.crop(at, x))
            parts.append(strip)
            at = x + strip.cell_length
        parts.append(line.crop(at, self.size[0]))
        self._meant[y] = Strip.join(parts)
        self._touched.add(y)

    def difference(self, colours: ColorSystem) -> str:
        """What makes the terminal show what is meant."""
        width = self.size[0]
        wanted: dict[int, Line] = {}
        for y in sorted(self._touched):
            strip = self._meant[y]
            if strip is not None:
                line = Line(strip.adjust_cell_length(width), colours)
                known = self._shown[y]
                if known is None or not line.same(known):
                    wanted[y] = line
        self._touched.clear()
        if not wanted:
            return ""
        brush = Brush()
        self._scroll(brush, wanted, colours)
        pieces: list[Piece] = []
        for y, line in wanted.items():
            known, self._shown[y] = self._shown[y], line
            if line.pieces is not None:
                x = 0
                for text, look in line.pieces:
                    # Wherever the terminal believes to be after the piece before.
                    brush.write(x, y, text, look)
                    x += cell_len(text)
            elif known is None or known.pieces is not None:
                pieces += line.split(y, 0, width, erases=self._erases)
            else:
                for start, end in _runs(known, line):
                    pieces += line.split(y, start, end, erases=self._erases)
        brush.draw(pieces)
        return brush.end()

    def _scroll(self, brush: Brush, wanted: dict[int, Line], colours: ColorSystem) -> None:
        """Have the terminal move lines that are shown already, but elsewhere."""
        if len(wanted) < MOVED_LINES:
            return
        places: dict[str, int] = {}
        for y, known in enumerate(self._shown):
            if known is not None and (likeness := known.likeness):
                places[likeness] = -1 if likeness in places else y
        found = [(y, places.get(line.likeness, -1)) for y, line in wanted.items()]
        votes = Counter(place - y for y, place in found if place >= 0)
        votes.pop(0, None)
        if not votes:
            return
        by, count = votes.most_common(1)[0]
        if count < MOVED_LINES:
            return
        moved = [y for y, place in found if place >= 0 and place - y == by]
        top, bottom = min(moved) + min(by, 0), max(moved) + max(by, 0)
        blank = Line(Strip.blank(self.size[0]), colours)
        after: list[Line | None] = [
            self._shown[y + by] if top <= y + by <= bottom else blank for y in range(top, bottom + 1)
        ]
        saved = 0
        for y, line in zip(range(top, bottom + 1), after, strict=True):
            # What is right where it is has to be drawn again once it has been moved.
            meant = wanted.get(y) or self._shown[y]
            if meant is not None:
                saved += meant.cost(self._shown[y]) - meant.cost(line)
        if saved < SAVED:
            return
        brush.scroll(top, bottom, by)
        for y, line in zip(range(top, bottom + 1), after, strict=True):
            known, self._shown[y] = self._shown[y], line
            meant = wanted.get(y) or known
            if meant is not None and line is not None and meant.same(line):
                wanted.pop(y, None)
            elif meant is not None:
                wanted[y] = meant


def _drawn(update: ChopsUpdate, y: int, first: int, last: int) -> Iterator[tuple[int, Strip]]:
    """The pieces of a line that an update draws: where, and what. As the update itself would send them."""
    for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
        if strip is not None and x <= last and end > first:
            yield x, strip if first <= x < last and end <= last else strip.crop(0, min(end, last) - x)


def _in_passing(line: Line, start: int, end: int) -> bool:
    """Whether these cells can be written with the pen of the one before."""
    held = line.pens[start - 1]
    return all(
        look is held or (char == " " and look is held.blank)
        for char, look in zip(line.chars[start:end], line.pens[start:end], strict=True)
    )


def _runs(known: Line, line: Line) -> Iterator[tuple[int, int]]:
    """Stretches of cells to send, from the first to behind the last."""
    start = end = -1
    cells = zip(line.chars, known.chars, line.pens, known.pens, strict=True)
    for place, (char, before, look, look_before) in enumerate(cells):
        if char == before and look is look_before:
            continue
        if start < 0:
            start = place
        elif place - end > BRIDGE or not _in_passing(line, end, place):
            yield start, end
            start = place
        end = place + 1
    if start >= 0:
        yield start, end
