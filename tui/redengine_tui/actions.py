"""The one registry of what can be done: keys, footer, help page and command palette all come from here.

A screen or pane takes its bindings with :func:`bindings`; the method it needs for each is ``action_<action>``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

#: Who holds the binding: the app, the main screen (whichever pane has the keyboard), one pane, the record screen, the
#: screen over many schedulers, or its list of them.
Where = Literal["app", "main", "tasks", "condition", "parameters", "log", "record", "fleet", "schedulers"]

#: Holders in the order of the help page, with their headings.
HEADINGS: Mapping[Where, str] = {
    "main": "Anywhere",
    "app": "Program",
    "tasks": "Task list",
    "condition": "Condition",
    "parameters": "Parameters",
    "log": "Log",
    "record": "Log record",
    "fleet": "Many schedulers",
    "schedulers": "List of schedulers",
}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing an operator can do."""

    #: Name in the configuration's ``[keys]``; unique.
    id: str
    #: Default keys as Textual names them; the first is the one shown.
    keys: tuple[str, ...]
    #: Runs ``action_<action>`` of whoever holds the binding.
    action: str
    #: One or two words, for the footer.
    label: str
    #: A sentence for the help page.
    help: str
    where: Where
    #: Entry in the command palette; empty: none.
    palette: str = ""
    #: Whether the footer shows it, and how soon it gives way there when there is no room: 0 never does.
    show: bool = False
    rank: int = 1
    #: Whether it changes something in the scheduler, so that a view-only screen does not offer it.
    steers: bool = False
    #: Whether it can cost work that is under way, so that it asks before it does anything.
    destructive: bool = False
    #: Whether it is taken before the focused widget sees the key.
    priority: bool = False

    def binding(self) -> Binding:
        """The binding for Textual."""
        return Binding(
            ",".join(self.keys),
            self.action,
            self.label,
            show=self.show,
            tooltip=self.help,
            id=self.id,
            priority=self.priority,
        )


# fmt: off
ACTIONS: tuple[Act, ...] = (
    # Order is the order of the footer and of the help page.
    Act("task.run", ("r",), "run_task", "Run", "Run the task once, now, whatever its condition says.", "main",
        palette="Run the task now", show=True, rank=2, steers=True),
    Act("task.disable", ("d",), "toggle_task", "On/off",
        "Disable the task until the scheduler is started anew, or enable it.", "main",
        palette="Disable or enable the task", show=True, rank=4, steers=True),
    Act("task.terminate", ("t",), "terminate_task", "Terminate", "Stop the task's live runs. Asks first.", "main",
        palette="Terminate the task", show=True, rank=3, steers=True, destructive=True),
    Act("pane.condition", ("e",), "edit_condition", "Edit", "Edit the task's start condition.", "main",
        palette="Edit the condition", show=True, rank=6),
    Act("pane.parameters", ("p",), "show_pane('parameters')", "Params", "Show the task's parameters.", "main",
        palette="Show the parameters", show=True, rank=7),
    Act("pane.log", ("l",), "show_pane('log')", "Log", "Show the log.", "main",
        palette="Show the log", show=True, rank=8),
    Act("pane.tasks", ("escape",), "show_tasks", "Tasks", "Back to the task list.", "main",
        palette="Show the task list", show=True, rank=0),
    Act("fleet.back", ("escape",), "leave_visit", "All", "From the task list: back to the list of many schedulers.",
        "main", palette="Back to the list of many schedulers", show=True, rank=0),
    Act("scheduler.hold", ("h",), "toggle_hold", "Hold",
        "Hold the scheduler, so that nothing starts by condition, or resume it. Running tasks go on.", "main",
        palette="Hold or resume the scheduler", show=True, rank=5, steers=True),
    Act("pane.next", ("tab",), "next_pane", "Next pane", "Go to the next pane.", "main"),
    Act("pane.previous", ("shift+tab",), "previous_pane", "Previous pane", "Go to the previous pane.", "main"),
    Act("tasks.filter", ("slash",), "filter", "Filter", "Show only tasks whose name, state or condition has a text.",
        "tasks", palette="Filter the task list", show=True),
    Act("tasks.sort", ("s",), "sort", "Sort", "Sort the task list by the next column.", "tasks",
        palette="Sort the task list by the next column", show=True, rank=9),
    Act("tasks.reverse", ("S",), "reverse", "Reverse", "Reverse the order of the task list.", "tasks",
        palette="Reverse the order of the task list"),
    # ctrl+c leaves what escape leaves: who cancels what he types is not to end the scheduler.
    Act("tasks.clear", ("escape", "ctrl+c"), "clear_filter", "All tasks", "Show all tasks again.", "tasks",
        show=True),
    Act("tasks.details", ("enter",), "details", "Details", "Show the details of the task.", "tasks",
        palette="Show the details of the task"),
    Act("tasks.up", ("up", "k"), "move(-1)", "Up", "Go to the task above.", "tasks"),
    Act("tasks.down", ("down", "j"), "move(1)", "Down", "Go to the task below.", "tasks"),
    Act("tasks.page_up", ("pageup",), "page(-1)", "Page up", "Go up by a page.", "tasks"),
    Act("tasks.page_down", ("pagedown",), "page(1)", "Page down", "Go down by a page.", "tasks"),
    Act("tasks.first", ("home", "g"), "first", "First", "Go to the first task.", "tasks"),
    Act("tasks.last", ("end", "G"), "last", "Last", "Go to the last task.", "tasks"),
    Act("condition.apply", ("ctrl+s",), "apply", "Apply",
        "Apply the edited condition until the scheduler is started anew.", "condition", show=True, steers=True),
    Act("condition.put_back", ("escape", "ctrl+c"), "put_back", "Put back",
        "Put the condition back as it is; once more: back to the task list.", "condition", show=True),
    Act("condition.edit", ("enter",), "edit", "Edit", "Edit the condition.", "condition"),
    # ctrl+@ is what a terminal without the newer keyboard protocols sends for ctrl+space.
    Act("condition.complete", ("ctrl+space", "ctrl+n", "ctrl+@"), "complete", "Complete", "Offer what may stand here.",
        "condition", show=True),
    Act("parameters.evaluate", ("enter",), "evaluate", "Evaluate",
        "Work out the value of the parameter now; this runs its function.", "parameters", show=True, steers=True),
    Act("parameters.up", ("up", "k"), "move(-1)", "Up", "Go to the parameter above.", "parameters"),
    Act("parameters.down", ("down", "j"), "move(1)", "Down", "Go to the parameter below.", "parameters"),
    Act("parameters.page_up", ("pageup",), "page(-1)", "Page up", "Go up by a page.", "parameters"),
    Act("parameters.page_down", ("pagedown",), "page(1)", "Page down", "Go down by a page.", "parameters"),
    Act("log.open", ("enter",), "open_record", "Open", "Show the record whole, with traceback and output.", "log",
        show=True),
    Act("log.back", ("escape", "ctrl+c"), "back", "Back",
        "Close the input (a text is dropped), stop the search, or go back from a record's context to the filter.",
        "log", show=True),
    # In 80 columns there is room for the filters, and for what is done with a hit.
    Act("log.search", ("slash",), "search", "Find", "Show only records that have a text.", "log",
        palette="Search the log for a text", show=True),
    Act("log.action", ("a",), "cycle_action", "Kind", "Show only records of one action: all, run, success, fail …",
        "log", palette="Filter the log by action", show=True),
    Act("log.level", ("v",), "cycle_level", "Level", "Show only records of a level and worse: all, INFO, WARNING …",
        "log", palette="Filter the log by level", show=True, rank=5),
    Act("log.task", ("f",), "toggle_task_filter", "Task", "Show only records of the record's task, or of all tasks.",
        "log", palette="Filter the log by the task", show=True),
    Act("log.span", ("s",), "span", "Time", "Show only records of a span of time.", "log",
        palette="Filter the log by time", show=True),
    Act("log.clear", ("backspace",), "clear_filter", "All", "Show all records: drop every filter.", "log",
        palette="Drop every filter of the log", show=True),
    Act("log.go_to", ("ctrl+g",), "go_to", "Go to", "Go to a time.", "log",
        palette="Go to a time in the log", show=True, rank=3),
    Act("log.context", ("x",), "context", "Around", "Show the record amid its neighbours, without the filter.", "log",
        palette="Show the log's record amid its neighbours", show=True, rank=2),
    Act("log.copy", ("c",), "copy", "Copy", "Copy the record's line to the clipboard.", "log",
        palette="Copy the line of the log", show=True, rank=4),
    Act("log.export", ("w",), "export", "Write", "Write what the filter lets through to a file.", "log",
        palette="Write the log to a file (CSV, JSON lines)", show=True, rank=4),
    Act("log.up", ("up", "k"), "move(-1)", "Up", "Go to the record above.", "log"),
    Act("log.down", ("down", "j"), "move(1)", "Down", "Go to the record below.", "log"),
    Act("log.page_up", ("pageup",), "page(-1)", "Page up", "Go up by a page.", "log"),
    Act("log.page_down", ("pagedown",), "page(1)", "Page down", "Go down by a page.", "log"),
    Act("log.first", ("home", "g"), "first", "Oldest", "Go to the oldest record; with a filter, the oldest found.",
        "log"),
    Act("log.last", ("end", "G"), "last", "Newest", "Go to the newest record and follow the log.", "log"),
    Act("record.next", ("n",), "step(1)", "Next", "Show the next record.", "record", show=True),
    Act("record.previous", ("p",), "step(-1)", "Previous", "Show the previous record.", "record", show=True),
    Act("record.close", ("escape", "q", "enter"), "close", "Close", "Back to the log.", "record", show=True),
    Act("record.copy", ("c",), "copy", "Copy", "Copy the record to the clipboard.", "record", show=True),
    Act("fleet.open", ("enter",), "open_scheduler", "Open",
        "Open the scheduler's own screen, with the cursor on the task; escape comes back.", "fleet",
        palette="Open the scheduler's own screen", show=True),
    Act("schedulers.up", ("up", "k"), "move(-1)", "Up", "Go to the scheduler above.", "schedulers"),
    Act("schedulers.down", ("down", "j"), "move(1)", "Down", "Go to the scheduler below.", "schedulers"),
    Act("schedulers.page_up", ("pageup",), "page(-1)", "Page up", "Go up by a page.", "schedulers"),
    Act("schedulers.page_down", ("pagedown",), "page(1)", "Page down", "Go down by a page.", "schedulers"),
    Act("schedulers.first", ("home", "g"), "first", "First", "Go to the first scheduler.", "schedulers"),
    Act("schedulers.last", ("end", "G"), "last", "Last", "Go to the last scheduler.", "schedulers"),
    Act("schedulers.only", ("slash",), "only", "Its tasks", "Show only the tasks of the scheduler.", "schedulers",
        palette="Show only the tasks of the scheduler", show=True),
    Act("app.palette", ("ctrl+p",), "command_palette", "Commands", "Find a command by its name.", "app",
        show=True, rank=10, priority=True),
    Act("app.theme", (), "theme", "Theme", "Choose the colours.", "app", palette="Choose a theme"),
    Act("app.redraw", ("ctrl+l",), "redraw", "Redraw", "Draw the screen again, when something else wrote over it.",
        "app", palette="Draw the screen again", priority=True),
    Act("app.help", ("question_mark", "f1"), "help", "Help", "Show the keys, and what all signs mean.", "app",
        palette="Help: keys and signs", show=True, rank=0),
    Act("app.quit", ("q", "ctrl+c"), "quit", "Leave",
        "Leave the screen. The scheduler goes on, but for that of a demo or with --stop-on-quit.", "app",
        palette="Leave the screen", show=True, rank=0),
    Act("app.stop", ("Q",), "stop", "Stop", "Stop the scheduler, and leave. Asks first; waiting can be taken back.",
        "app", palette="Stop the scheduler", show=True, rank=10, steers=True, destructive=True),
)
# fmt: on

#: Actions of a pane that take a key of the screen around it on purpose: they hand it on when they have no use for it.
#: Back to the task list and back from there are never both possible.
SHADOWS = frozenset({"tasks.clear", "condition.put_back", "log.back", "pane.tasks", "fleet.back"})

#: What the screen over many schedulers does as the main screen does it.
SHARED = ("task.run", "task.disable", "task.terminate", "scheduler.hold", "pane.next", "pane.previous")

BY_ID: Mapping[str, Act] = {act.id: act for act in ACTIONS}


def held_by(where: Where) -> Iterator[Act]:
    """What the app, a screen or a pane can do, in order."""
    return (act for act in ACTIONS if act.where == where)


def bindings(where: Where) -> list[BindingType]:
    """The ``BINDINGS`` of the app, a screen or a pane."""
    return [act.binding() for act in held_by(where) if act.keys]


def shared_bindings() -> list[BindingType]:
    """What the screen over many schedulers has of the main screen's."""
    return [BY_ID[name].binding() for name in SHARED]


def clashes(keymap: Mapping[str, str]) -> list[tuple[str, tuple[str, ...]]]:
    """Keys that would mean two things at the same place, with the ids of the actions; ``keymap`` overrides keys.

    A pane's key hides that of the screen and the program around it, which is meant only for :data:`SHADOWS`.
    """
    found: dict[tuple[str, tuple[str, ...]], None] = {}
    for where in HEADINGS:
        by_key: dict[str, list[Act]] = {}
        for act in ACTIONS:
            if act.where == where or act in _around(where):
                for key in keys_of(act, keymap):
                    by_key.setdefault(key, []).append(act)
        for key, acts in by_key.items():
            ids = tuple(act.id for act in acts)
            if len(ids) > 1 and not SHADOWS.issuperset(act.id for act in acts if act.where == where):
                found[key, ids] = None
    return list(found)


def _around(where: Where) -> tuple[Act, ...]:
    """What can be done at a place beside what is its own."""
    if where == "record":
        # Its screen is modal: nothing around it is reached from there.
        return ()
    if where in ("fleet", "schedulers"):
        fleet = ("fleet",) if where == "schedulers" else ()
        return tuple(act for act in ACTIONS if act.where in (*fleet, "app") or act.id in SHARED)
    return tuple(act for act in ACTIONS if act.where in ("main", "app"))


def keys_of(act: Act, keymap: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of an act, its own or those that the keymap gives it."""
    return tuple(keymap[act.id].split(",")) if act.id in keymap else act.keys
