"""Commands in the log: a kind of record of its own, told from runs and filtered like them."""

from __future__ import annotations

from datetime import timezone

import pytest
from piloting import screen, until
from textual.app import App

from redengine.control import messages as m
from redengine_tui.panes.ink import INK
from redengine_tui.panes.log import LogPane
from redengine_tui.panes.log_lines import record_line, record_row
from redengine_tui.screens.record import RecordScreen
from redengine_tui.states import COMMAND, TASK_STATES, action_look

ASKED = "ada from 10.0.0.7: run 'send-mail': 'send-mail' starts [uid 1000, operate, ssh 10.0.0.7 50000 10.0.0.1 22]"
REFUSED = "refused: ada: terminate 'vacuum': 'vacuum' is not running [uid 1000, operate]"


@pytest.fixture
def log(clock):
    return [
        m.LogEntry(1, clock.now - 40, "send-mail", "command", ASKED, "INFO"),
        m.LogEntry(2, clock.now - 30, "send-mail", "run", run_id="r1"),
        m.LogEntry(3, clock.now - 20, "", "command", "ada: hold: On hold [uid 1000, operate]", "INFO"),
        m.LogEntry(4, clock.now - 10, "vacuum", "command", REFUSED, "WARNING"),
    ]


@pytest.fixture
def app(controller, clock, log):
    controller.log = log

    class Host(App):
        def compose(self):
            self.pane = LogPane(controller, clock)
            self.pane.zone = timezone.utc
            yield self.pane

        def on_mount(self):
            self.pane.show_task(None)
            self.pane.take_focus()

    host = Host()
    host.controller = controller
    return host


def test_it_looks_like_no_state_of_a_task():
    assert action_look("command") == COMMAND
    assert COMMAND.glyph not in {look.glyph for look in TASK_STATES.values()}
    assert "command" not in TASK_STATES


def test_a_line(log, clock):
    row = record_row(log[0], 160, clock.now, timezone.utc)
    assert row.plain.split("  ")[1].strip() == "» command"
    assert row.plain.rstrip().endswith("ssh 10.0.0.7 50000 10.0.0.1 22]")
    refused = record_row(log[3], 120, clock.now, timezone.utc)
    assert INK["warning"] in {str(span.style) for span in refused.spans}
    assert INK["warning"] not in {str(span.style) for span in row.spans}
    assert record_line(log[3], timezone.utc).endswith(f"command  vacuum  {REFUSED}")


async def test_they_are_the_last_kind_that_is_gone_through_to(app):
    async with app.run_test(size=(100, 14)) as pilot:
        await until(pilot, lambda: len(app.pane.window) == 4)
        await pilot.press(*"aaaaaa")
        await until(pilot, lambda: len(app.pane.window) == 3)
        await pilot.pause()
        assert "only command" in screen(app)
        assert app.controller.asked[-1].where == m.LogFilter(actions=("command",))
        await pilot.press("up", "up", "f")
        await until(pilot, lambda: len(app.pane.window) == 1)
        await pilot.press("a")
        await until(pilot, lambda: app.pane.chosen.where == m.LogFilter(task="send-mail"))
        await until(pilot, lambda: len(app.pane.window) == 2)


async def test_a_record_is_shown_whole(app):
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: len(app.pane.window) == 4)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RecordScreen))
        await pilot.pause()
        assert "vacuum · » command" in screen(app)
        assert REFUSED in screen(app)
        assert "WARNING" in screen(app)
        # No run of it printed anything.
        assert not any(isinstance(query, m.ReadOutput) for query in app.controller.asked)
        await pilot.press("p")
        await until(pilot, lambda: app.screen.entry.cursor == 3)
        await pilot.pause()
        assert "scheduler · » command" in screen(app)
