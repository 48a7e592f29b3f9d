"""The newest file of a rotated log is deleted, moved away, cut or replaced: the older ones stay what they are."""

from __future__ import annotations

import os
import random

import pytest
from log_pages import record
from rotated_log import numbers

from redengine.control.messages import LogFilter, ReadLog
from redengine.log.csv.digest import Digest, digest_path
from redengine.log.csv.past_reader import PastReader
from redengine.log.past import read_past
from redengine.log.source import open_source


def delete(path):
    path.unlink()


def move_away(path):
    path.rename(path.with_name("moved"))


def cut(path):
    os.truncate(path, 0)


def cut_off_the_end(path):
    os.truncate(path, path.stat().st_size - 10)


def replace(path):
    other = path.with_name("other")
    other.write_bytes(b"task_name,action,created\r\nother,run,77\r\n")
    other.replace(path)


WAYS = [delete, move_away, cut, cut_off_the_end, replace]
SAID = {delete: "deleted", move_away: "deleted", replace: "replaced"}


def forward(source, after, limit=3, where=None):
    """All entries after a cursor, page by page, and the cursor to go on from."""
    found, page = [], None
    while page is None or not page.at_end:
        page = source.read(ReadLog(limit=limit, after=after, where=where or LogFilter()))
        found += page.entries
        after = page.last
    return found, after


def backward(source, before=None, limit=3, where=None):
    found, page = [], None
    while page is None or not page.at_start:
        page = source.read(ReadLog(limit=limit, before=before, where=where or LogFilter()))
        found[:0] = page.entries
        before = page.first
    return found


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("writes", [True, False], ids=["the writer looks", "another process looks"])
def test_who_follows_gets_only_what_is_new(rotated, open_repo, log_path, how, writes):
    source = open_source(rotated if writes else open_repo())
    before = source.read(ReadLog())
    older = before.entries[:-1]
    how(log_path)
    page = source.read(ReadLog(after=before.last))
    assert SAID.get(how, "truncated") in page.notice
    lost = numbers(page)
    assert lost == ([77] if how is replace else [])
    assert page.last >= before.last
    rotated.add(record(10))
    rotated.add(record(11))
    found, _ = forward(source, page.last)
    assert numbers(found) == [10, 11]
    # What was not touched has the same cursors, and can be paged through from anywhere.
    assert source.read(ReadLog(after=older[3].cursor)).entries[: len(older) - 4] == older[4:]
    assert backward(source, before.last + 1) == [*older]
    assert numbers(backward(source)) == [*range(9), *lost, 10, 11]
    assert numbers(forward(source, 0)[0]) == [*range(9), *lost, 10, 11]
    cursors = [entry.cursor for entry in backward(source)]
    assert sorted({*cursors, before.last}) == [*cursors[: len(older)], before.last, *cursors[len(older) :]]


def test_of_a_single_file_nothing_is_left(open_repo, log_path):
    repo = open_repo()
    source = open_source(repo)
    repo.add(record(0))
    before = source.read(ReadLog())
    log_path.unlink()
    repo.add(record(1))
    after = source.read(ReadLog(after=before.last))
    assert numbers(after) == [1]
    assert after.epoch > before.epoch


def test_it_is_the_same_log(rotated, log_path):
    source = open_source(rotated)
    before = source.read(ReadLog())
    log_path.unlink()
    assert source.read(ReadLog()).epoch == before.epoch
    log_path.with_name("log-000002.csv").unlink()
    assert source.read(ReadLog()).epoch > before.epoch


def test_filters_and_times_reach_over_the_gap(rotated, log_path):
    source = open_source(rotated)
    source.read(ReadLog())
    log_path.unlink()
    for created in range(20, 25):
        rotated.add(record(created, name="c"))
    for where in (LogFilter(text="y"), LogFilter(task="a"), LogFilter(since=5, until=22), LogFilter(actions=("run",))):
        assert backward(source, where=where) == forward(source, 0, where=where)[0]
    for at in range(1, 25):
        left = [number for number in (*range(9), *range(20, 25)) if number >= at]
        assert numbers(source.read(ReadLog(at=at))) == left


def test_a_gap_costs_nothing(rotated, log_path, monkeypatch):
    source = open_source(rotated)
    rotated.add(record(10, exc_text="x" * 50_000_000))
    last = source.read(ReadLog()).last
    log_path.unlink()
    read = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, at: read.append(size) or pread(fd, size, at))
    rotated.add(record(11))
    for where in (LogFilter(), LogFilter(text="y")):
        assert numbers(source.read(ReadLog(before=last + 1, where=where)))[-1:] == (
            [9] if where == LogFilter() else [8]
        )
        assert numbers(source.read(ReadLog(after=0, where=where)))[:1] in ([0], [1])
    assert numbers(source.read(ReadLog(after=last))) == [11]
    assert sum(read) < 100_000


def test_whoever_reads_meanwhile_gets_the_rest_of_what_is_left(rotated, log_path):
    for how in (delete, cut):
        rotated.add(record(10, run_id="x" * 200))
        there = numbers(rotated)
        query, reader = iter(rotated.filter_by().query()), PastReader(rotated.file)
        first, found = next(query), list(reader.block())
        how(log_path)
        rotated.file.refresh()
        assert numbers([first, *query]) == there[:-1]
        while (values := reader.block()) is not None:
            found += values
        assert [created for _, _, created, *_ in found] == there[:-1]
        rotated.add(record(11))


def test_what_was_lost_is_no_part_of_a_digest(rotated, open_repo, log_path):
    digest = Digest(rotated.file)
    digest.advance()
    log_path.unlink()
    rotated.add(record(10, name="c"))
    rotated.file.refresh()
    digest.advance()
    assert not digest.keep()
    fresh = Digest(rotated.file)
    fresh.advance()
    assert fresh.keep()
    assert digest_path(log_path).exists()
    assert Digest(open_repo().file).place > 0
    assert fresh.book["c"].last["run"].created == 10
    assert [past.created for past in read_past(open_repo())] == [*range(9), 10]


@pytest.mark.parametrize("how", WAYS)
def test_another_process_knows_the_places_by_the_index(rotated, open_repo, log_path, how):
    source = open_source(rotated)
    how(log_path)
    rotated.add(record(10))
    before = backward(source)
    rotated.file.keep_index()
    again = open_repo()
    assert backward(open_source(again)) == before
    # Also of what is lost while nobody looks.
    last = open_source(again).read(ReadLog()).last
    log_path.unlink()
    new = open_repo()
    assert forward(open_source(new), last)[0] == []
    new.add(record(11))
    found, _ = forward(open_source(new), last)
    assert numbers(found) == [11]
    assert found[0].cursor > last
    assert backward(open_source(new))[:8] == before[:8]


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_missed_or_repeated_whatever_is_done(open_repo, log_path, seed):
    chance = random.Random(seed)
    repo = open_repo(rotate_bytes=chance.choice([300, 9000, 90_000]))
    other = open_repo()
    sources = [open_source(repo), open_source(other)]
    tails, followed = [0, 0], [[], []]
    safe, newest, number = [], [], 0
    epochs = [source.read(ReadLog()).epoch for source in sources]
    for _ in range(80):
        for _ in range(chance.randrange(4)):
            known = log_path.stat().st_ino if log_path.exists() else None
            repo.add(record(number, message="m" * chance.randrange(1, 5000)))
            if known is not None and log_path.stat().st_ino != known:
                safe, newest = safe + newest, []
            newest.append(number)
            number += 1
        for who in (0, 1):
            found, tails[who] = forward(sources[who], tails[who], limit=chance.choice([1, 7, 200]))
            followed[who] += numbers(found)
        if chance.random() < 0.2 and log_path.exists() and safe:
            chance.choice([delete, move_away, cut])(log_path)
            newest = []
            if chance.random() < 0.5:
                repo.file.keep_index()
        assert numbers(backward(chance.choice(sources), limit=chance.choice([1, 7, 200]))) == safe + newest
    for who in (0, 1):
        found, tails[who] = forward(sources[who], tails[who])
        assert followed[who] + numbers(found) == list(range(number))
    assert [source.read(ReadLog()).epoch for source in sources] == epochs
    repo.close()
