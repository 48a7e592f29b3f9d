"""The parameters pane: what comes from where, what is covered, and evaluating on request only."""

from __future__ import annotations

from unicodedata import category

import pytest
from piloting import screen, until
from textual.app import App

from redengine.control import messages as m
from redengine_tui.panes.parameters import ParametersPane

ITEMS = (
    m.ParameterView("to", "task", "Arg", "ops@example.org"),
    m.ParameterView("rows", "task", "FuncArg", "count_rows()", lazy=True),
    m.ParameterView("password", "session", "Private", "*****"),
    m.ParameterView("to", "session", "value", "all@example.org", wins=False, note="covered by the task's"),
)


@pytest.fixture
def app(controller, clock):
    controller.answers[m.ListParameters] = m.ParameterList(ITEMS)
    controller.answers[m.EvaluateParameter] = m.Reply(True, "1,204")

    class Host(App):
        def compose(self):
            yield ParametersPane(controller, clock)

        def on_mount(self):
            self.pane.show_task(controller.tasks["send-mail"])
            self.pane.take_focus()

        @property
        def pane(self):
            return self.query_one(ParametersPane)

    return Host()


@pytest.mark.parametrize("width", [76, 140])
async def test_list(app, controller, width):
    async with app.run_test(size=(width, 12)) as pilot:
        await until(pilot, lambda: "password" in screen(app))
        rows = [line.strip() for line in screen(app).splitlines()[:4]]
        assert rows == [
            "to        task     Arg      ops@example.org",
            "rows      task     FuncArg  count_rows()  = ?",
            "password  session  Private  *****",
            "to        session  value    covered by the task's  all@example.org",
        ]
        assert m.ListParameters("send-mail") in controller.asked
        assert not any(isinstance(query, m.EvaluateParameter) for query in controller.asked)


async def test_evaluated_on_request_until_it_changes(app, controller):
    async with app.run_test(size=(80, 12)) as pilot:
        await until(pilot, lambda: "password" in screen(app))
        await pilot.press("enter")
        await pilot.pause()
        assert not any(isinstance(query, m.EvaluateParameter) for query in controller.asked)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "= 1,204" in screen(app))
        assert controller.asked[-1] == m.EvaluateParameter("send-mail", "rows", "task")
        changed = m.ParameterView("rows", "task", "FuncArg", "count_all()", lazy=True)
        controller.answers[m.ListParameters] = m.ParameterList((ITEMS[0], changed, *ITEMS[2:]))
        app.pane.changed(m.Delta(2, controller.scheduler))
        await until(pilot, lambda: "count_all()  = ?" in screen(app))
        assert "1,204" not in screen(app)


async def test_failed_evaluation_says_why(app, controller):
    controller.answers[m.EvaluateParameter] = m.Reply(False, "ValueError: no rows")
    async with app.run_test(size=(80, 12)) as pilot:
        await until(pilot, lambda: "password" in screen(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "✗ ValueError: no rows" in screen(app))


async def test_other_task_other_parameters(app, controller):
    async with app.run_test(size=(80, 12)) as pilot:
        await until(pilot, lambda: "password" in screen(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "= 1,204" in screen(app))
        controller.answers[m.ListParameters] = m.ParameterList()
        app.pane.show_task(controller.tasks["vacuum"])
        await until(pilot, lambda: "This task has no parameters." in screen(app))
        assert "password" not in screen(app)
        controller.answers[m.ListParameters] = m.ParameterList(ITEMS[2:3])
        app.pane.show_task(None)
        await until(pilot, lambda: "password" in screen(app))
        assert controller.asked[-1] == m.ListParameters("")


async def test_long_value_is_shown_whole_below(app, controller):
    value = "\n".join(f"line {number}" for number in range(20))
    items = (*ITEMS, m.ParameterView("long", "session", "value", value))
    controller.answers[m.ListParameters] = m.ParameterList(items)
    async with app.run_test(size=(80, 20)) as pilot:
        await until(pilot, lambda: "long" in screen(app))
        assert "\nline 1" not in screen(app).replace("\n ", "\n")
        await pilot.press("down", "down", "down", "down")
        await until(pilot, lambda: " line 1 " in screen(app))
        assert "17 more lines" in screen(app)


async def test_nothing_from_outside_reaches_the_terminal(app, controller):
    evil = "x\x1b]52;c;aGVsbG8=\x07\x9b31m\u202e\n[red]"
    controller.answers[m.ListParameters] = m.ParameterList(
        (
            m.ParameterView(evil, "task", evil, evil, note=evil, lazy=True),
            m.ParameterView(evil, "session", evil, evil, wins=False, note=evil),
        )
    )
    controller.answers[m.EvaluateParameter] = m.Reply(True, evil)
    controller.push(m.TaskView(evil, "idle", "daily", "", "process", 0, m.NextStart("never")))
    async with app.run_test(size=(100, 12)) as pilot:
        app.pane.show_task(controller.tasks[evil])
        await until(pilot, lambda: "x␛]52" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: "= x␛" in screen(app))
        shown = screen(app)
        assert not [char for char in shown if char != "\n" and category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")]
