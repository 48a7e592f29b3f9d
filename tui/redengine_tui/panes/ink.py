"""Colour roles as styles of the theme, for text that panes put together themselves."""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import Static

#: By the ``colour`` of a :class:`~redengine_tui.states.Look`.
INK: Final = {
    "success": "$text-success",
    "error": "$text-error",
    "warning": "$text-warning",
    "accent": "$text-accent",
    "muted": "$text-muted",
    "plain": "",
}
MUTED: Final = INK["muted"]
#: Headings and what the eye should find first.
STRONG: Final = "bold"


def fit(text: str | Content, width: int) -> Content:
    """The text in exactly ``width`` cells: padded, or cut with an ellipsis."""
    content = text if isinstance(text, Content) else Content(text)
    if content.cell_length > width:
        content = content.truncate(width, ellipsis=True)
    return content.pad_right(width - content.cell_length)


def show(static: Static, content: Content) -> None:
    """Show the content, and send no more to the terminal than it takes: nothing when it is shown already."""
    known = static.content
    before = known if isinstance(known, Content) else Content(str(known))
    if not before.is_same(content):
        static.update(content, layout=_shape(before.plain) != _shape(content.plain))
    if static.display != bool(content.plain):
        static.display = bool(content.plain)


def _shape(text: str) -> list[list[int]]:
    """What wrapping depends on: with the same shape a text takes the same lines, and nothing around it has to move."""
    return [[cell_len(word) for word in line.split(" ")] for line in text.split("\n")]


def write_border(widget: Widget, *, title: Content | None = None, subtitle: Content | None = None) -> bool:
    """Write into the border; whether that changed anything. Not as markup, and by sending the border's row only:
    assigning ``border_title`` would have the whole widget with all in it sent again."""
    changed = False
    for name, content, row in (
        ("_border_title", title, 0),
        ("_border_subtitle", subtitle, widget.outer_size.height - 1),
    ):
        known = getattr(widget, name, None)
        if content is None or (content.is_same(known) if isinstance(known, Content) else not content.plain):
            continue
        setattr(widget, name, content if content.plain else None)
        left, top = widget.content_offset
        widget.refresh(Region(-left, row - top, widget.outer_size.width, 1))
        changed = True
    return changed
