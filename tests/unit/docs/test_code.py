"""Every piece of Python on the pages and in the README runs, and prints what it says it prints."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from redengine import Session
from redengine.base import RedBase
from redengine.docs import NAMES, page
from redengine.execution import output
from redengine.log import bird

README = Path(__file__).parents[3] / "README.md"
#: Blocks that cannot run, most of all because they are only a part of something: how many there may be at most.
NOT_RUN = 2
_NEEDS = re.compile(r"^# Needs (\w+): pip install", re.MULTILINE)
_PRINTED = re.compile(r"# → (.*)$", re.MULTILINE)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with the one file that the pages name, a default session and loggers as a program has them that has
    just started."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "report.py").write_text("def main(): ...\n")
    before = RedBase.session
    loggers = [logging.getLogger(name) for name in ("redengine.task", "redengine.scheduler")]
    kept = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers.clear()
    Session().set_as_default()
    try:
        yield
    finally:
        before.set_as_default()
        for logger, handlers, level, propagate in kept:
            logger.handlers[:] = handlers
            logger.setLevel(level)
            logger.propagate = propagate


def _run(blocks: list[Any], where: str) -> None:
    """The blocks in order, in one namespace. Not as ``__main__``: what is guarded by that is for programs."""
    names: dict[str, Any] = {"__name__": "project"}
    for block in blocks:
        needs = _NEEDS.search(block.text)
        if needs is not None and importlib.util.find_spec(needs[1].lower()) is None:
            continue
        # With the lines where they are on the page, so that a traceback points there.
        code = compile("\n" * (block.line - 1) + block.text, where, "exec", dont_inherit=True)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, names)
            output.uninstall()
        lines = iter(printed.getvalue().splitlines())
        for expected in _PRINTED.findall(block.text):
            pattern = re.escape(expected).replace(re.escape("..."), ".*")
            assert any(re.fullmatch(pattern, line) for line in lines), (
                f"{where}, block at line {block.line}: {expected!r} is not in:\n{printed.getvalue()}"
            )
    for repo in names.values():
        if isinstance(repo, bird.SQLRepo):
            engine = repo.session.get_bind()
            repo.session.remove()
            engine.dispose()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("name", NAMES)
def test_code_of_a_page(name: str, markdown: Callable[[str], Any]) -> None:
    blocks = markdown(page(name).text).blocks("python")
    assert blocks
    _run(blocks, f"{name}.md")


@pytest.mark.usefixtures("elsewhere")
def test_code_of_the_readme(markdown: Callable[[str], Any]) -> None:
    blocks = markdown(README.read_text("utf-8")).blocks("python")
    assert blocks
    _run(blocks, "README.md")


def test_hardly_any_code_is_not_run(markdown: Callable[[str], Any]) -> None:
    known = {"", "python", "python no-run", "condition", "period", "wrong", "sh", "text", "toml", "crontab"} | {
        "ini",
        "dockerfile",
    }
    pages = [markdown(page(name).text) for name in NAMES]
    for name, text in zip(NAMES, pages, strict=True):
        assert text.infos() <= known, name
    assert sum(len(text.blocks("python no-run")) for text in pages) <= NOT_RUN


@pytest.mark.usefixtures("elsewhere")
def test_wrong_code_is_found(markdown: Callable[[str], Any]) -> None:
    with pytest.raises(AssertionError, match="line 2"):
        _run(markdown("```python\nprint(1 + 1)  # → 3\n```\n").blocks("python"), "x.md")
    with pytest.raises(NameError):
        _run(markdown("```python\nundefined\n```\n").blocks("python"), "x.md")
