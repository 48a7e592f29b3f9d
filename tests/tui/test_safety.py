"""Nothing from outside reaches the terminal as a control sequence, wherever it is shown."""

from __future__ import annotations

import re
from unicodedata import category

import pytest
from textual.events import Paste

from redengine.control import messages as m
from redengine_tui.app import RedEngineTUI

OSC52 = "\x1b]52;c;ZXZpbA==\x07"
EVIL = f"x{OSC52}\x9b31m\x1b[2J\u202e[red]y[/red]\n\r\x00z\u200b\udc9b"


@pytest.fixture
def evil(make_task, make_controller, clock):
    task = make_task(
        EVIL, state="blocked", start_cond=EVIL, end_cond=EVIL, description=EVIL, problem=EVIL, execution=EVIL,
        next=m.NextStart("when", text=EVIL), runs=(m.RunView(EVIL, clock.now - 5),),
    )  # fmt: skip
    controller = make_controller(
        [task], project=EVIL, host=EVIL, path=EVIL, log=EVIL, next_at=clock.now + 5, next_task=EVIL
    )
    controller.log = [m.LogEntry(1, clock.now, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL)]
    node = m.ConditionNode(EVIL, None, EVIL, children=(m.ConditionNode(EVIL, True, EVIL),))
    controller.answers[m.CheckCondition] = m.ConditionReport(
        True, (m.Problem(EVIL, 0, 3, 1, 1, "warning", (EVIL,), EVIL),), EVIL, node, EVIL, next=task.next
    )
    controller.answers[m.ListParameters] = m.ParameterList(
        (m.ParameterView(EVIL, "task", EVIL, EVIL, note=EVIL, lazy=True), m.ParameterView(EVIL, "session", EVIL, EVIL))
    )
    controller.answers[m.EvaluateParameter] = m.Reply(True, EVIL)
    controller.answers[m.Complete] = m.Completions((m.Completion(EVIL, 0),))
    controller.answers[m.ReadOutput] = m.Output(EVIL, 10, EVIL)
    for command in (m.Run, m.Disable, m.Terminate, m.Hold):
        controller.replies[command] = m.Reply(command is not m.Hold, EVIL)
    return controller


def drawn(app) -> str:
    """All text of the screen as it goes to the terminal, without what Textual itself puts between."""
    height = app.size.height
    lines = app.screen._compositor.render_strips()
    assert len(lines) == height
    return "".join(strip.text for strip in lines)


def check(app) -> None:
    text = drawn(app)
    assert not {category(char) for char in text} & {"Cc", "Cf", "Zl", "Zp", "Cs"}
    text.encode()


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_every_place_that_shows_outside_text(evil, clock, size):
    app = RedEngineTUI(evil, clock=clock)
    async with app.run_test(size=size, notifications=True) as pilot:
        check(app)
        if size[0] == 160:
            # It is shown, not hidden, and markup in it is text.
            assert "␛]52;c;ZXZpbA==␇" in drawn(app)
            assert "[red]y[/red]" in drawn(app)
        # Replies, details, a question, the editor with its completions, a parameter's value, a record, the palette,
        # the help page, the filter.
        steps = "r h enter escape t escape e x ctrl+space escape escape escape p enter l enter escape escape"
        for keys in [*steps.split(), "ctrl+p", "escape", "question_mark", "escape", "escape", "slash", "Z", "escape"]:
            await pilot.press(keys)
            await pilot.pause(0.05)
            check(app)


async def test_pasted_text_is_safe_in_every_input(controller, clock):
    app = RedEngineTUI(controller, clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ("slash", "escape", "ctrl+p", "escape", "e", "escape", "l", "slash"):
            await pilot.press(key)
            app.post_message(Paste(EVIL))
            await pilot.pause(0.05)
            check(app)
        await pilot.press("escape", "escape", "slash")
        app.post_message(Paste(OSC52))
        await pilot.pause(0.05)
        assert app.focused.value == "␛]52;c;ZXZpbA==␇"


async def test_the_title_is_safe(evil, clock):
    app = RedEngineTUI(evil, clock=clock)
    async with app.run_test():
        assert app.title.isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f]", app.title)
        assert "␛]52" in app.title


async def test_lines_stay_lines_when_pasted_as_terminals_do(controller, clock):
    app = RedEngineTUI(controller, clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e", "ctrl+a", "ctrl+k")
        app.post_message(Paste("daily\r& is open\r\n& true"))
        await pilot.pause(0.05)
        assert app.main.condition.editor.text == "daily\n& is open\n& true"
