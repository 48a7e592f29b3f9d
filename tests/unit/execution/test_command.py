"""Shell commands as runs."""

from __future__ import annotations

import asyncio
import os
import re
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from redengine.execution import command, run_command

pytestmark = pytest.mark.asyncio(loop_scope="module")


def written(path: Path) -> str | None:
    return path.read_text() if path.exists() and path.read_text().endswith("\n") else None


async def test_returns_stdout_and_captures_both(executor: Any, runs: Any, capfd: Any) -> None:
    work = partial(run_command, "echo out; echo err >&2", shell=True)
    job = await runs.launch(executor, work, is_async=True)
    outcome = await runs.end(job)
    assert (outcome.action, outcome.return_value) == ("success", "out")
    assert sorted(job.output.read_text().split()) == ["err", "out"]
    assert capfd.readouterr() == ("", "")


async def test_failure_tells_code_and_stderr(executor: Any, runs: Any) -> None:
    outcome = await runs.run(executor, partial(run_command, "echo why >&2; exit 3", shell=True), is_async=True)
    assert outcome.action == "fail"
    # What the command said, and no code of ours that led to it.
    assert outcome.exc_text == "OSError: Failed running command (3): \nwhy"
    assert isinstance(outcome.exception, OSError)


@pytest.mark.parametrize(
    ("words", "shell", "how"),
    [
        ("kill -KILL $$", True, "killed by SIGKILL; out of memory?"),
        (["sh", "-c", "kill -TERM $$"], False, "killed by SIGTERM"),
        ("sh -c 'kill -KILL $$'; exit $?", True, "137: killed by SIGKILL; out of memory?"),
        (["sh", "-c", "exit 137"], False, "137"),
        ("exit 255", True, "255"),
    ],
)
async def test_a_command_that_is_killed_names_the_signal(words: Any, shell: bool, how: str) -> None:
    with pytest.raises(OSError, match=re.escape(f"Failed running command ({how}): ")):
        await run_command(words, shell=shell)


async def test_unknown_program_is_named(every: Any, runs: Any) -> None:
    outcome = await runs.run(every["async"], partial(run_command, ["no-such-program-here"]))
    assert outcome.action == "fail"
    assert "no-such-program-here" in outcome.exc_text


@pytest.mark.parametrize("words", ["printf '%s|' 'a b' c", ["printf", "%s|", "a b", "c"]])
async def test_string_and_list_without_shell(words: Any) -> None:
    assert await run_command(words) == "a b|c|"


async def test_directory_and_environment(tmp_path: Path) -> None:
    env = {**os.environ, "COLOUR": "red"}
    assert await run_command("pwd; echo $COLOUR", shell=True, cwd=tmp_path, env=env) == f"{tmp_path}\nred"


async def test_empty_command() -> None:
    with pytest.raises(ValueError, match="empty"):
        await run_command("  ")


async def test_reads_no_input() -> None:
    assert await run_command(["cat"]) == ""


async def test_long_output_is_kept_whole_in_the_file_and_cut_in_the_value(every: Any, runs: Any) -> None:
    work = partial(run_command, "yes 0123456789 | head -n 300000; echo end", shell=True)
    job = await runs.launch(every["async"], work)
    outcome = await runs.end(job)
    assert job.output.stat().st_size == 300_000 * 11 + 4
    assert outcome.return_value.endswith("\nend")
    assert len(outcome.return_value) < 1024 * 1024 + 1


@pytest.mark.parametrize("kind", ["async", "thread", "process"])
async def test_terminate_ends_the_command_with_its_children(
    alive: Any, kind: str, every: Any, runs: Any, tmp_path: Path, eventually: Any
) -> None:
    pids = tmp_path / "pids"
    work = partial(run_command, f"sleep 1000 & echo $! $$ > {pids}; wait", shell=True)
    job = await runs.launch(every[kind], work, is_async=True)
    found = [int(pid) for pid in (await eventually(lambda: written(pids))).split()]
    assert all(alive(pid) for pid in found)
    every[kind].terminate(job.run_id, "enough")
    outcome = await runs.end(job)
    assert (outcome.action, outcome.exc_text) == ("terminate", "enough")
    assert await eventually(lambda: not any(alive(pid) for pid in found))


async def test_cancelled_while_it_starts(
    alive: Any, tmp_path: Path, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"
    known = asyncio.Event()
    start = command._start

    async def slow_start(*args: Any) -> Any:
        process = await start(*args)
        await known.wait()
        return process

    monkeypatch.setattr(command, "_start", slow_start)
    run = asyncio.ensure_future(run_command(f"sleep 1000 & echo $! $$ > {pids}; wait", shell=True))
    found = [int(pid) for pid in (await eventually(lambda: written(pids))).split()]
    run.cancel()
    await asyncio.sleep(0)
    known.set()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert await eventually(lambda: not any(alive(pid) for pid in found))


async def test_command_that_ignores_the_request_is_killed(
    every: Any, runs: Any, tmp_path: Path, eventually: Any
) -> None:
    ready = tmp_path / "ready"
    line = f"trap '' TERM; echo > {ready}; while true; do sleep 0.05; done"
    job = await runs.launch(every["async"], partial(run_command, line, shell=True, grace=0.1))
    await eventually(ready.exists)
    every["async"].terminate(job.run_id, "enough")
    assert (await runs.end(job)).action == "terminate"


async def test_something_left_in_the_background_does_not_hold_the_run(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    begun = time.monotonic()
    text = await asyncio.wait_for(run_command(f"sleep 1000 & echo $! > {pid_file}; echo done", shell=True), 5)
    assert text == "done"
    assert time.monotonic() - begun < 2
    os.kill(int(pid_file.read_text()), 9)
