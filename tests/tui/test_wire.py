"""What is sent leaves a terminal as it would be had everything been sent, and is little."""

from __future__ import annotations

import random

import pyte
import pytest
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from redengine_tui.pen import PLAIN, change, pen
from redengine_tui.wire import Wire

STYLES = [
    None,
    Style.parse("red"),
    Style.parse("#808080 on #101010"),
    Style.parse("bold #f0f0f0 on #101010"),
    Style.parse("dim bold"),
    Style.parse("underline #00ff00"),
    Style.parse("reverse #0000ff on #ff0000"),
    Style.parse("italic strike on blue"),
    Style.parse("default on default"),
    Style.parse("color(200) on color(17)"),
    Style.parse("#808080 on #101010 link https://example.org/"),
]
EVEN = ["a", " ", "    ", " " * 20, "next in 5s", "─", "│", "✓ success", "é", "0", "1", "…"]
TEXTS = [*EVEN, "漢", "字 ", "👍", "x́y", "日本語テスト"]


def of_width(pieces: list[tuple[str, Style | None]], width: int) -> Strip:
    strip = Strip([Segment(text, style) for text, style in pieces])
    return strip.adjust_cell_length(width, None)


def some_strip(dice: random.Random, width: int) -> Strip:
    texts = TEXTS if dice.random() < 0.3 else EVEN
    return of_width([(dice.choice(texts), dice.choice(STYLES)) for _ in range(dice.randint(0, width // 3))], width)


class Terminal:
    """A terminal, and what of it is seen."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.Stream(self.screen)
        # Without the line wrap, as Textual sets it.
        self.stream.feed("\x1b[?7l")

    def feed(self, data: str) -> None:
        # What pyte does not know: links, and that terminals in raw mode still return for a new line.
        parts = data.split("\x1b]8;")
        links = [part.partition("\x1b\\")[2] for part in parts[1:]]
        self.stream.feed("".join([parts[0], *links]).replace("\n", "\r\n"))

    def seen(self) -> list[list[object]]:
        return [[self._look(self.screen.buffer[y][x]) for x in range(self.screen.columns)] for y in range(
            self.screen.lines)]  # fmt: skip

    @staticmethod
    def _look(cell: pyte.screens.Char) -> object:
        if cell.data == " ":
            # Nobody sees whether it is bold or italic, nor its colour unless there is a line in it.
            lines = (cell.underscore, cell.reverse, cell.strikethrough)
            return " ", cell.bg, *lines, cell.fg if any(lines) else ""
        return cell


class Shown:
    """A screen on a terminal that is sent only what changes. What it must look like is drawn on a fresh one."""

    def __init__(self, width: int, height: int) -> None:
        self.console = Console(force_terminal=True, color_system="truecolor", legacy_windows=False)
        self.wire = Wire(erases=True)
        self.width, self.height = width, height
        self.strips = [of_width([], width)] * height
        self.terminal = Terminal(width, height)

    def whole(self) -> LayoutUpdate:
        return LayoutUpdate([[strip] for strip in self.strips], Region(0, 0, self.width, self.height))

    def draw(self, strips: list[Strip]) -> int:
        """Draw all of it. Returns how many bytes that took."""
        self.strips = strips
        return self.send(self.whole())

    def send(self, update: LayoutUpdate | ChopsUpdate) -> int:
        self.wire.take(update)
        sent = self.wire.difference(ColorSystem.TRUECOLOR)
        self.terminal.feed(sent)
        fresh = Terminal(self.width, self.height)
        fresh.feed(self.whole().render_segments(self.console))
        assert self.terminal.seen() == fresh.seen()
        return len(sent.encode())


def some_chops(dice: random.Random, shown: Shown) -> ChopsUpdate:
    """As the compositor makes them: lines cut where widgets begin and end, of which some cells are drawn."""
    lines, ends, spans = [], [], []
    for y, known in enumerate(shown.strips):
        cuts = sorted({0, shown.width, *(dice.randint(1, shown.width - 1) for _ in range(3))})
        pieces = list(known.divide(cuts[1:]))
        if Strip.join(pieces).text != known.text:
            # It would cut a character in two.
            cuts, pieces = [0, shown.width], [known]
        if y == 0 or dice.random() < 0.5:
            place = dice.randrange(len(pieces))
            start, end = cuts[place], cuts[place + 1]
            whole = pieces[place] = some_strip(dice, end - start)
            if dice.random() < 0.5 and whole.cell_length > 1:
                # Only the first cells of the widget differ.
                end = start + dice.randint(1, whole.cell_length - 1)
                pieces[place] = Strip.join([whole.crop(0, end - start), known.crop(end, cuts[place + 1])])
            spans.append((y, start, end))
        lines.append(dict(zip(cuts, pieces, strict=False)))
        ends.append(cuts[1:])
        shown.strips[y] = Strip.join(pieces)
    return ChopsUpdate(lines, spans, ends)


@pytest.mark.parametrize("seed", range(20))
def test_random_screens_come_out_the_same(seed):
    dice = random.Random(seed)
    shown = Shown(40, 8)
    for _ in range(30):
        what = dice.random()
        if what < 0.1:
            wire, shown = shown.wire, Shown(dice.randint(20, 60), dice.randint(3, 12))
            shown.wire = wire
            wire.forget()
        if what < 0.4:
            shown.draw([some_strip(dice, shown.width) for _ in range(shown.height)])
        elif shown.wire.size == (shown.width, shown.height):
            shown.send(some_chops(dice, shown))


@pytest.mark.parametrize("seed", range(20))
def test_random_scrolling_comes_out_the_same(seed):
    dice = random.Random(seed)
    shown = Shown(40, 20)
    document = [some_strip(dice, 40) for _ in range(60)]
    top, first, last = 0, 3, 15
    fixed = [some_strip(dice, 40) for _ in range(20)]
    for _ in range(40):
        top = min(max(top + dice.choice([-3, -1, 1, 1, 2, 9]), 0), 60 - (last - first))
        fixed[dice.randrange(20)] = some_strip(dice, 40)
        shown.draw([*fixed[:first], *document[top : top + last - first], *fixed[last:]])


def test_a_line_that_comes_at_the_end_of_a_list_moves_the_others():
    shown = Shown(100, 30)
    ink = Style.parse("#dddddd on #101010")

    def row(number: int) -> Strip:
        return of_width([(f"08:00:{number:02} ", STYLES[2]), (f"task {number} did what it had to do", ink)], 100)

    top = [of_width([("─" * 100, STYLES[1])], 100)] * 10
    shown.draw([*top, *(row(number) for number in range(20))])
    for number in range(20, 30):
        assert shown.draw([*top, *(row(n) for n in range(number - 19, number + 1))]) < 250


def test_nothing_is_sent_for_what_looks_the_same():
    shown = Shown(40, 3)
    strips = [some_strip(random.Random(1), 40) for _ in range(3)]
    shown.draw(strips)
    assert shown.draw(list(strips)) == 0
    # Blanks have no colour.
    shown.draw([of_width([("    ", Style.parse("red on blue"))], 40)] * 3)
    assert shown.draw([of_width([("    ", Style.parse("green on blue"))], 40)] * 3) == 0


def test_one_digit_is_a_few_bytes():
    shown = Shown(40, 3)
    ink = Style.parse("#dddddd on #101010")
    shown.draw([of_width([("in 42s", ink)], 40)] * 3)
    assert shown.draw([of_width([("in 41s", ink)], 40)] * 3) < 70


def test_a_terminal_that_may_show_anything_is_sent_everything():
    shown = Shown(40, 3)
    strips = [some_strip(random.Random(2), 40) for _ in range(3)]
    shown.draw(strips)
    shown.terminal.feed("\x1b[2J\x1b[HSomebody else was here")
    shown.wire.forget()
    shown.send(shown.whole())


def test_every_change_of_pens_leaves_the_look_that_was_meant():
    pens = [pen(style, ColorSystem.TRUECOLOR) for style in STYLES]
    for before in pens:
        for after in pens:
            terminal, wanted = Terminal(4, 1), Terminal(4, 1)
            terminal.feed(f"{change(PLAIN, before)}a{change(before, after)}b")
            wanted.feed(f"{change(PLAIN, before)}a\x1b[0m{change(PLAIN, after)}b")
            assert terminal.seen() == wanted.seen(), (before.attributes, after.attributes)
            assert change(before, after) == "" or before is not after


def test_a_link_is_opened_and_closed():
    shown = Shown(40, 1)
    shown.strips = [of_width([("to ", None), ("there", STYLES[-1]), (" and on", None)], 40)]
    shown.wire.take(shown.whole())
    sent = shown.wire.difference(ColorSystem.TRUECOLOR)
    assert sent.index(";https://example.org/\x1b\\") < sent.index("there") < sent.index("\x1b]8;;\x1b\\")
