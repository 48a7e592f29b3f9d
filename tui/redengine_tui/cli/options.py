"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def data_dir(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--data-dir DIR``."""
    return click.option(
        "--data-dir",
        envvar="REDENGINE_TUI_DATA_DIR",
        metavar="DIR",
        help="Where logs and outputs are kept, instead of the user's data directory.",
    )(command)


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="For other programs.")(command)


def slow_link(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--slow-link``."""
    return click.option(
        "--slow-link",
        is_flag=True,
        help="Spare the line to this terminal: fewer frames, no seconds that tick, small pages.",
    )(command)


def theme(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--theme NAME``."""
    return click.option("--theme", metavar="NAME", help="Colours for this run.")(command)
