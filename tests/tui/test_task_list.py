"""The task list: sorting, filtering, a cursor that stays on its task, and only what changed drawn again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redengine.control import messages as m
from redengine.control.outlook import IF_RESUMED
from redengine_tui.app import RedEngineTUI
from redengine_tui.panes.tasks import TasksPane
from redengine_tui.screens.main import FRAMES
from redengine_tui.widgets import columns, task_table
from redengine_tui.widgets.task_table import TaskHeading, TaskTable

MANY = 10_000


@pytest.fixture
def make_app(clock):
    return lambda controller: RedEngineTUI(controller, clock=clock)


@pytest.fixture
def app(controller, make_app):
    return make_app(controller)


@pytest.fixture
def many(make_task, make_controller, clock):
    soon = m.NextStart("at", clock.now + 90)
    return make_controller(
        make_task(f"job-{number:05}", state="success", last_run=clock.now - number, next=soon) for number in range(MANY)
    )


@pytest.fixture
def drawn_rows(monkeypatch) -> list[str]:
    """Names of the tasks whose rows were drawn."""
    seen: list[str] = []
    plain = TaskTable._draw

    def noting(self, cells, **kwargs):
        seen.append(cells[1].text)
        return plain(self, cells, **kwargs)

    monkeypatch.setattr(TaskTable, "_draw", noting)
    return seen


@pytest.fixture
def refreshed(monkeypatch) -> list[tuple[int, int] | str]:
    """Lines that were refreshed, or ``all``."""
    seen: list[tuple[int, int] | str] = []
    plain = TaskTable.refresh

    def noting(self, *regions, **kwargs):
        seen.extend([(region.y, region.height) for region in regions] or ["all"])
        return plain(self, *regions, **kwargs)

    monkeypatch.setattr(TaskTable, "refresh", noting)
    return seen


def names(app) -> list[str]:
    return [view.name for view in app.main.tasks.roster]


async def settle(pilot):
    await pilot.pause(1.5 / FRAMES)
    await pilot.pause()


async def test_ten_thousand_tasks_scroll_without_touching_all_of_them(many, make_app, drawn_rows):
    app = make_app(many)
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.main.tasks.table
        assert table.virtual_size.height == MANY
        assert len(set(drawn_rows)) <= table.row_space
        drawn_rows.clear()
        await pilot.press("pagedown", "pagedown", "end", "pageup", "home")
        await pilot.pause()
        assert len(drawn_rows) <= 6 * (table.row_space + 2)
        await pilot.press("end")
        await pilot.pause()
        assert table.render_line(table.row_space - 1).text.split()[2] == f"job-{MANY - 1:05}"
        assert app.main.tasks.current.name == f"job-{MANY - 1:05}"
        drawn_rows.clear()
        await pilot.press("down", "down", "up")
        await pilot.pause()
        assert len(drawn_rows) <= 8


async def test_a_change_of_state_costs_one_line(many, make_app, drawn_rows, refreshed):
    app = make_app(many)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        drawn_rows.clear()
        refreshed.clear()
        many.change("job-00003", state="fail")
        await settle(pilot)
        assert refreshed == [(3, 1)]
        assert drawn_rows == ["job-00003"]
        refreshed.clear()
        many.change("job-09000", state="fail")
        await settle(pilot)
        assert "all" not in refreshed


async def test_time_costs_only_rows_in_view_that_read_otherwise(many, make_app, clock, refreshed, make_task):
    many.change("job-00001", next=m.NextStart("never"))
    app = make_app(many)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        refreshed.clear()
        app.main.tasks.tick()
        assert refreshed == []
        clock.advance(60)
        app.main.tasks.tick()
        lines = [line for line, _ in refreshed]
        assert lines == [line for line in range(app.main.tasks.table.row_space) if line != 1]


async def test_strips_are_kept(app, drawn_rows):
    async with app.run_test(size=(80, 24)):
        table = app.main.tasks.table
        for y in range(6):
            table.render_line(y)
        drawn_rows.clear()
        assert table.render_line(2) is table.render_line(2)
        assert drawn_rows == []


async def test_kept_strips_have_a_bound(many, make_app, monkeypatch):
    monkeypatch.setattr(task_table, "KEPT_STRIPS", 50)
    app = make_app(many)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["pagedown"] * 8)
        await pilot.pause()
        assert len(app.main.tasks.table._drawn) <= 50


async def test_another_theme_draws_anew(app):
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.main.tasks.table
        before = [segment.style for segment in table.render_line(1)]
        app.theme = "paper"
        await pilot.pause()
        assert [segment.style for segment in table.render_line(1)] != before


async def test_a_change_does_not_draw_the_whole_pane_anew(app, controller, monkeypatch):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        pane, whole = app.main.tasks, []
        refresh = type(pane).refresh
        monkeypatch.setattr(
            type(pane), "refresh",
            lambda self, *regions, **how: (whole.append(self), refresh(self, *regions, **how))[1] if not regions
            else refresh(self, *regions, **how),
        )  # fmt: skip
        controller.change("vacuum", duration=3.0)
        await pilot.pause(0.2)
        await pilot.press("j")
        await pilot.pause()
        assert not whole


async def test_sorting_by_each_column_and_back(app):
    async with app.run_test(size=(160, 45)) as pilot:
        heading = app.main.tasks.query_one(TaskHeading)
        project_order = names(app)
        for column in columns.COLUMNS:
            await pilot.press("s")
            assert ("▴Took" if column.right else f"{column.title}▴") in heading.render().plain
        await pilot.press("s")
        assert names(app) == project_order
        assert "▴" not in heading.render().plain
        await pilot.press("s", "s")
        assert names(app) == sorted(project_order)
        await pilot.press("S")
        assert names(app) == sorted(project_order, reverse=True)
        assert "Task▾" in heading.render().plain


async def test_sorting_skips_columns_that_find_no_room(app):
    async with app.run_test(size=(80, 24)) as pilot:
        heading = app.main.tasks.query_one(TaskHeading)
        for _ in app.main.tasks.table.slots:
            await pilot.press("s")
            assert "▴" in heading.render().plain
        await pilot.press("s")
        assert app.main.tasks.roster.column is None
        # Sorted by a column that lost its room since: from the first one on.
        app.main.tasks._sort("took", falling=False)
        await pilot.press("s")
        assert "State▴" in heading.render().plain


async def test_a_click_on_a_heading_sorts_and_another_turns_it_round(app):
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.click(TaskHeading, offset=(14, 0))
        assert app.main.tasks.roster.column.id == "name"
        await pilot.click(TaskHeading, offset=(14, 0))
        assert names(app)[0] == "vacuum"


async def test_the_cursor_stays_on_its_task(app, controller):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "j")
        assert app.main.tasks.current.name == "send-mail"
        await pilot.press("s")
        assert app.main.tasks.current.name == "send-mail"
        assert app.main.tasks.table.cursor == names(app).index("send-mail") == 0
        controller.change("send-mail", state="idle")
        await settle(pilot)
        assert app.main.tasks.table.cursor == names(app).index("send-mail") > 0
        await pilot.press("r")
        await pilot.pause()
        assert controller.sent == [m.Run("send-mail")]


async def test_filtering(app):
    async with app.run_test(size=(80, 24)) as pilot:
        pane = app.main.tasks
        await pilot.press("slash", *"fetch")
        assert names(app) == ["fetch-prices", "build-report", "cleanup"]
        assert pane._border_subtitle.plain == "3 of 6"
        await pilot.press("enter", "j", "r")
        await settle(pilot)
        assert app.main.controller.sent == [m.Run("build-report")]
        await pilot.press("escape")
        assert len(names(app)) == 6
        assert pane.current.name == "build-report"
        assert not pane.query_one("#filter").display
        await pilot.press("slash", *"zzz")
        assert pane.current is None
        assert 'No task has "zzz"' in pane.table.render_line(1).text
        await pilot.press("escape")
        assert pane.current is not None


async def test_while_the_filter_is_typed_its_best_hit_is_under_the_cursor(app, controller):
    controller.change("build-report", start_cond="after task 'cleanup'")
    async with app.run_test(size=(80, 24)) as pilot:
        pane = app.main.tasks
        await pilot.press("end", "k", "slash")
        assert pane.current.name == "sync-stock"
        # The first by its name, not the first that is shown: that waits for it.
        await pilot.press(*"clean")
        assert names(app) == ["build-report", "cleanup"]
        assert pane.current.name == "cleanup"
        # None has it in its name: the first that is shown.
        await pilot.press(*["backspace"] * 5, *"daily")
        assert names(app) == ["send-mail", "cleanup"]
        assert pane.current.name == "send-mail"
        await pilot.press(*["backspace"] * 5)
        assert pane.current.name == "sync-stock"
        await pilot.press(*"zzz", "escape")
        assert pane.current.name == "sync-stock"
        await pilot.press("slash", *"daily", "enter", "r")
        await settle(pilot)
        assert controller.sent == [m.Run("send-mail")]
        # It was chosen: to see all tasks again is no reason to leave it.
        await pilot.press("escape")
        assert pane.current.name == "send-mail"


async def test_a_filter_matches_states_and_keeps_matching(app, controller):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"blocked", "enter")
        assert names(app) == ["sync-stock"]
        controller.change("vacuum", state="blocked")
        await settle(pilot)
        assert names(app) == ["vacuum", "sync-stock"]
        assert app.main.tasks.current.name == "sync-stock"


async def test_the_other_panes_are_told_which_task_it_is(app, controller, monkeypatch):
    seen = []
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(pilot)
        monkeypatch.setattr(
            app.main.panes["log"], "show_task", lambda view: seen.append(view and (view.name, view.state))
        )
        await pilot.press("j")
        controller.change("build-report", state="fail", runs=())
        await settle(pilot)
        controller.change("vacuum", state="idle")
        await settle(pilot)
        controller.push(removed=list(controller.tasks))
        await settle(pilot)
    assert seen == [("build-report", "running"), ("build-report", "fail"), None]


async def test_a_click_chooses_a_row_and_a_second_opens_it(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(TaskTable, offset=(3, 2))
        assert app.main.tasks.current.name == "send-mail"
        await pilot.click(TaskTable, offset=(3, 2))
        await pilot.pause()
        assert type(app.screen).__name__ == "TaskScreen"


async def test_several_runs_and_ending_ones_are_told(app, controller, clock):
    runs = (m.RunView("1", clock.now - 9), m.RunView("2", clock.now - 3))
    async with app.run_test(size=(80, 24)) as pilot:
        controller.change("build-report", runs=runs)
        await settle(pilot)
        assert "► running ×2" in app.main.tasks.table.render_line(1).text
        controller.change("build-report", runs=(m.RunView("1", clock.now, terminating=True),))
        await settle(pilot)
        assert "► ending" in app.main.tasks.table.render_line(1).text


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40), (160, 45)])
async def test_a_row_is_of_one_run_and_says_nothing_twice(app, controller, size):
    controller.change("vacuum", last_result="fail")
    async with app.run_test(size=size):
        table = app.main.tasks.table
        heading = app.main.tasks.query_one(TaskHeading).render().plain
        done, running, failed, disabled = (table.render_line(line).text for line in range(4))
        assert done.count("success") == failed.count("fail") == 1
        # What the run before the live one came to has a column of its own, where names are not cut for it.
        assert ("Before" in heading) == ("✓ success" in running) == ("✗ fail" in disabled) == (size[0] == 160)
        if size[0] == 160:
            assert running.index("✓ success") == disabled.index("✗ fail") == heading.index("Before")


async def test_what_is_started_by_no_condition_says_so(app, controller, make_task):
    controller.push(
        make_task("page", start_cond="false"),
        make_task("open", start_cond="false", on_startup=True),
        make_task("close", start_cond="false", on_shutdown=True),
    )
    async with app.run_test(size=(160, 45)):
        words = ("only by hand", "at startup", "at shutdown")
        for line, said in enumerate(words, start=6):
            assert said in app.main.tasks.table.render_line(line).text


async def test_no_time_is_promised_while_the_scheduler_is_on_hold_or_stops(app, controller, clock):
    controller.change("fetch-prices", next=m.NextStart("at", clock.now + 200, IF_RESUMED))
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.main.tasks.table
        assert table.render_line(0).text.rstrip().endswith("(14:08:20)")
        controller.push(state="stopping")
        await settle(pilot)
        assert table.render_line(0).text.rstrip().endswith("—")
        assert table.render_line(1).text.rstrip().endswith("—")
        controller.push(state="running")
        await settle(pilot)
        assert "(14:08:20)" in table.render_line(0).text


def test_columns_have_ids_of_their_own():
    ids = {column.id for column in columns.COLUMNS}
    assert len(ids) == len(columns.COLUMNS)
    assert set(columns.GROWING) <= ids | {"scheduler"}
    assert replace(columns.COLUMNS[0]) == columns.COLUMNS[0]
    assert TasksPane.HELP


@pytest.mark.parametrize("theme", ["ember", "fjord", "paper", "contrast", "terminal"])
async def test_the_row_under_the_cursor_can_be_told_with_and_without_the_keyboard(app, theme):
    async with app.run_test(size=(160, 45)) as pilot:
        app.theme = theme
        await pilot.pause()
        table = app.main.tasks.table

        def looks(y):
            styles = [segment.style for segment in table.render_line(y)]
            return {(str(style.bgcolor), style.reverse, style.underline) for style in styles if style}

        assert looks(0).isdisjoint(looks(1))
        await pilot.press("l")
        assert looks(0).isdisjoint(looks(1))
