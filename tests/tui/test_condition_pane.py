"""The condition pane: what it asks, what it shows, and that nothing typed is lost."""

from __future__ import annotations

import asyncio
from datetime import timezone
from unicodedata import category

import msgspec
import pytest
from piloting import screen, until
from textual import events
from textual.app import App

from redengine.control import messages as m
from redengine_tui.panes.condition import ConditionPane
from redengine_tui.panes.condition_report import starts, why

OSC = "\x1b]52;c;aGVsbG8=\x07"
NAME = "send-mail"
COND = "daily between 07:00 and 10:00"

TREE = m.ConditionNode(
    "all of",
    False,
    children=(
        m.ConditionNode(COND, True, "has not run today"),
        m.ConditionNode("after task 'fetch-prices'", False, "last succeeded 10:02 yesterday"),
        m.ConditionNode("is warehouse open", None, "the door does not answer"),
    ),
)


class Host(App):
    """One pane, shown as the main screen shows it."""

    CSS = "ConditionPane { border: round $border; }"

    def __init__(self, controller, clock):
        super().__init__()
        self.pane = ConditionPane(controller, clock)
        self.pane.zone = timezone.utc

    def compose(self):
        yield self.pane

    def on_mount(self):
        # A light screen for tests that do not look at colours.
        self.pane.show_task(self.pane.controller.tasks[NAME])


def typed_style(app, word: str) -> list[object]:
    """The styles of the segments in which a word is shown."""
    return [
        segment.style for strip in app.screen._compositor.render_strips() for segment in strip if word in segment.text
    ]


def wrong(text: str, word: str, **fields) -> m.ConditionReport:
    start = text.index(word)
    problem = m.Problem(f'"{word}" is not expected here', start, start + len(word), 1, start + 1, **fields)
    return m.ConditionReport(False, problems=(problem,))


@pytest.fixture
def pane_app(controller, clock):
    def check(query):
        if "betwen" in query.condition:
            return wrong(query.condition, "betwen", expected=("between", "after"), suggestion="between")
        return m.ConditionReport(
            True,
            description="Every day between 07:00 and 10:00.",
            verdict="Not started: it is not between 07:00 and 10:00.",
            tree=TREE,
            next_starts=(clock.now + 200, clock.now + 86_400),
        )

    controller.answers[m.CheckCondition] = check
    return Host(controller, clock)


async def test_valid_condition_is_explained(pane_app):
    async with pane_app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: "✗ false now" in screen(pane_app))
        shown = screen(pane_app)
        assert "Not started: it is not between 07:00 and 10:00." in shown
        assert "Every day between 07:00 and 10:00." in shown
        assert "Next  14:08:20 in 3m 20s · Wed 14:05" in shown
        assert "├ ✓ true   daily between 07:00 and 10:00  has not run today" in shown
        assert "├ ✗ false  after task 'fetch-prices'  last succeeded 10:02 yesterday" in shown
        assert "└ ? error  is warehouse open  the door does not answer" in shown


def test_why_says_until_when_and_on_which_events(clock):
    zone = timezone.utc
    node = m.ConditionNode(
        "x", False, "never started", clock.now + 7200, (), ("a run of 'load'", "parameter '\x1b[2J'")
    )
    words = why(node, clock.now, zone)
    assert words.startswith("never started · until 16:05 or a run of 'load' or parameter '")
    assert "\x1b" not in words
    assert why(m.ConditionNode("x", True), clock.now, zone) == ""


async def test_no_time_is_promised_while_nothing_starts_by_itself(pane_app, controller):
    async with pane_app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: "in 3m 20s" in screen(pane_app))
        pane_app.pane.changed(m.Delta(2, msgspec.structs.replace(controller.scheduler, state="held")))
        await until(pilot, lambda: "Next  14:08:20, Wed 14:05 if resumed" in screen(pane_app))
        pane_app.pane.show_task(msgspec.structs.replace(pane_app.pane._view, disabled=True))
        await until(pilot, lambda: "Next  14:08:20, Wed 14:05 if enabled" in screen(pane_app))
        assert "in 3m 20s" not in screen(pane_app)


def test_no_time_is_promised_where_only_one_is_known(clock):
    report = m.ConditionReport(True, next=m.NextStart("at", clock.now + 30))
    assert starts(report, clock.now, timezone.utc).plain == "Next  in 30s"
    assert starts(report, clock.now, timezone.utc, unless="enabled").plain == "Next  14:05:30 if enabled"


async def test_no_start_is_foretold_while_the_scheduler_stops(pane_app, controller):
    async with pane_app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: "in 3m 20s" in screen(pane_app))
        pane_app.pane.changed(m.Delta(2, msgspec.structs.replace(controller.scheduler, state="stopping")))
        await until(pilot, lambda: "Next  not before the scheduler is started anew" in screen(pane_app))
        assert "14:08:20" not in screen(pane_app)


async def test_reason_goes_below_where_there_is_no_room(pane_app):
    async with pane_app.run_test(size=(50, 24)) as pilot:
        await until(pilot, lambda: "└ ? error  is warehouse open" in screen(pane_app))
        assert "│          last succeeded 10:02 yesterday" in screen(pane_app)


async def test_invalid_text_is_underlined_and_explained(pane_app):
    async with pane_app.run_test(size=(100, 24)) as pilot:
        pane_app.pane.edit()
        pane_app.pane.editor.text = "daily betwen 07:00"
        await until(pilot, lambda: '✗ 1:7  "betwen" is not expected here' in screen(pane_app))
        shown = screen(pane_app)
        assert "did you mean between?" in shown
        assert "expected between, after" in shown
        assert "true now" not in shown
        styles = typed_style(pane_app, "betwen")
        assert styles[0].underline
        assert not typed_style(pane_app, "07:00")[0].underline


@pytest.mark.parametrize("width", [80, 110])
async def test_as_many_words_are_offered_as_fit_the_line(pane_app, width):
    expected = tuple(f"word-{number:02}" for number in range(30))
    report = wrong(COND, "daily", expected=expected)
    pane_app.pane.controller.answers[m.CheckCondition] = report
    async with pane_app.run_test(size=(width, 24)) as pilot:
        await until(pilot, lambda: "expected word-00" in screen(pane_app))
        (line,) = [line for line in screen(pane_app).splitlines() if "expected word" in line]
        said = line.strip("│ ")
        assert said.endswith(", …")
        # One more would not have fitted: of the frame's width four cells are its own.
        assert width - 4 - len("word-00, ") < len(line.rstrip("│ ")) - 2 <= width - 4


async def test_missing_end_is_underlined_behind_the_text(pane_app):
    text = "daily &"
    report = m.ConditionReport(False, problems=(m.Problem("something is missing", 7, 7, 1, 8),))
    pane_app.pane.controller.answers[m.CheckCondition] = report
    async with pane_app.run_test(size=(100, 24)) as pilot:
        pane_app.pane.editor.load_text(text)
        await until(pilot, lambda: "something is missing" in screen(pane_app))
        (line,) = [strip for strip in pane_app.screen._compositor.render_strips() if "daily &" in strip.text]
        underlined = "".join(segment.text for segment in line if segment.style and segment.style.underline)
        assert underlined == " "


async def test_conditions_of_the_project_are_not_coloured_as_errors(pane_app):
    controller = pane_app.pane.controller
    async with pane_app.run_test(size=(100, 24)) as pilot:
        editor = pane_app.pane.editor

        def component(kind):
            return editor.get_component_rich_style(f"condition--{kind}", partial=True).color

        async def colour(text):
            controller.change(NAME, start_cond=text)
            pane_app.pane.show_task(controller.tasks[NAME])
            await until(pilot, lambda: editor._checked == text)
            await pilot.pause()
            return typed_style(pane_app, "warehouse open")[0].color

        assert await colour("is warehouse open & daily") == component("custom")
        controller.answers[m.CheckCondition] = lambda query: wrong(query.condition, "warehouse open")
        assert await colour("is warehouse open & daily ") == component("error")


async def test_warnings_leave_the_condition_valid(pane_app):
    problem = m.Problem("there is no task 'fetsh'", 0, 5, 1, 1, severity="warning", suggestion="fetch-prices")
    report = m.ConditionReport(True, problems=(problem,), tree=TREE, verdict="Waits.")
    pane_app.pane.controller.answers[m.CheckCondition] = report
    async with pane_app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: "! 1:1  there is no task 'fetsh'" in screen(pane_app))
        assert "did you mean fetch-prices?" in screen(pane_app)
        assert "✗ false now  Waits." in screen(pane_app)


async def test_apply_sends_the_condition_and_ends_editing(pane_app):
    controller = pane_app.pane.controller
    controller.replies[m.SetCondition] = m.Reply(True, "it is kept until the evening")
    async with pane_app.run_test() as pilot:
        pane_app.pane.edit()
        await pilot.press(*" | hourly")
        assert pane_app.pane.modified
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "✓ it is kept until the evening" in screen(pane_app))
        assert controller.sent == [m.SetCondition(NAME, f"{COND} | hourly")]
        assert not pane_app.pane.modified
        assert not pane_app.pane.editor.editing
        # The view follows later; until then what was applied stays.
        controller.change(NAME, state="idle")
        pane_app.pane.show_task(controller.tasks[NAME])
        await pilot.pause()
        assert pane_app.pane.editor.text == f"{COND} | hourly"
        assert not pane_app.pane.modified


async def test_refused_condition_is_kept_with_the_reason(pane_app):
    controller = pane_app.pane.controller
    controller.replies[m.SetCondition] = m.Reply(False, f"no such word {OSC}")
    async with pane_app.run_test() as pilot:
        pane_app.pane.edit()
        await pilot.press(*" x", "ctrl+s")
        await until(pilot, lambda: "✗ not applied: no such word ␛]52" in screen(pane_app))
        assert pane_app.pane.editor.text == f"{COND} x"
        assert pane_app.pane.editor.editing
        assert pane_app.pane.drafts[NAME].text == f"{COND} x"


async def test_escape_puts_the_condition_back(pane_app):
    async with pane_app.run_test() as pilot:
        pane_app.pane.edit()
        await pilot.press(*" x")
        assert "● modified" in screen(pane_app)
        await pilot.press("escape")
        await pilot.pause()
        assert pane_app.pane.editor.text == COND
        assert not pane_app.pane.editor.editing
        assert not pane_app.pane.editor.has_focus
        assert "modified" not in screen(pane_app)
        assert not pane_app.pane.controller.sent


async def test_drafts_stay_with_their_task(pane_app):
    controller, pane = pane_app.pane.controller, pane_app.pane
    async with pane_app.run_test() as pilot:
        pane.edit()
        await pilot.press(*" x")
        pane.show_task(controller.tasks["vacuum"])
        await pilot.pause()
        assert pane.editor.text == "weekly on Sunday"
        assert not pane.modified
        assert "1 more modified" in screen(pane_app)
        # On a busy machine what may stand there is asked for after that, for the text that was typed before.
        assert m.CheckCondition("vacuum", "weekly on Sunday") in controller.asked
        pane.show_task(controller.tasks[NAME])
        await pilot.pause()
        assert pane.editor.text == f"{COND} x"
        assert "● modified" in screen(pane_app)


async def test_draft_survives_a_change_in_the_same_breath(pane_app):
    pane = pane_app.pane
    async with pane_app.run_test() as pilot:
        pane.edit()
        await pilot.pause()
        # The editor's message about this is still under way when the other task is shown.
        pane.editor.insert(" y")
        pane.show_task(pane.controller.tasks["vacuum"])
        assert pane.drafts[NAME].text == f"{COND} y"


async def test_follows_the_task_but_not_over_a_draft(pane_app):
    controller, pane = pane_app.pane.controller, pane_app.pane
    async with pane_app.run_test(size=(100, 24)) as pilot:
        controller.change(NAME, start_cond="hourly")
        pane.show_task(controller.tasks[NAME])
        await pilot.pause()
        assert pane.editor.text == "hourly"
        assert not pane.modified
        pane.edit()
        await pilot.press(*" x")
        controller.change(NAME, start_cond="weekly")
        pane.show_task(controller.tasks[NAME])
        await until(pilot, lambda: "changed meanwhile, to: weekly" in screen(pane_app))
        assert pane.editor.text == "hourly x"
        await pilot.press("escape")
        assert pane.editor.text == "weekly"


async def test_late_answers_are_ignored(pane_app):
    controller, waiting = pane_app.pane.controller, []

    async def ask(query):
        if not isinstance(query, m.CheckCondition):
            return m.Completions()
        answer = asyncio.get_running_loop().create_future()
        waiting.append((query, answer))
        return await asyncio.shield(answer)

    controller.ask = ask
    async with pane_app.run_test() as pilot:
        await until(pilot, lambda: len(waiting) == 1)
        pane_app.pane.edit()
        await pilot.press("x")
        await until(pilot, lambda: len(waiting) == 2)
        waiting[1][1].set_result(m.ConditionReport(True, verdict="the new answer"))
        await until(pilot, lambda: "the new answer" in screen(pane_app))
        waiting[0][1].set_result(m.ConditionReport(True, verdict="the old answer"))
        await pilot.pause(0.05)
        assert "the new answer" in screen(pane_app)
        # An answer that comes after the next key, but before the text is asked about again.
        pane_app.pane.changed(m.Delta(9, controller.scheduler, (controller.tasks[NAME],)))
        await until(pilot, lambda: len(waiting) == 3)
        await pilot.press("y")
        waiting[2][1].set_result(m.ConditionReport(True, verdict="about another text"))
        await pilot.pause()
        assert pane_app.pane.report.verdict == "the new answer"


async def test_looks_again_when_the_truth_may_change(pane_app, clock):
    controller = pane_app.pane.controller
    tree = m.ConditionNode(COND, False, changes_at=clock.now + 30)
    controller.answers[m.CheckCondition] = m.ConditionReport(True, verdict="before", tree=tree)
    async with pane_app.run_test() as pilot:
        await until(pilot, lambda: "before" in screen(pane_app))
        asked = len(controller.asked)
        pane_app.pane.tick()
        await pilot.pause()
        assert len(controller.asked) == asked
        controller.answers[m.CheckCondition] = m.ConditionReport(True, verdict="after that")
        clock.advance(31)
        pane_app.pane.tick()
        await until(pilot, lambda: "after that" in screen(pane_app))


async def test_asks_again_when_a_task_of_the_condition_changes(pane_app):
    controller, pane = pane_app.pane.controller, pane_app.pane
    async with pane_app.run_test() as pilot:
        pane.show_task(controller.tasks["build-report"])
        await until(pilot, lambda: pane.report is not None)
        asked = len(controller.asked)
        pane.changed(m.Delta(2, controller.scheduler, (controller.tasks["vacuum"],)))
        await pilot.pause()
        assert len(controller.asked) == asked
        pane.changed(m.Delta(3, controller.scheduler, (controller.tasks["fetch-prices"],)))
        await until(pilot, lambda: len(controller.asked) > asked)


async def test_only_to_be_read_until_edited(pane_app):
    async with pane_app.run_test() as pilot:
        pane_app.pane.take_focus()
        await pilot.press("x", "ctrl+s")
        assert pane_app.pane.editor.text == COND
        assert not pane_app.pane.controller.sent
        pane_app.pane.edit()
        await pilot.press("x", "enter", "y")
        assert pane_app.pane.editor.text == f"{COND}x\ny"


async def test_editing_begins_at_once(pane_app):
    async with pane_app.run_test() as pilot:
        pane_app.pane.take_focus()
        pane_app.pane.edit()
        # The next key goes there already.
        assert pane_app.focused is pane_app.pane.editor
        await pilot.pause()
        assert pane_app.pane.editor.has_focus


async def test_clicking_the_text_edits_it(pane_app):
    async with pane_app.run_test() as pilot:
        await pilot.click("#condition-editor")
        await pilot.pause()
        assert pane_app.pane.editor.editing
        assert pane_app.pane.editor.has_focus


async def test_leaving_by_tab_keeps_the_draft_and_only_lets_it_be_read(pane_app):
    async with pane_app.run_test() as pilot:
        pane_app.pane.edit()
        await pilot.press("x", "tab")
        await pilot.pause()
        assert not pane_app.pane.editor.editing
        assert pane_app.pane.drafts[NAME].text == f"{COND}x"
        # Without the editor, escape belongs to the main screen.
        assert pane_app.pane.check_action("put_back", ()) is False


async def test_pasted_controls_are_seen(pane_app):
    async with pane_app.run_test() as pilot:
        pane_app.pane.edit()
        await pilot.pause()
        pane_app.pane.editor.post_message(events.Paste(f"{OSC}\r\nx"))
        await until(pilot, lambda: "␛]52" in screen(pane_app))
        assert "\x1b" not in screen(pane_app)


async def test_nothing_from_outside_reaches_the_terminal(controller, clock):
    evil = f"x{OSC}\x9b31m\u202e"
    controller.tasks[NAME] = m.TaskView(
        NAME, "idle", f"daily {evil} & '\x07\x0c'", "", "process", 0, m.NextStart("never")
    )
    controller.answers[m.CheckCondition] = m.ConditionReport(
        True,
        problems=(m.Problem(evil, 3, 400, 1, 4, severity="warning", expected=(evil,), suggestion=evil),),
        description=evil,
        verdict=evil,
        tree=m.ConditionNode(evil, True, evil, children=(m.ConditionNode(f"[red]{evil}\n", None, evil),)),
        next=m.NextStart("when", text=evil),
    )
    controller.answers[m.Complete] = m.Completions((m.Completion(evil, 0, "task"),))
    app = Host(controller, clock)
    async with app.run_test(size=(76, 20)) as pilot:
        await until(pilot, lambda: "true now" in screen(app))
        app.pane.edit()
        await pilot.press("ctrl+n")
        await until(pilot, lambda: app.pane.completions.is_open)
        await pilot.pause()
        shown = screen(app)
        assert "[red]" in shown
        assert not [char for char in shown if char != "\n" and category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")]


async def test_no_task(controller, clock):
    app = Host(controller, clock)
    async with app.run_test() as pilot:
        app.pane.show_task(None)
        app.pane.edit()
        await pilot.press("x", "ctrl+s")
        assert app.pane.editor.text == ""
        assert "No task." in screen(app)
        assert not controller.sent
