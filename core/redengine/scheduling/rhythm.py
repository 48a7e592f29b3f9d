"""The rhythm of a condition (``every``), be it a part of another."""

from __future__ import annotations

from typing import Any

from redengine.conditions.context import Context
from redengine.conditions.logic import All
from redengine.conditions.logic import Any as AnyCondition


def has_rhythm(condition: Any) -> bool:
    """Whether a condition, or a part of it, has a rhythm of its own (``every``)."""
    if isinstance(condition, (All, AnyCondition)):
        return any(has_rhythm(part) for part in condition.subconditions)
    return bool(getattr(condition, "is_every", False))


def nominal_start(condition: Any, ctx: Context) -> float | None:
    """The beat of a condition's rhythm (``every``) that is due; ``None`` when it has none, or may have several."""
    own = getattr(condition, "nominal_start", None)
    if own is not None:
        beat: float | None = own(ctx)
        return beat
    if not isinstance(condition, (All, AnyCondition)):
        return None
    beats = [beat for part in condition.subconditions if (beat := nominal_start(part, ctx)) is not None]
    if isinstance(condition, AnyCondition):
        # It may hold for another reason than its rhythm, which then begins anew.
        beats = [beat for beat in beats if beat <= ctx.now]
    return beats[0] if len(beats) == 1 else None
