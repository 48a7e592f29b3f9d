"""What of a project file is not executed, since it comes after the start of the scheduler."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from redengine.loading import Oddity, RunWhileLoading


def never_executed(end: RunWhileLoading, file: Path) -> Oddity | None:
    """What to say of the code after the line where the file's import ended; nothing when there is none."""
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(end.__traceback__) if frame.filename == str(file)]
    if not lines:
        return None
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):  # changed meanwhile
        return None
    after = _after(tree.body, lines[0])
    if after is None:
        return None
    message = (
        f"the project ends here, where it starts its scheduler: line {after.lineno} and what follows is not run. "
        'Move it above, or put this call under `if __name__ == "__main__":`'
    )
    return Oddity(str(file), lines[0], message)


def _after(block: Sequence[ast.stmt], line: int) -> ast.stmt | None:
    """The statement that would be executed after the one of this line."""
    # From the end, since the call is rarely the first of several on its line.
    for index, statement in reversed(list(enumerate(block))):
        if not statement.lineno <= line <= (statement.end_lineno or statement.lineno):
            continue
        for inner in _blocks(statement):
            if (after := _after(inner, line)) is not None:
                return after
        return next((other for other in block[index + 1 :] if not _is_guard(other)), None)
    return None


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    handlers = [handler.body for handler in getattr(statement, "handlers", ())]
    own = [getattr(statement, name, None) or [] for name in ("body", "orelse", "finalbody")]
    return [block for block in chain(own, handlers) if isinstance(block, list)]


def _is_guard(statement: ast.stmt) -> bool:
    """``if __name__ == "__main__":``, which is for ``python project.py`` alone."""
    return isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)
