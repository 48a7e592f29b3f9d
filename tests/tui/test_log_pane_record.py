"""The record screen: one record whole, its neighbours, and a copy of it."""

from __future__ import annotations

from datetime import timezone
from unicodedata import category

import pytest
from piloting import screen, until
from textual.app import App

from redengine.control import messages as m
from redengine_tui.panes.log_lines import exception_line
from redengine_tui.screens import record
from redengine_tui.screens.record import RecordScreen

EVIL = "x\x1b]52;c;aGVsbG8=\x07\x9b31m\u202e[red]"


@pytest.fixture
def app(controller, clock):
    now = clock.now
    controller.log = [
        m.LogEntry(1, now - 30, "send-mail", "run", run_id="r1", start=now - 30),
        m.LogEntry(
            2, now - 20, "send-mail", "fail", message="could not", level="ERROR", exc_text="Traceback\n  one\n  two\n",
            run_id="r1", start=now - 30, end=now - 20, runtime=10.0,
        ),
        m.LogEntry(3, now - 10, "vacuum", "success", run_id="r2"),
        m.LogEntry(4, now - 5, "send-mail", "run", run_id="r3"),
    ]  # fmt: skip
    controller.answers[m.ReadOutput] = lambda query: m.Output(f"printed by {query.run_id}\n", 18, "/var/out/x.txt")

    class Host(App):
        def on_mount(self):
            self.open(controller.log[1])

        def open(self, entry, **where):
            screen = RecordScreen(controller, clock, entry, where=m.LogFilter(**where), zone=timezone.utc)
            self.push_screen(screen, self.closed.append)

        closed: list = []

    return Host()


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_shows_everything(app, size):
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "printed by r1" in screen(app))
        shown = screen(app)
        for text in (
            "task     send-mail",
            "action   ✗ fail",
            "error    two",
            "logged   2026-11-24 14:04:40",
            "started  2026-11-24 14:04:30",
            "took     10s",
            "level    ERROR",
            "run      r1",
            "could not",
            "  two",
            "18 bytes at /var/out/x.txt",
        ):
            assert text in shown


async def test_a_message_that_says_nothing_new_is_left_out(app):
    async with app.run_test() as pilot:
        app.open(m.LogEntry(5, 0.0, "vacuum", "success", message="Task 'vacuum' status: 'success'"))
        await until(pilot, lambda: "vacuum" in screen(app))
        assert "status:" not in screen(app)
        assert "error" not in screen(app)


async def test_neighbours_within_the_filter(app, controller):
    async with app.run_test() as pilot:
        app.open(controller.log[1], task="send-mail")
        await until(pilot, lambda: app.screen.where.task == "send-mail" and app.screen.is_mounted)
        await pilot.press("n")
        await until(pilot, lambda: app.screen.entry.cursor == 4)
        await until(pilot, lambda: "printed by r3" in screen(app))
        assert "printed by r1" not in screen(app)
        assert "Traceback" not in screen(app)
        await pilot.press("n")
        await until(pilot, lambda: "the newest record" in screen(app))
        await pilot.press("p")
        await until(pilot, lambda: app.screen.entry.cursor == 2)
        await pilot.press("escape")
        await until(pilot, lambda: app.closed == [2])


async def test_a_neighbour_that_is_far_away_is_found(app, controller):
    """A page in which nothing fits is not the end of the log."""
    far = m.LogEntry(9_000, 0.0, "vacuum", "crash")
    pages = {2: m.LogPage(last=4_000), 4_000: m.LogPage(last=8_000), 8_000: m.LogPage((far,), 9_000, 9_000)}
    async with app.run_test() as pilot:
        app.open(controller.log[1], actions=("crash",))
        await until(pilot, lambda: app.screen.where.actions and app.screen.is_mounted)
        controller.answers[m.ReadLog] = lambda query: pages.get(query.after, m.LogPage(at_end=True))
        await pilot.press("n")
        await until(pilot, lambda: app.screen.entry is far)
        await pilot.press("n")
        await until(pilot, lambda: "the newest record" in screen(app))


async def test_copy_is_safe_and_whole(app, controller):
    entry = m.LogEntry(9, 0.0, EVIL, "fail", message=EVIL, exc_text=f"{EVIL}\nline two", run_id="r")
    controller.answers[m.ReadOutput] = m.Output(f"{EVIL}\r\nend", 12, f"/out/{EVIL}")
    async with app.run_test(size=(100, 40)) as pilot:
        app.open(entry)
        await until(pilot, lambda: "Output" in screen(app) and app.screen.entry is entry)
        await pilot.press("c")
        await until(pilot, lambda: [note.message for note in app._notifications] == ["The record is copied: 13 lines"])
        copied = app.clipboard
        assert "line two" in copied
        assert "x␛]52;c;aGVsbG8=␇" in copied
        for text in (copied, screen(app)):
            assert not [char for char in text if char != "\n" and category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")]


async def test_long_output_is_cut_at_its_start(app, controller):
    controller.answers[m.ReadOutput] = m.Output("\n".join(f"line {n}" for n in range(5_000)), 123_456, "/out")
    async with app.run_test() as pilot:
        await until(pilot, lambda: "line 4999" in app.screen.text())
        assert "3,000 lines before" in app.screen.text()
        assert "line 2999\n" not in app.screen.text()


async def test_the_output_of_a_live_run_is_followed(app, controller, monkeypatch):
    monkeypatch.setattr(record, "PAUSE", 0.01)
    printed = ["line 0"]
    controller.answers[m.ReadOutput] = lambda query: m.Output("\n".join(printed), 10 * len(printed), "/out")
    controller.change("send-mail", state="running", runs=(m.RunView("r3", controller.log[3].created),))
    async with app.run_test(size=(100, 24)) as pilot:
        app.open(controller.log[3])
        await until(pilot, lambda: "Output so far  10 bytes at /out" in screen(app))
        printed.extend(f"line {number}" for number in range(1, 100))
        await until(pilot, lambda: "line 99 " in screen(app))
        # Who looks at what was printed before is left there.
        body = app.screen.query_one("#record-body")
        await pilot.press("home")
        await until(pilot, lambda: "line 0 " in screen(app))
        printed.append("line 100")
        await until(pilot, lambda: "line 100" in app.screen.text())
        await pilot.pause()
        assert body.scroll_offset.y == 0
        await pilot.press("end")
        printed.append("the last line")
        controller.change("send-mail", state="success", runs=())
        await until(pilot, lambda: "the last line" in screen(app))
        await pilot.press("home")
        await until(pilot, lambda: "Output  1020 bytes at /out" in screen(app).replace(",", ""))
        controller.asked.clear()
        await pilot.pause(0.1)
        assert controller.asked == []


async def test_of_another_record_nothing_is_followed(app, controller, monkeypatch):
    monkeypatch.setattr(record, "PAUSE", 0.01)
    controller.change("send-mail", state="running", runs=(m.RunView("r3", controller.log[3].created),))
    async with app.run_test(size=(100, 24)) as pilot:
        app.open(controller.log[3])
        await until(pilot, lambda: "which goes on" in screen(app))
        await pilot.press("p")
        await until(pilot, lambda: "printed by r2" in screen(app))
        controller.asked.clear()
        await pilot.pause(0.1)
        assert controller.asked == []
        assert "which goes on" not in screen(app)


async def test_no_output_is_asked_for_without_a_run(app, controller):
    async with app.run_test() as pilot:
        controller.asked.clear()
        app.open(m.LogEntry(9, 0.0, "", "hold", message="by root"))
        await until(pilot, lambda: "by root" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.closed == [9])
        assert m.ReadOutput("") not in controller.asked


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("only this", "only this"),
        ('Traceback\n  File "x.py", line 1, in f\n    boom()\nValueError: no\n', "ValueError: no"),
        ('Traceback\n  File "x.py", line 1, in f\n    boom()\nValueError: no\nnor this\n  that\n', "ValueError: no"),
        ('  File "x.py", line 1\n    a b\n      ^\nSyntaxError: invalid syntax', "SyntaxError: invalid syntax"),
        ("died\nwith signal 9\n", "with signal 9"),
    ],
)
def test_exception_in_one_line(text, said):
    assert exception_line(text) == said
