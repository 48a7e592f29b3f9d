from __future__ import annotations

import pytest
from log_pages import record


@pytest.fixture
def rotated(open_repo):
    """Records 0 to 9 in several files, 9 alone in the newest."""
    repo = open_repo(rotate_bytes=140)
    for number in range(10):
        repo.add(record(number, name="ab"[number % 2], exc_text='x\n"y"' if number % 3 else None, run_id=str(number)))
    yield repo
    # Whoever looks after the log in a thread has done.
    repo.close()
