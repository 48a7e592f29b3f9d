"""The ssh that connects to a scheduler elsewhere: what it is told, what becomes of it, and how it ended in words."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys

import pytest

from redengine.exc import ControlError
from redengine_tui.dial import NO_PROJECT, NO_SOCKET, NOT_SCHEDULED
from redengine_tui.ssh import SshDial, command_line, command_there
from redengine_tui.ssh_words import why_it_ended
from redengine_tui.target import Far

BUILD7 = Far("deploy@build7", "/srv/jobs/project.py", port=2222)


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    """``ssh(script)``: a program of that name; returns what it was called with."""
    (tmp_path / "bin").mkdir()
    program, called = tmp_path / "bin" / "ssh", tmp_path / "called"
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    def write(script):
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{shlex.quote(str(called))}\n{script}\n')
        program.chmod(0o755)
        return lambda: called.read_text().splitlines()

    return write


async def ended(dial, first=True):
    """Connect, read all that comes, and say how it ended."""
    connection = await dial(first)
    try:
        return await connection.reader.read(), await connection.why()
    finally:
        await connection.close()


class TestCommandLine:
    def test_there(self):
        assert command_there(BUILD7) == "redengine-tui dial /srv/jobs/project.py"
        assert command_there(Far("h", "~/x.py", "app")) == "redengine-tui dial '~/x.py'"
        own = Far("h", "/a b/$(x).py", command=("~/my venv/bin/re", "-q;"))
        assert command_there(own) == "~/'my venv/bin/re' '-q;' dial '/a b/$(x).py'"

    def test_a_shell_makes_of_it_what_was_meant(self, tmp_path):
        path = '/srv/it\'s; $(touch x) `touch y` "z" \\ *.py'
        (tmp_path / "a program").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        (tmp_path / "a program").chmod(0o755)
        done = subprocess.run(
            ["sh", "-c", command_there(Far("h", path, command=("~/a program", "a b")))],
            env={**os.environ, "HOME": str(tmp_path)}, cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.splitlines() == ["a b", "dial", path]
        assert [path.name for path in tmp_path.iterdir()] == ["a program"]

    def test_here(self):
        first, again = command_line(BUILD7, first=True), command_line(BUILD7, first=False)
        assert first[:2] == ["ssh", "-T"]
        assert first[first.index("-p") + 1] == "2222"
        assert first[-3:] == ["--", "deploy@build7", "redengine-tui dial /srv/jobs/project.py"]
        # The user's configuration says how to connect and whether to share.
        assert not any(
            word in " ".join(first) for word in ("BatchMode", "ConnectTimeout", "ControlMaster", "ProxyJump")
        )
        assert {"-oBatchMode=yes", "-oConnectTimeout=10"} == set(again) - set(first)

    def test_light(self):
        code = (
            "import sys, redengine_tui.ssh\n"
            "assert not {'redengine', 'asyncio', 'textual', 'msgspec'} & set(sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


class TestConnection:
    async def test_streams_both_ways(self, ssh):
        called = ssh("echo hello; exec cat")
        connection = await SshDial(BUILD7)(False)
        connection.writer.write(b"there\n")
        await connection.writer.drain()
        assert await connection.reader.readline() == b"hello\n"
        assert await connection.reader.readline() == b"there\n"
        await connection.close()
        assert "-oBatchMode=yes" in called()

    async def test_started_before_there_is_a_loop(self, ssh):
        ssh("echo early; cat")
        dial = SshDial(BUILD7)
        await asyncio.to_thread(dial.start)
        connection = await dial(True)
        assert await connection.reader.readline() == b"early\n"
        await connection.close()
        # The next is another one.
        again = await dial(False)
        assert await again.reader.readline() == b"early\n"
        await again.close()

    async def test_what_is_asked_first_is_shown_and_made_safe(self, ssh, capsys):
        ssh("printf 'Banner of \\033build7\\n' >&2; sleep 0.4; echo ready; echo late >&2; cat")
        connection = await SshDial(BUILD7)(True)
        assert await connection.reader.readline() == b"ready\n"
        assert capsys.readouterr().err == "Banner of ␛build7\n"
        await connection.close()
        assert capsys.readouterr().err == ""

    async def test_behind_a_screen_nothing_is_shown_and_there_is_no_terminal(self, ssh, capfd):
        ssh('echo noise >&2; ps -o sess= -p $$ 2>/dev/null || cut -d" " -f6 /proc/$$/stat; exit 255')
        said, why = await ended(SshDial(BUILD7), first=False)
        assert int(said) != os.getsid(0)
        assert "noise" in why
        assert capfd.readouterr().err == ""

    async def test_one_that_hangs_is_ended(self, ssh):
        ssh("trap '' TERM; echo up; exec sleep 600 <&-")
        connection = await SshDial(BUILD7)(False)
        assert await connection.reader.readline() == b"up\n"
        await connection.close()
        assert connection._ssh.process.returncode is not None

    async def test_one_that_others_share_is_left_alone(self, ssh):
        ssh("exec 1>&-; exec sleep 600")
        connection = await SshDial(BUILD7)(False)
        assert await connection.reader.read() == b""
        assert await connection.why() == ""
        await connection.close()
        process = connection._ssh.process
        assert process.poll() is None
        process.kill()
        process.wait()
        connection._ssh._reading.join()
        connection._ssh.close()

    async def test_one_that_is_given_up_ends_what_is_read(self, ssh):
        """As the client does it when no sign of life comes."""
        ssh("echo up; exec sleep 600")
        connection = await SshDial(BUILD7)(False)
        assert await connection.reader.readline() == b"up\n"
        connection.writer.transport.abort()
        assert await connection.reader.read() == b""
        await connection.close()
        assert connection._ssh.process.returncode is not None

    async def test_no_ssh_at_all(self, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        dial = SshDial(BUILD7)
        dial.start()
        with pytest.raises(ControlError, match="There is no ssh on this machine"):
            await dial(True)


class TestWhy:
    @pytest.mark.parametrize(
        ("code", "said", "words"),
        [
            (255, "ssh: Could not resolve hostname build7: Name or service not known", "There is no machine build7"),
            (255, "ssh: connect to host build7 port 2222: Connection refused", "no ssh server listens at port 2222"),
            (255, "deploy@build7: Permission denied (publickey).", "build7 does not let deploy in"),
            (255, "Host key verification failed.", "Log in once, with `ssh deploy@build7`, and accept it"),
            (255, "REMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.", "ssh-keygen -R"),
            (255, "ssh: connect to host build7 port 22: Connection timed out", "build7 does not answer"),
            (255, "Connection closed by 10.0.0.1 port 22", "The connection to build7 was closed"),
            (255, "strange", "ssh could not connect to build7. (strange)"),
            (127, "bash: line 1: redengine-tui: command not found", "build7 has no program redengine-tui"),
            (126, "sh: redengine-tui: Permission denied", "redengine-tui on build7 cannot be run"),
            (2, "Usage: redengine-tui run\nError: Got unexpected extra argument (x)", "is older than this one"),
            (1, "", "What ssh started on build7 ended with exit code 1."),
            (0, "", ""),
        ],
    )  # fmt: skip
    def test_in_words(self, code, said, words):
        assert words in why_it_ended(BUILD7, code, said)

    @pytest.mark.parametrize("code", [NO_PROJECT, NOT_SCHEDULED, NO_SOCKET])
    def test_what_the_other_end_says(self, code):
        said = "motd\nredengine-tui: project.py is not scheduled.\nStart it with: redengine-tui run x\n"
        assert why_it_ended(BUILD7, code, said) == (
            "build7: project.py is not scheduled.\nStart it with: redengine-tui run x"
        )

    def test_who_cannot_be_asked(self):
        assert "leave it and attach again" in why_it_ended(BUILD7, 255, "Permission denied (password).", may_ask=False)

    @pytest.mark.parametrize("exit_code", [127, 255, 69])
    async def test_from_a_process(self, ssh, exit_code):
        ssh(f"echo 'redengine-tui: that is why' >&2; exit {exit_code}")
        said, why = await ended(SshDial(BUILD7))
        assert said == b""
        assert "that is why" in why
