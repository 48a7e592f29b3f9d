"""What the page of running says of other programs is what those programs take."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from redengine.docs import page


@pytest.fixture
def text(markdown: Callable[[str], Any]) -> Any:
    return markdown(page("running").text)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_the_unit(text: Any, tmp_path: Path) -> None:
    (block,) = text.blocks("ini")
    program = tmp_path / ".local/bin/redengine-tui"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "shop").mkdir()
    unit = tmp_path / "shop.service"
    unit.write_text(block.text.replace("%h", str(tmp_path)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "shop" in line]
    assert ours == []
    assert done.returncode == 0, done.stderr


def test_the_container_runs_without_a_shell(text: Any) -> None:
    (block,) = text.blocks("dockerfile")
    (command,) = (line for line in block.lines() if line.startswith("CMD "))
    assert command == 'CMD ["redengine-tui", "run", "project.py", "--headless"]'
