"""What a person is told about a text that is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redengine.exc import ConditionSyntaxError, ParserError
from redengine.syntax import diagnose, parse_condition, spans


def _located(text: str) -> list[tuple[str, str]]:
    """What is underlined, and the message."""
    return [(text[problem.start : problem.end], problem.message) for problem in diagnose(text)]


@pytest.mark.parametrize(
    ("text", "word", "suggestion"),
    [
        ("dayly", "dayly", "daily"),
        ("dayly between 07:00 and 10:00", "dayly", "daily"),
        ("daily betwen 07:00", "betwen", "between"),
        ("Weekly on Mondey", "Mondey", "Monday"),
        ("time of week on mondya", "mondya", "Monday"),
        ("monthly on lst", "lst", "last"),
        ("yearly on Febuary 3rd", "Febuary", "February"),
        ("daily between 07:00 adn 10:00", "adn", "and"),
        ("every 10 secnds", "secnds", "seconds"),
        ("every 10", "10", "10 seconds"),
        ("after taks 'x'", "taks", "task"),
        ("after task 'x' suceeded", "suceeded", "succeeded"),
        ("task 'x' has faild", "faild", "failed"),
        ("task 'x' has failed todya", "todya", "today"),
        ("has failed this wek", "wek", "week"),
        ("scheduler has run ovr 10 min", "ovr", "over"),
        ("scheduler has mor than 3 cycles", "mor", "more"),
        ("has failed at laest 3 times", "laest", "least"),
        ("has failed at least 3 tims today", "tims", "times"),
        ("time of dya after 10:00", "dya", "day"),
        ("param 'x' exits", "exits", "exists"),
        ("allways true", "allways", "always"),
        ("crom * * * * *", "crom", "cron"),
        ("cron @dayly", "@dayly", "@daily"),
        ("every day", "day", "1 day"),
        ("daily and weekly", "and", "&"),
        ("daily with jiter 10 min", "jiter", "jitter"),
        ("daily with jitter 10", "10", "10 seconds"),
        ("daily at 10:00 in Europe/Helsinky", "Europe/Helsinky", "Europe/Helsinki"),
        ("cron 0 8 * * * in UTX", "UTX", "UTC"),
        ("once at 2030-12-01 10:00 and daily", "and", "&"),
        ("from 2030-12-01 untl 2030-12-02", "untl", "until"),
        ("daily at 10:00 and weekly", "and", "&"),
        ("daily at 10:00, every 5 minutes", ",", "&"),
        ("weekly on Mon, Tue and Firday", "Firday", "Friday"),
        ("daily OR weekly", "OR", "|"),
        ("not daily", "not", "~"),
    ],
)
def test_the_nearest_word_is_suggested_at_its_place(text: str, word: str, suggestion: str) -> None:
    (problem,) = diagnose(text)
    assert text[problem.start : problem.end] == word
    assert problem.suggestion == suggestion
    assert suggestion in problem.message


@pytest.mark.parametrize(
    ("text", "word", "message"),
    [
        (
            "task 'x' is due every 1 h with jitter 1 min",
            "task 'x' is due every 1 h with jitter 1 min",
            "this cannot be: a task has the jitter of its own rhythm only, not of another task's",
        ),
        ("once at 2030-13-01", "2030-13-01", '"2030-13-01" is not a date: month must be in 1..12'),
        (
            "until 2030-12-24 25:00",
            "2030-12-24 25:00",
            "\"2030-12-24 25:00\" is not a date: '25:00' is not a time of day; a day runs from 00:00 to 24:00",
        ),
        (
            "once at 10:00",
            "10:00",
            '"10:00" is not expected here; expected a date or a date and time (like 2030-01-31 10:00)',
        ),
        (
            "from 2030-12-24 until 2030-12-01",
            "from 2030-12-24 until 2030-12-01",
            "this cannot be: 2030-12-01 is not after 2030-12-24",
        ),
        (
            "from 2030-12-01 24:00",
            "from 2030-12-01 24:00",
            "this cannot be: '2030-12-01 24:00': nothing starts at 24:00; write 00:00 of the day after",
        ),
        ("has started 2 times", "2", '"2" is not expected here; expected "at", "during", "exactly", "in", "less"'),
        ("has failed at least two times", "two", '"two" is not expected here; expected a whole number'),
        ("every -5 s", "-5 s", '"-5 s": a length of time is not negative'),
        ("every 1 month", "1 month", '"1 month": months have no fixed length'),
        ("at least 2 times", "at", '"at" is not a condition; write one like daily'),
        (
            "has crashed less than 2 and less than 3 times | true",
            "has crashed less than 2 and less than 3 times",
            "this cannot be: 'less' is said twice",
        ),
        ("has failed at least 2", "", 'something is missing here: expected "and", "time" or "times"'),
        ("true &", "&", '"&" needs a condition after it'),
        ("true |", "|", '"|" needs a condition after it'),
        ("& true", "&", '"&" needs a condition before it'),
        ("| true", "|", '"|" needs a condition before it'),
        ("true & | false", "&", '"&" needs a condition after it'),
        ("~", "~", '"~" needs a condition after it'),
        ("(& true)", "&", '"&" needs a condition before it'),
        ("(", "(", '"(" needs a condition after it'),
        ("(true", "(", '"(" is not closed: ")" is missing'),
        ("true)", ")", '")" closes nothing: there is no "(" before it'),
        ("()", "()", "there is no condition between the parentheses"),
        ("true (false)", "", 'an operator ("&" or "|") is missing here'),
        ("(true) false", "", 'an operator ("&" or "|") is missing here'),
        ("true ~ false", "", 'an operator ("&" or "|") is missing here'),
        ("after task 'x", "'x", "this quote is not closed: ' is missing at its end"),
        ('param "x is 3', '"x is 3', 'this quote is not closed: " is missing at its end'),
        ("daily after", "", "something is missing here: expected a time of day (like 07:00)"),
        ("daily between 10:00", "", 'something is missing here: expected "and"'),
        ("after tasks 'a',", "", "something is missing here: expected the name of a task in quotes"),
        ("after task x", "x", '"x" is not expected here; expected the name of a task in quotes'),
        ("true true", "true", '"true" is not expected here: the condition is complete before it'),
        ("daily after 25:00", "25:00", '"25:00" is not a time of day; a day runs from 00:00 to 24:00'),
        ("weekly on Monday 25:00", "Monday 25:00", '"Monday 25:00": '),
        ("monthly on 32nd", "32nd", '"32nd": days of a month go from 1st to 31st'),
        ("every full moon", "full moon", '"full moon" is not a length of time'),
        ("every P1M", "P1M", '"P1M" is not an ISO 8601 duration of fixed length'),
        ("cron * * *", "* * *", '"* * *": '),
        ("cron 99 * * * *", "99 * * * *", '"99 * * * *" is not valid: '),
        ("during 'past 2 hours'", "during 'past 2 hours'", "this cannot be: a length of time has no inside"),
        ("during ''", "", "the time period is empty"),
        ("has failed during 'yestrday'", "yestrday", '"yestrday" is not expected here; did you mean "yesterday"?'),
        ("has failed during '~always'", "~", '"~" does not go with time periods'),
        ("has failed during 'between 2030-02-30 and 2030-03-01'", "2030-02-30", '"2030-02-30": '),
        ("every 1 hour and", "and", '"and" is not expected here; did you mean "&"?'),
        ("param 'a' is 1 and 'a' is 2", "param 'a' is 1 and 'a' is 2", "this cannot be: parameter 'a' is given two"),
        ("daily after 24:00", "daily after 24:00", "this cannot be: '24:00' is out of range for a day"),
        (
            "task 'it's done' is running",
            "s",
            'the name ends before "s"; put a name that has quotes in it between double',
        ),
        ("it is not valid", "it", '"it" is not a condition; write one like daily'),
        ("this is not valid", "is", '"is" is not expected here; expected "task"'),
        ("every 10", "10", "\"10\": add a unit to 10, for example '10 seconds'"),
    ],
)
def test_the_message_says_what_and_where(text: str, word: str, message: str) -> None:
    ((found, said),) = _located(text)
    assert found == word
    assert said.startswith(message)


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_an_empty_text_is_told_what_to_write(text: str) -> None:
    (problem,) = diagnose(text)
    assert "the condition is empty; write one like daily" in problem.message


def test_the_exception_reads_as_documented() -> None:
    with pytest.raises(ConditionSyntaxError) as caught:
        parse_condition("daily betwen 07:00")
    assert str(caught.value) == (
        '`daily betwen 07:00`: line 1, column 7: "betwen" is not expected here; did you mean "between"?'
    )
    assert caught.value.diagnostics == diagnose("daily betwen 07:00")
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, ParserError)


def test_a_missing_operand_is_an_index_error_too_as_it_was() -> None:
    with pytest.raises(IndexError):
        parse_condition("true &")


def test_lines_and_columns_count_from_one() -> None:
    (problem,) = diagnose("true\n  & dayly")
    assert (problem.line, problem.column) == (2, 5)
    with pytest.raises(ConditionSyntaxError, match=r"^`& dayly`: line 2, column 5: "):
        parse_condition("true\n  & dayly")


def test_every_independent_error_is_found() -> None:
    text = "dayly & (weekly on Mondey | ~every 3 parsecs) & & true"
    assert [word for word, _ in _located(text)] == ["dayly", "Mondey", "3 parsecs", "&"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("daily between 25:00 and 26:00", ["25:00", "26:00"]),
        # Found by fuzzing: what is missing at the end hid what is wrong before it.
        ("daily between 25:00 and ", ["25:00", ""]),
        ("has failed this week between Mondey and", ["Mondey", ""]),
        ("has failed during 'yestrday & (nevr | always)'", ["yestrday", "nevr"]),
        ("every 10 based on finsh", ["10", "finsh"]),
    ],
)
def test_errors_of_one_statement_are_found_beside_each_other(text: str, words: list[str]) -> None:
    assert [word for word, _ in _located(text)] == words


def test_what_was_expected_is_in_words() -> None:
    (problem,) = diagnose("daily xyz")
    windows = ("after", "at", "before", "between", "in", "on", "starting")
    assert problem.expected == (*windows, "with", "the end of the condition")


def test_unknown_tasks_are_warnings_with_the_nearest_name() -> None:
    text = "after tasks 'load', 'tranform' & task 'nothing like it' has failed"
    first, second = diagnose(text, task_names=["load", "transform"])
    assert (first.severity, text[first.start : first.end], first.suggestion) == ("warning", "'tranform'", "transform")
    assert 'there is no task "tranform"; did you mean "transform"?' in first.message
    assert (second.severity, second.suggestion) == ("warning", "")


def test_unknown_tasks_are_told_beside_errors() -> None:
    text = "after task 'lod' faild & task 'lod' has failed past 2 hors"
    assert [text[problem.start : problem.end] for problem in diagnose(text, task_names=["load"])] == [
        *("'lod'", "faild", "'lod'", "hors"),
    ]


def test_the_error_that_is_raised_tells_of_all() -> None:
    with pytest.raises(ConditionSyntaxError, match=r"column 1: .*; line 1, column 9: ") as raised:
        parse_condition("dayly & hourli")
    assert raised.value.text == "dayly & hourli"


def test_tasks_are_not_checked_when_it_is_not_known_which_there_are() -> None:
    assert diagnose("after task 'whatever'") == ()


_FRAGMENTS = st.sampled_from(
    [
        *("daily", "after", "task", "tasks", "'x'", '"', "'", "(", ")", "&", "|", "~", " ", "\n", "between", "10:00"),
        *("and", "every", "10", "seconds", "on", "Monday", "Mondey", "cron", "* * * * *", "time of", "day", "\\"),
        *(
            "during",
            "finish once",
            "start once",
            "'time of week on Monday",
            "'yesterday'",
            "based on",
            "with 3 retries",
        ),
        *(
            "task 'x' is due",
            "param 'a' is",
            "none",
            "-1.5e3",
            "to next",
            "away",
            "scheduler has",
            "less than",
            "the day",
        ),
    ]
)
_VALID = st.sampled_from(
    [
        *("daily between 07:00 and 10:00", "weekly on Monday 10:00", "every 1h 30min", "cron */5 1-3 L * MON#2"),
        *(
            "after any tasks 'A', \"it's\" failed",
            "task 'x' has failed this week after Tue",
            "has started past 2 hours",
        ),
        *("(true | ~false) & yearly before Feb 29th", "param 'a' is 'b'", "scheduler has more than 3 cycles | retry 2"),
        *(
            "task 'x' is due daily after 07:00 with 3 retries",
            "every 1 hour based on finish with 1 retry",
            "finish once",
        ),
        *(
            "during '(time of day after 7 | yesterday between 1 and 2) & past 1 hour to next 2 hours'",
            "start once during 'between 2030-01-01 and 2030-03-01 12:00 | more than 1 hour away'",
            "scheduler has run over 1 hour and less than 2 hours",
            "param 'a' exists and 'b' is -5.5 and 'c' is none | env true",
            "has started at least 2 times during 'the day before'",
        ),
    ]
)


@st.composite
def _damaged(draw: st.DrawFn) -> str:
    """A valid condition with a part cut out, put elsewhere or replaced."""
    text = draw(_VALID)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 8)))
        put = draw(st.just("") | _FRAGMENTS | st.text(max_size=2) | st.just(text[end:]) | _VALID)
        text = text[:start] + put + text[end:]
    return text


_texts = (
    _damaged()
    | st.text(max_size=60)
    | st.lists(_FRAGMENTS, max_size=12).map(" ".join)
    | st.lists(_FRAGMENTS).map("".join)
)


@settings(deadline=None)
@given(_texts)
def test_no_text_breaks_anything_and_all_agree(text: str) -> None:
    problems = diagnose(text, task_names=[])
    errors = [problem for problem in problems if problem.severity == "error"]
    for problem in problems:
        assert 0 <= problem.start <= problem.end <= len(text)
        assert problem.line >= 1
        assert problem.column >= 1
    try:
        parse_condition(text)
    except ConditionSyntaxError:
        assert errors
    else:
        assert not errors
    end = 0
    for left, right, _ in spans(text):
        assert end <= left < right <= len(text)
        end = right
