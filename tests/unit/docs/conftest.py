"""Reading Markdown pages: their code blocks and tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token


@dataclass(frozen=True)
class Block:
    """A fenced block: what stands after the fence, the text, and the line that the text begins in."""

    info: str
    text: str
    line: int

    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.strip()]


@dataclass(frozen=True)
class Cell:
    """A cell of a table."""

    text: str
    #: The code spans in it.
    code: tuple[str, ...]


class Markdown:
    """A page, taken apart."""

    def __init__(self, text: str) -> None:
        self.tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)

    def blocks(self, *infos: str) -> list[Block]:
        fences = (token for token in self.tokens if token.type == "fence")
        return [Block(token.info, token.content, (token.map or [0])[0] + 2) for token in fences if token.info in infos]

    def infos(self) -> set[str]:
        return {token.info for token in self.tokens if token.type == "fence"}

    def tables(self) -> list[list[list[Cell]]]:
        """Each table as rows of cells, the first row the heads."""
        tables: list[list[list[Cell]]] = []
        for before, token in zip(self.tokens, self.tokens[1:], strict=False):
            if before.type == "table_open":
                tables.append([])
            if before.type == "tr_open":
                tables[-1].append([])
            if before.type in ("th_open", "td_open"):
                tables[-1][-1].append(self._cell(token))
        return tables

    def table(self, *heads: str) -> list[list[Cell]]:
        """The rows below these heads, of all tables that have them."""
        found = [rows[1:] for rows in self.tables() if tuple(cell.text for cell in rows[0]) == heads]
        assert found, f"no table has the heads {heads}"
        return [row for rows in found for row in rows]

    @staticmethod
    def _cell(token: Token) -> Cell:
        children = token.children or []
        code = tuple(child.content for child in children if child.type == "code_inline")
        return Cell("".join(child.content for child in children), code)

    def code_spans(self) -> list[str]:
        inline = (child for token in self.tokens for child in token.children or [])
        return [child.content for child in inline if child.type == "code_inline"]

    def links(self) -> list[str]:
        inline = (child for token in self.tokens for child in token.children or [])
        return [str(child.attrs["href"]) for child in inline if child.type == "link_open"]

    def headings(self) -> list[str]:
        pairs = zip(self.tokens, self.tokens[1:], strict=False)
        return [after.content for before, after in pairs if before.type == "heading_open"]


@pytest.fixture
def markdown() -> Callable[[str], Markdown]:
    return Markdown
