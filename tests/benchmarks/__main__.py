"""Measures us beside our peers and prints tables: ``python tests/benchmarks [NAME ...]``.

Each NAME is a module of this folder with ``measure(peers)``, which yields rows. Nothing here is a test: what is
measured depends on the machine, and the peers have to be downloaded.
"""

from __future__ import annotations

import argparse
import compileall
import json
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import platformdirs
from peers import Peers
from table import Row, markdown

# What the benchmarks share with the tests.
sys.path.append(str(Path(__file__).parents[1] / "shared"))

#: In the order of the table in the manual.
SUBJECTS: list[str] = ["engine", "scaling", "repositories", "log", "screen", "remote"]


def main() -> None:
    """Measure what was asked for, else everything."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SUBJECTS)}; all by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    parser.add_argument(
        "--cache",
        type=Path,
        default=platformdirs.user_cache_path("redengine-benchmarks"),
        metavar="DIR",
        help="where peers are installed (default: %(default)s)",
    )
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in SUBJECTS]:
        parser.error(f"there is no {', '.join(unknown)}; choose from {', '.join(SUBJECTS)}")
    # As an installation has it: what is measured is not how long it takes to compile.
    for folder in ("core", "tui", "themes"):
        compileall.compile_dir(Path(__file__).parents[2] / folder, quiet=1)
    peers = Peers(asked.cache)
    rows: list[Row] = []
    for name in asked.names or SUBJECTS:
        measured = []
        for row in import_module(name).measure(peers):
            print(f"{name}: {row.workload}", file=sys.stderr)
            measured.append(row)
        print(f"\n{markdown(measured)}\n", flush=True)
        rows += measured
    if asked.json is not None:
        asked.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    if missed := [row.workload for row in rows if row.holds is False]:
        sys.exit(f"misses: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
