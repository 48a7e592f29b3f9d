"""The pages are there, are put together right, and can be read on a small terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from redengine.docs import NAMES, page, pages

README = Path(__file__).parents[3] / "README.md"
#: Columns of an 80-column terminal that are left for a page, and for code in it.
WIDTH, CODE_WIDTH = 76, 68


def test_every_file_is_a_page() -> None:
    found = {item.name for item in files("redengine.docs").iterdir() if item.name.endswith(".md")}
    assert found == {f"{name}.md" for name in NAMES}


def test_pages_come_in_order_with_their_titles() -> None:
    assert [each.name for each in pages()] == list(NAMES)
    assert [each.order for each in pages()] == list(range(len(NAMES)))
    for each in pages():
        assert each.text.startswith(f"# {each.title}\n")
        assert each.title


def test_a_page_is_found_by_what_a_link_says() -> None:
    assert page("language") is page("language.md#literals") is pages()[0]
    with pytest.raises(KeyError, match="language"):
        page("nothing")


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str, markdown: Callable[[str], Any]) -> None:
    for link in markdown(page(name).text).links():
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        there = page(target) if target else page(name)
        assert target in ("", f"{there.name}.md")
        if anchor:
            headings = markdown(there.text).headings()
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_links_to_every_page(markdown: Callable[[str], Any]) -> None:
    links = markdown(README.read_text("utf-8")).links()
    assert {f"core/redengine/docs/{name}.md" for name in NAMES} <= set(links)
    for link in links:
        assert "://" in link or (README.parent / link).exists(), link


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_a_small_terminal(name: str, markdown: Callable[[str], Any]) -> None:
    text = markdown(page(name).text)
    assert not [token for token in text.tokens if token.type in ("html_block", "html_inline")]
    for rows in text.tables():
        assert len(rows[0]) <= 3
    code = [line for token in text.tokens if token.type == "fence" for line in token.content.splitlines()]
    assert [line for line in code if len(line) > CODE_WIDTH] == []
    in_table = re.compile(r"^\|")
    too_long = [line for line in page(name).text.splitlines() if len(line) > WIDTH and not in_table.match(line)]
    assert too_long == []
