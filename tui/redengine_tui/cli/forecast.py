"""``redengine-tui forecast``."""

from __future__ import annotations

from typing import Any

import click

from redengine_tui.cli.ending import stop
from redengine_tui.cli.loading import answering, with_past
from redengine_tui.cli.options import as_json, data_dir


@click.command(name="forecast")
@click.argument("project", metavar="TARGET")
@click.option("--hours", type=click.FloatRange(min=0, min_open=True, max=24 * 366), default=24.0, show_default=True)
@as_json
@data_dir
def command(project: str, hours: float, as_json: bool, data_dir: str | None) -> None:
    """Say what will start in the next hours, and what was assumed.

    A scheduler that runs is asked, also one of another machine; else it is from file and log, and nothing is run.
    """
    from datetime import timedelta

    from redengine.exc import ProjectError
    from redengine.scheduling.forecast import forecast as foretell
    from redengine_tui import forecasting

    try:
        with answering():
            text = _live(project, hours, data_dir, as_json)
            if text is None:
                session = with_past(project, data_dir)[0].session
                found = foretell(session, timedelta(hours=hours))
    except ProjectError as problem:
        stop(str(problem))
    if text is None:
        text = forecasting.as_json(found) if as_json else forecasting.as_text(found, session.zone)
    click.echo(text)


def _live(project: str, hours: float, data_dir: str | None, as_json: bool) -> str | None:
    """What the running scheduler says, if there is one."""
    import time

    from redengine.control.messages import Foretell
    from redengine.scheduling.forecast import Forecast
    from redengine_tui import forecasting
    from redengine_tui.cli.asking import UnansweredError, asked, compared, notes, with_facts
    from redengine_tui.format import zone

    async def question(controller: Any) -> Forecast:
        forecast: Forecast = await controller.ask(Foretell(hours))
        if not forecast.until:
            raise UnansweredError(" ".join(forecast.assumptions))
        return forecast

    answer = asked(project, data_dir, question)
    if answer is None:
        return None
    found, unknown = compared(project, answer)
    if as_json:
        return with_facts(answer.value, source="scheduler", notes=found.notes)
    text = forecasting.as_text(answer.value, zone(answer.scheduler.timezone))
    return text + notes(*found.lines(), unknown, answer.asked(time.time()))
