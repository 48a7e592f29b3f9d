"""What was measured, as rows of a table: ours, theirs, the ratio, and what ours must be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One number of ours and what it compares with.

    ``at_most`` and ``at_least`` are what ours must be. ``theirs`` is by peer; a text says why there is no number.
    """

    workload: str
    unit: str
    ours: float
    theirs: Mapping[str, float | str] = field(default_factory=dict)
    at_most: float | None = None
    at_least: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether ours is what it must be; ``None``: nothing is asked of it."""
        if self.at_most is not None:
            return self.ours <= self.at_most
        return None if self.at_least is None else self.ours >= self.at_least


def markdown(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| workload | ours | must | | peers (ratio to ours) |", "|---|--:|--:|---|---|"]
    for row in rows:
        must = f"≤ {number(row.at_most)}" if row.at_most is not None else ""
        must = f"≥ {number(row.at_least)}" if row.at_least is not None else must
        mark = {True: "ok", False: "**misses**", None: ""}[row.holds]
        peers = ", ".join(_peer(name, value, row.ours) for name, value in row.theirs.items())
        lines.append(f"| {row.workload} | {number(row.ours)} {row.unit} | {must} | {mark} | {peers} |")
    return "\n".join(lines)


def _peer(name: str, value: float | str, ours: float) -> str:
    if isinstance(value, str):
        return f"{name}: {value}"
    return f"{name} {number(value)} ({number(value / ours)}×)" if ours else f"{name} {number(value)}"


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
