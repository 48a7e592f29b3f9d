"""What somebody meant who has written a word that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, words: Iterable[str]) -> str:
    """``; did you mean 'Monday'?`` when one of the words is near, else nothing."""
    known = {each.lower(): each for each in words}
    near = difflib.get_close_matches(word.lower(), known, n=1)
    return f"; did you mean {known[near[0]]!r}?" if near else ""
