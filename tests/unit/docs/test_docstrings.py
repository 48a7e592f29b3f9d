"""Examples in docstrings do what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import redengine
from redengine.base import RedBase

MODULES = ["redengine", *(module.name for module in pkgutil.walk_packages(redengine.__path__, "redengine."))]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    before = RedBase.session
    try:
        result = doctest.testmod(importlib.import_module(name))
    finally:
        before.set_as_default()
    assert result.failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    assert sum(len(found.examples) for found in finder.find(redengine)) > 0
