"""How a cell is written: attributes, colours and link, and the shortest way from one such state to another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

#: What takes an attribute back, by the code that sets it. 22 takes back two.
_OFF = {
    "1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29",
    "21": "24", "51": "54", "52": "54", "53": "55",
}  # fmt: skip
#: Attributes that are seen where there is no character: all but bold, dim and italic.
_ON_BLANKS = frozenset({"4", "5", "6", "7", "8", "9", "21", "51", "52", "53"})
#: End of a link, and of every sequence that begins as one.
_END = "\x1b\\"


class Pen:
    """What :func:`pen` gives: the same object for the same look."""

    __slots__ = ("attributes", "background", "blank", "colour", "link")

    def __init__(self, attributes: frozenset[str], colour: str, background: str, link: str) -> None:
        """Codes as they stand between ``ESC [`` and ``m``; empty: the terminal's own. ``link``: ``id;address``."""
        self.attributes = attributes
        self.colour = colour
        self.background = background
        self.link = link
        # The colour of what is underlined or reversed is seen on a blank, too.
        seen = attributes & _ON_BLANKS
        as_blank = (seen, colour if seen else "", background, "")
        #: What a blank cell looks like when it is written with this.
        self.blank: Pen = self if as_blank == (attributes, colour, background, link) else _pen(*as_blank)

    def for_blank(self, look: Pen) -> Pen:
        """What to write a blank of this look with, least different from this."""
        if look.colour or look.link or look.attributes:
            return look
        return _pen(self.attributes - _ON_BLANKS, self.colour, look.background, "")


@lru_cache(maxsize=4096)
def _pen(attributes: frozenset[str], colour: str, background: str, link: str) -> Pen:
    return Pen(attributes, colour, background, link)


#: What a terminal writes with after a reset.
PLAIN = _pen(frozenset(), "", "", "")


def pen(style: Style | None, colours: ColorSystem) -> Pen:
    """The pen of a style of Rich."""
    if style is None:
        return PLAIN
    codes = style._ansi
    if codes is None:
        codes = Strip.render_ansi(style, colours)
    if not style._link:
        return _of(codes)
    plain = _of(codes)
    return _pen(plain.attributes, plain.colour, plain.background, f"id={style._link_id};{style._link}")


@lru_cache(maxsize=4096)
def _of(codes: str) -> Pen:
    attributes: set[str] = set()
    colour = background = ""
    for code in _split(codes):
        if code in _OFF:
            attributes.add(code)
        elif code[0] == "4" or code.startswith("10"):
            background = "" if code == "49" else code
        else:
            colour = "" if code == "39" else code
    return _pen(frozenset(attributes), colour, background, "")


def _split(codes: str) -> Iterator[str]:
    """The codes one by one, those of a colour with what belongs to it."""
    parts = iter(codes.split(";")) if codes else iter(())
    for part in parts:
        if part in ("38", "48"):
            kind = next(parts)
            yield ";".join((part, kind, *(next(parts) for _ in range(3 if kind == "2" else 1))))
        else:
            yield part


@lru_cache(maxsize=16384)
def change(before: Pen, after: Pen) -> str:
    """What makes a terminal that writes with the one write with the other, in as few bytes as there are ways known."""
    if before is after:
        return ""
    link = "" if before.link == after.link else f"\x1b]8;{after.link or ';'}{_END}"
    lost = before.attributes - after.attributes
    codes = {_OFF[code] for code in lost}
    added = set(after.attributes - before.attributes)
    if codes:
        # Bold and dim go together, as do two kinds of underline.
        added |= {code for code in after.attributes if _OFF[code] in codes}
    steps = [*sorted(codes), *sorted(added)]
    if before.colour != after.colour:
        steps.append(after.colour or "39")
    if before.background != after.background:
        steps.append(after.background or "49")
    anew = [*sorted(after.attributes), *filter(None, (after.colour, after.background))]
    short = min(";".join(steps), ";".join(["0", *anew]) if anew else "", key=len)
    return f"{link}\x1b[{short}m" if steps else link
