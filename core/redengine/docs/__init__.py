"""The pages for whoever writes a schedule: Markdown files in this package, listed and read here.

The program shows them, and the README links to the same files, so that each thing is said in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

#: Names of the pages in the order in which they are best read.
NAMES = (
    "language",
    "arguments",
    "execution",
    "running",
    "remote",
    "configuration",
    "time",
    "log",
    "performance",
    "moving",
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. Links from one page to another are relative: ``arguments.md``."""

    #: Name of the file without its ending: ``language``.
    name: str
    #: The heading it begins with.
    title: str
    #: All of it, as Markdown, the heading included.
    text: str
    #: Its place among the pages, from 0.
    order: int


@lru_cache(maxsize=1)
def pages() -> tuple[Page, ...]:
    """All pages, in the order in which they are best read."""
    found = []
    for order, name in enumerate(NAMES):
        text = files(__package__).joinpath(f"{name}.md").read_text(encoding="utf-8")
        found.append(Page(name, text.partition("\n")[0].removeprefix("# "), text, order))
    return tuple(found)


def page(name: str) -> Page:
    """The page of a name, or of a link such as ``language.md#literals``; ``KeyError`` when there is none."""
    wanted = name.partition("#")[0].removesuffix(".md")
    for each in pages():
        if each.name == wanted:
            return each
    raise KeyError(f"There is no page {name!r}; there are {', '.join(NAMES)}")
