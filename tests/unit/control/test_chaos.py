"""A viewer behind a bad link, amid 500 runs a second: nothing is lost, and nothing is done twice."""

from __future__ import annotations

from chaos import PROJECT, chaos
from headless_scheduler import HeadlessScheduler

COMMANDS = 200


async def test_nothing_is_lost_and_nothing_is_done_twice():
    with HeadlessScheduler(PROJECT) as scheduler:
        outcome = await chaos(scheduler, commands=COMMANDS, cuts=6)

        assert outcome.cuts == 6
        assert outcome.far.tasks == outcome.fresh.tasks
        assert outcome.far.scheduler == outcome.fresh.scheduler
        # What was refused was given again by the tests themselves.
        assert outcome.unsure == {}
        assert outcome.done == dict.fromkeys(range(COMMANDS), 1)
        assert "Traceback" not in scheduler.scheduler_log
