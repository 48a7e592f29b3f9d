"""What a query is answered with that did not reach the scheduler, or not come back."""

from __future__ import annotations

from typing import Any

from redengine.control import messages as m
from redengine.log.log_source import failed_page
from redengine.scheduling.forecast import Forecast


def unanswered(query: Any, why: str) -> Any:
    """An answer of the type that ``query`` has, which says in words why it is none."""
    if isinstance(query, m.ReadLog):
        return failed_page(why)
    if isinstance(query, (m.CheckCondition, m.Explain)):
        return m.ConditionReport(True, verdict=why)
    if isinstance(query, m.Complete):
        return m.Completions()
    if isinstance(query, m.ListParameters):
        return m.ParameterList(failed=why)
    if isinstance(query, m.ReadOutput):
        return m.Output(f"The output cannot be read: {why}")
    if isinstance(query, m.FollowRun):
        return m.RunStatus("unknown", exc_text=why)
    if isinstance(query, m.Foretell):
        return Forecast(0.0, 0.0, assumptions=(why,), complete=False)
    return m.Reply(False, why)
