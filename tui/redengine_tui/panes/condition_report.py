"""A condition's report in words: what is wrong and where, or what is true now and why, and when it starts next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from rich.cells import cell_len
from textual.content import Content

from redengine.control.messages import ConditionNode, ConditionReport, Problem
from redengine_tui.format import countdown, next_start, not_counted, told_apart
from redengine_tui.panes.ink import INK, MUTED, STRONG, fit
from redengine_tui.text import safe_line

#: Next starts that are listed.
STARTS = 3
#: Depth and number of parts that are drawn. A condition made by code can be large.
MAX_PARTS = 200
#: Cells of the widest truth.
TRUTH_WIDTH = 7


def truth(value: bool | None) -> tuple[str, str]:
    """A truth as glyph and word, and its style."""
    if value is None:
        return "? error", INK["warning"]
    return ("✓ true", INK["success"]) if value else ("✗ false", MUTED)


def verdict(report: ConditionReport, *, applied: bool) -> Content:
    """Truth now, why the task is or is not started, and the condition as a sentence."""
    lines: list[Content] = []
    if report.tree is not None or report.verdict:
        said = safe_line(report.verdict)
        start = Content("") if applied else Content.styled("if applied: ", MUTED)
        if report.tree is not None:
            word, style = truth(report.tree.truth)
            start = Content.assemble(start, Content.styled(f"{word} now", f"{STRONG} {style}".strip()), "  ")
        lines.append(Content.assemble(start, said))
    if report.description:
        lines.append(Content.styled(safe_line(report.description), MUTED))
    return Content("\n").join(lines)


def starts(
    report: ConditionReport, now: float, zone: tzinfo | None, *, unless: str = "", counted: bool = True
) -> Content:
    """When it starts next: the first, if ``counted`` with what is left until then, and those after it.

    ``unless``: what has to be done first, whatever the condition says: ``resumed``, for one.
    """
    coming = [at for at in report.next_starts if at > now][:STARTS]
    if unless and report.next is not None:
        if report.next.kind == "now":
            return Content.assemble(("Next  ", MUTED), f"when {unless}")
        # Of a disabled task no starts are foretold.
        coming = coming or [at for at in (report.next.at,) if at is not None]
    if unless and coming:
        return Content.assemble(("Next  ", MUTED), f"{', '.join(told_apart(coming, now, zone))} if {unless}")
    if not coming:
        if report.next is None:
            return Content("")
        return Content.assemble(("Next  ", MUTED), safe_line(next_start(report.next, now, zone, counted=counted)))
    first, *others = told_apart(coming, now, zone)
    parts = [
        Content.assemble(("Next  ", MUTED), (first, STRONG), f" in {countdown(coming[0] - now)}" if counted else "")
    ]
    parts += map(Content, others)
    return Content.styled(" · ", MUTED).join(parts)


def why(node: ConditionNode, now: float, zone: tzinfo | None) -> str:
    """Why a part is true or false, and until when or until which events: safe text."""
    until = list(node.changes_on)
    if node.changes_at is not None:
        until.insert(0, not_counted(node.changes_at, now, zone))
    words = [node.reason] if node.reason else []
    if until:
        words.append(f"until {' or '.join(until)}")
    return safe_line(" · ".join(words))


def tree(node: ConditionNode, width: int, now: float, zone: tzinfo | None) -> Content:
    """All parts of the condition, each with its truth and why, in ``width`` cells."""
    return Content("\n").join(_branch(node, width, now, zone))


def _branch(root: ConditionNode, width: int, now: float, zone: tzinfo | None) -> list[Content]:
    lines: list[Content] = []
    parts = list(_walk(root, "", ""))
    for node, lead, below in parts[:MAX_PARTS]:
        word, style = truth(node.truth)
        head = Content.assemble((lead, MUTED), fit(Content.styled(word, style), TRUTH_WIDTH + 2))
        text = safe_line(" ".join(node.text.split()))
        # What a part made of others waits for is said of these.
        reason = safe_line(node.reason) if node.children else why(node, now, zone)
        room = width - head.cell_length
        if not reason or Content(text).cell_length + 2 + Content(reason).cell_length <= room:
            lines.append(Content.assemble(head, fit_end(text, room), ("  " + reason if reason else "", MUTED)))
        else:
            indent = Content.styled(below, MUTED).pad_right(head.cell_length - len(below))
            lines.append(Content.assemble(head, fit_end(text, room)))
            lines.append(Content.assemble(indent, Content.styled(fit_end(reason, room).plain, MUTED)))
    if len(parts) > MAX_PARTS:
        lines.append(Content.styled(f"… {len(parts) - MAX_PARTS} more parts", MUTED))
    return lines


def fit_end(text: str, width: int) -> Content:
    """The text, cut with an ellipsis where it is longer than ``width`` cells."""
    return Content(text).truncate(max(width, 1), ellipsis=True)


def _walk(node: ConditionNode, lead: str, below: str) -> Iterator[tuple[ConditionNode, str, str]]:
    """Every part with what is drawn before it and before its second line; without recursion, however deep it is."""
    stack = [(node, lead, below)]
    while stack:
        part, lead, below = stack.pop()
        # A second line keeps the trunk that leads to the part's own children and siblings.
        yield part, lead, below + ("│ " if part.children else "")
        for place, child in reversed(list(enumerate(part.children))):
            last = place == len(part.children) - 1
            stack.append((child, below + ("└ " if last else "├ "), below + ("  " if last else "│ ")))


def problems(found: tuple[Problem, ...], width: int) -> Content:
    """Each problem with its place, what was expected there as far as ``width`` cells hold it, and the nearest word."""
    place = max((len(f"{problem.line}:{problem.column}") for problem in found), default=3)
    indent = " " * (place + 4)
    lines: list[Content] = []
    for problem in found:
        glyph, style = ("✗", INK["error"]) if problem.severity == "error" else ("!", INK["warning"])
        where = f"{problem.line}:{problem.column}"
        lines.append(
            Content.assemble((f"{glyph} ", style), (f"{where:<{place}}  ", STRONG), (safe_line(problem.message), style))
        )
        if problem.suggestion and "did you mean" not in problem.message.lower():
            lines.append(Content.assemble(f"{indent}did you mean ", (safe_line(problem.suggestion, 80), STRONG), "?"))
        if problem.expected:
            lead = f"{indent}expected "
            words = _as_fit([safe_line(word, 40) for word in problem.expected], width - len(lead))
            lines.append(Content.assemble((lead, MUTED), words))
    return Content("\n").join(lines)


def _as_fit(words: list[str], width: int) -> str:
    """As many words as fit, at least one; an ellipsis stands for the others."""
    said = ", ".join(words)
    while len(words) > 1 and cell_len(said) > width:
        words.pop()
        said = f"{', '.join(words)}, …"
    return said


def looks_again_at(report: ConditionReport) -> float | None:
    """The earliest time at which the report may not be right any more; ``None``: not by time alone."""
    times = list(report.next_starts[:1])
    stack = [report.tree] if report.tree is not None else []
    while stack:
        node = stack.pop()
        if node.changes_at is not None:
            times.append(node.changes_at)
        stack.extend(node.children)
    return min(times, default=None)
