"""Colour roles as styles of the theme, for text that panes put together themselves."""

from __future__ import annotations

from typing import Final

from textual.content import Content

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
