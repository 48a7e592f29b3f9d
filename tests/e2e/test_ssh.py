"""The program over a real SSH server."""

from __future__ import annotations

import subprocess


def ssh(place, *args):
    """What a command at the other end says."""
    done = subprocess.run(
        ["ssh", "-T", *args], env=place.env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_program_is_there_and_knows_the_same_folders(place, sshd):
    host = sshd.host("near")

    assert ssh(place, host, "redengine-tui --version").startswith("redengine-tui ")
    assert ssh(place, host, "echo $REDENGINE_TUI_DATA_DIR").strip() == str(place.data)


def test_a_forced_command_is_all_that_a_key_may_do(place, sshd):
    host = sshd.host("narrow", command="echo only this")

    assert ssh(place, host, "cat /etc/passwd").strip() == "only this"
