"""The one place where text from outside is made safe for a terminal.

Task names, conditions, log messages, tracebacks and what a run printed can hold escape sequences, and Textual sends
them on as they are: an OSC 52 in a task name would write to the operator's clipboard. So text passes here exactly
once, on its way into a widget. What could steer a terminal or mislead the eye is shown as a visible substitute, so
that nothing is hidden either.
"""

from __future__ import annotations

from unicodedata import category

#: Characters of one line that are looked at; the rest is replaced by an ellipsis. No screen shows more.
LINE_LIMIT = 2_000
#: Width of a tab stop in cells.
TAB_WIDTH = 8

#: Controls; formats (bidi overrides, zero-width and tag characters); line and paragraph separators; lone surrogates,
#: which cannot even be encoded.
_UNSAFE = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


def _substitute(code: int) -> str:
    """What stands for an unsafe character: its control picture, or its escape as Python writes it."""
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


class _Table(dict[int, "int | str"]):
    """Translation table for :meth:`str.translate`, filled as unsafe characters are met.

    Only substitutes are remembered: there are a few thousand at most, whatever text comes.
    """

    def __missing__(self, code: int) -> int | str:
        if category(chr(code)) not in _UNSAFE:
            return code
        self[code] = substitute = _substitute(code)
        return substitute


_LINE = _Table()
_BLOCK = _Table({0x09: "\t", 0x0A: "\n"})


def safe_line(text: str, limit: int = LINE_LIMIT) -> str:
    """One line that is safe to show.

    Every control, format and separator character becomes visible (``␛``, ``␊``, ``\\x9b``, ``\\u202e``); wide and
    combining characters stay. No more than ``limit`` characters of ``text`` are kept; where some are left out the
    line ends in an ellipsis.
    """
    if len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    # Printable in the sense of str.isprintable excludes all that is unsafe, and is by far the usual case.
    return text if text.isprintable() else text.translate(_LINE)


def safe_block(text: str) -> str:
    """Lines that are safe to show: newlines stay, tabs are expanded, all else is as in :func:`safe_line`.

    Line ends of Windows become plain newlines.
    """
    if text.isprintable():
        return text
    return text.replace("\r\n", "\n").translate(_BLOCK).expandtabs(TAB_WIDTH)
