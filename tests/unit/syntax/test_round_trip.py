"""Whatever can be written is printed as text that means the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redengine.syntax import diagnose, parse_condition, unparse
from redengine.syntax.grammar import parse_statement, quote, unquote

_names = st.text(min_size=1, max_size=12)
_clock = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
_points = {
    "daily": _clock,
    "secondly": st.integers(0, 999).map(str),
    "minutely": st.integers(0, 59).map("{:02d}".format),
    "hourly": st.builds("{:02d}:{:02d}".format, st.integers(0, 59), st.integers(0, 59)),
    "weekly": st.sampled_from(["Mon", "tuesday", "Wed", "Thursday", "FRI", "Sat 10:00", "Sunday 23:59:59"]),
    "monthly": st.integers(1, 31).map("{}.".format) | st.just("last") | st.just("3rd 12:30"),
    "yearly": st.sampled_from(["January", "Feb", "Feb 3rd", "Dec", "December 31st"]),
}
_UNITS = {"daily": "day", "secondly": "second", "minutely": "minute", "hourly": "hour"}
_UNITS |= {"weekly": "week", "monthly": "month", "yearly": "year"}
_SINGLE = ("before", "after", "starting", "on", "at")


@st.composite
def _windows(draw: st.DrawFn, cycle: str) -> str:
    word = draw(st.sampled_from(["between", *_SINGLE]))
    first = draw(_points[cycle])
    return f"{word} {first} and {draw(_points[cycle])}" if word == "between" else f"{word} {first}"


_dates = st.builds(
    "{:04d}-{:02d}-{:02d}{}".format,
    st.integers(1971, 2200),
    st.integers(1, 12),
    st.integers(1, 28),
    st.just("") | _clock.map(" {}".format) | _clock.map("T{}:15.25".format) | st.sampled_from([" 24:00", "T10:00Z"]),
)
_dated = st.one_of(
    st.builds("once {} {}".format, st.sampled_from(_SINGLE), _dates),
    st.builds("once on {} and {} with 2 retries".format, _dates, _dates),
    st.builds("once between {} and {}".format, _dates, _dates),
    st.builds("from {} until {}".format, _dates, _dates),
    _dates.map("from {}".format),
    _dates.map("until {}".format),
)
_cycles = st.sampled_from(sorted(_points))
_several = _cycles.flatmap(lambda cycle: st.builds(f"{cycle} on {{}} and {{}}".format, _points[cycle], _points[cycle]))
_once = _cycles.flatmap(lambda cycle: _windows(cycle).map(lambda window: f"{cycle} {window}"))
_within = _cycles.flatmap(lambda cycle: _windows(cycle).map(lambda window: f"time of {_UNITS[cycle]} {window}"))
_delta = st.builds(
    "{} {}".format, st.integers(1, 5000), st.sampled_from(["ms", "s", "min", "hours", "days", "weeks", "microseconds"])
)
_verbs = st.sampled_from(["succeeded", "failed", "finished", "terminated"])
_bounds = st.sampled_from(["at least", "at most", "more than", "less than", "exactly", "other than"])
_atoms = st.one_of(
    st.sampled_from(
        ["true", "false", "always", "never", "daily", "retry", "retry 3", "has failed", "has crashed today"]
    ),
    _once,
    _several,
    _within,
    _dated,
    st.builds("{} with jitter {}".format, _once | _several | _delta.map("every {}".format), _delta),
    st.builds("{} in {}".format, _once | _within | _dated, st.sampled_from(["UTC", "Europe/Helsinki", "asia/tokyo"])),
    _delta.map("every {}".format),
    _delta.map("has started in past {}".format),
    _delta.map("scheduler has run over {}".format),
    st.builds("after task {} {}".format, _names.map(quote), _verbs),
    st.builds("after tasks {}, {}".format, _names.map(quote), _names.map(quote)),
    st.builds("after any tasks {}, {} {}".format, _names.map(quote), _names.map(quote), _verbs),
    st.builds("task {} has {} this week".format, _names.map(quote), _verbs),
    st.builds("has {} {} {} times today".format, _verbs, _bounds, st.integers(0, 9)),
    st.builds("task {} is running {} {} times".format, _names.map(quote), _bounds, st.integers(0, 9)),
    st.builds("param {} is {}".format, st.sampled_from(["x", "a b"]).map(quote), _names.map(quote)),
    _names.map(quote).map("env {}".format),
)
_expressions = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        inner.map("~({})".format),
        st.builds("({}) & ({})".format, inner, inner),
        st.builds("{} | ({})".format, inner, inner),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(_expressions)
def test_printed_conditions_mean_the_same(text: str) -> None:
    try:
        condition = parse_condition(text)
    except ValueError:
        # An end that its cycle does not have, such as "yearly before Dec 31st 24:00".
        assert diagnose(text)
        return
    printed = unparse(condition)
    again = parse_condition(printed)
    assert again == condition, printed
    assert unparse(again) == printed
    assert str(condition) == text.strip()


@settings(deadline=None)
@given(st.text())
def test_any_name_can_be_quoted(name: str) -> None:
    assert unquote(quote(name)) == name
    statement = parse_statement(f"env {quote(name)}")
    assert statement is not None
    assert unquote(statement.tokens[1]) == name


@pytest.mark.parametrize(
    ("name", "text"), [("a", "'a'"), ("it's", '"it\'s"'), ('say "x"', "'say \"x\"'"), ("C:\\x", "'C:\\x'")]
)
def test_quotes_are_chosen_to_need_no_escapes(name: str, text: str) -> None:
    assert quote(name) == text
