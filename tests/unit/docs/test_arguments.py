"""The page of arguments knows all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import redengine.args
from redengine.docs import page


def test_each_argument_is_on_the_page(markdown: Callable[[str], Any]) -> None:
    text = markdown(page("arguments").text)
    shown = set(re.findall(r"\w+", " ".join([*text.code_spans(), *(block.text for block in text.blocks("python"))])))
    assert set(redengine.args.__all__) - shown == set()


def test_special_names_are_on_the_page(markdown: Callable[[str], Any]) -> None:
    rows = markdown(page("arguments").text).table("Parameter", "Is")
    assert {cell.text for cell, _ in rows} == {"_session_", "_task_", "_thread_terminate_"}
