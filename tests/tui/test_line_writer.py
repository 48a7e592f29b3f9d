"""Lines for a reader who may be slow, stop, or be gone: nobody who has something to say notices."""

from __future__ import annotations

import errno
import os
import threading
from contextlib import suppress

import pytest

from redengine_tui import line_writer
from redengine_tui.line_writer import LineWriter

PATIENCE = 20.0


@pytest.fixture
def pipe():
    """Both ends of a pipe; closed afterwards, as far as they are open."""
    ends = list(os.pipe())
    yield ends
    for fd in ends:
        if fd >= 0:
            os.close(fd)


def close(pipe, end):
    os.close(pipe[end])
    pipe[end] = -1


def writer_to(fd, **options):
    return LineWriter(fd, lambda item: f"{item}\n", lambda missing: f"({missing} missing)\n", **options)


def read_all(fd):
    with os.fdopen(os.dup(fd), "rb") as file:
        return file.read().decode().splitlines()


def test_all_of_it_in_order(pipe):
    writer = writer_to(pipe[1])
    close(pipe, 1)  # the writer has one of its own
    for number in range(1000):
        writer.put(number)
    assert writer.close(PATIENCE)
    assert read_all(pipe[0]) == [str(number) for number in range(1000)]


def test_what_is_put_is_there_at_once(pipe):
    writer = writer_to(pipe[1])
    writer.put("one")
    assert writer.flush(PATIENCE)
    assert os.read(pipe[0], 100) == b"one\n"
    writer.close(PATIENCE)


def test_a_reader_that_does_not_read_costs_lines_and_they_are_counted(pipe):
    writer = writer_to(pipe[1], most=20_000)
    item = "x" * 99
    for _ in range(100_000):
        writer.put(item)
    # A pipe has taken some; so many wait, and that is all that is kept.
    assert writer._waiting <= 20_000 + 100
    assert sum(map(len, writer._lines)) <= writer._waiting
    close(pipe, 1)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(read_all(pipe[0])))
    reader.start()
    assert writer.close(PATIENCE)
    reader.join(PATIENCE)
    gaps = [int(line[1:].split()[0]) for line in lines if line.startswith("(")]
    assert gaps
    assert lines.count(item) + sum(gaps) == 100_000
    assert lines[-1].endswith("missing)")


def test_a_reader_that_never_comes_back_does_not_hold_up_the_end(pipe):
    writer = writer_to(pipe[1], most=200_000)
    for _ in range(3000):
        writer.put("x" * 99)
    assert not writer.close(0.05)
    # For the thread that waits still.
    os.set_blocking(pipe[0], False)
    while writer._thread.is_alive():
        with suppress(BlockingIOError):
            os.read(pipe[0], 1 << 20)
        writer._thread.join(0.01)
    os.close(writer._fd)


def test_a_reader_that_is_gone_is_written_to_no_more(pipe):
    writer = writer_to(pipe[1])
    close(pipe, 0)
    writer.put("one")
    assert writer.flush(PATIENCE)
    assert writer._gone
    writer.put("two")
    assert not writer._lines
    assert not writer.close(PATIENCE)


def test_a_full_disk_costs_what_it_cannot_take(pipe, monkeypatch):
    write = os.write
    full = [True]

    def limited(fd, data):
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data)

    monkeypatch.setattr(line_writer.os, "write", limited)
    writer = writer_to(pipe[1])
    close(pipe, 1)
    writer.put("lost")
    assert writer.flush(PATIENCE)
    full[0] = False
    writer.put("kept")
    assert writer.close(PATIENCE)
    assert read_all(pipe[0]) == ["(1 missing)", "kept"]


def test_a_descriptor_that_does_not_block(pipe):
    os.set_blocking(pipe[1], False)
    writer = writer_to(pipe[1])
    close(pipe, 1)
    for _ in range(3000):
        writer.put("x" * 99)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(read_all(pipe[0])))
    reader.start()
    assert writer.close(PATIENCE)
    reader.join(PATIENCE)
    assert len(lines) == 3000


def test_what_has_no_line_counts_as_missing(pipe):
    writer = LineWriter(pipe[1], lambda item: 1 / item, lambda missing: f"({missing} missing)\n")
    close(pipe, 1)
    writer.put(0)
    assert writer.close(PATIENCE)
    assert read_all(pipe[0]) == ["(1 missing)"]
