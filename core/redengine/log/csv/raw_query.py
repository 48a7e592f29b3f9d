"""Answers a query from the texts of records, without a model of each: that takes ten times as long as all the rest.

It does so where the answer is known to be the model's: for models of our own and records that these understand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from redengine.log import bird
from redengine.log.csv.format import CsvFormat
from redengine.log.csv.row_reader import BAD, numbers_of
from redengine.log.log_record import MODELS
from redengine.log.times import to_epoch, to_seconds

#: What the models make of a text first. A :class:`str` stays as it is.
_NUMBERS: dict[type, Callable[[str], Any]] = {
    int: int,
    float: float,
    datetime: to_epoch,
    timedelta: to_seconds,
}
#: And of the number then.
_VALUES: dict[type, Callable[[Any], Any]] = {
    datetime: datetime.fromtimestamp,
    timedelta: partial(timedelta, 0),
}
#: Up to here a number is a time and a duration on every system.
_SURE = 1e10
#: What a field may be compared with here.
_PLAIN = (str, int, float, datetime, timedelta, type(None))


class RawQuery:
    """A query of records of a model that is one of our own."""

    def __init__(self, model: Any, query: Mapping[str, Any], fmt: CsvFormat) -> None:
        self._fields = model.__fields__
        self._tests = [(name, _test(wanted)) for name, wanted in query.items()]
        self._parse = fmt.parse

    @classmethod
    def of(cls, model: Any, query: Mapping[str, Any], fmt: CsvFormat) -> RawQuery | None:
        """The query, if it is one that can be answered here."""
        known = model in MODELS and query.keys() <= model.__fields__.keys() and all(map(_is_plain, query.values()))
        return cls(model, query, fmt) if known else None

    def fitting(self, records: Sequence[bytes], columns: Sequence[str]) -> Sequence[bytes] | None:
        """Those of these records that fit, in their order. ``None``: only their models can tell, as one of them is
        odd."""
        if not records:
            return records
        try:
            texts = dict(zip(columns, zip(*map(self._parse, records), strict=True), strict=True))
            if len(texts) != len(columns) or "" in texts["action"]:
                return None
            chosen: Sequence[int] = range(len(records))
            values = self._values(texts, len(records))
            for name, fits in self._tests:
                column = values[name]
                chosen = [number for number in chosen if fits(column[number])]
        except (*BAD, KeyError):
            return None
        return [records[number] for number in chosen]

    def _values(self, texts: Mapping[str, Sequence[str]], count: int) -> dict[str, Sequence[Any]]:
        """What the models would have in the fields that are asked for. Raises one of ``BAD``, or ``KeyError``, unless
        each could be built: a record that cannot be is an error even if it does not fit."""
        values: dict[str, Sequence[Any]] = {}
        asked = {name for name, _ in self._tests}
        for name, field in self._fields.items():
            column = texts.get(name)
            if column is None:
                if field.required:
                    raise KeyError(name)
                values[name] = [field.default] * count
            elif field.type_ is str:
                if name in asked:
                    values[name] = [text or None for text in column] if field.allow_none else column
            else:
                if not field.allow_none and "" in column:
                    raise ValueError(f"no {name}")
                numbers = _numbers(field.type_, [text for text in column if text])
                if not math.isfinite(sum(numbers)):
                    raise ValueError(f"an odd {name}")
                if field.type_ in _VALUES and numbers and not 0 <= min(numbers) <= max(numbers) <= _SURE:
                    raise ValueError(f"an odd {name}")
                if name in asked:
                    made = iter(map(_VALUES[field.type_], numbers) if field.type_ in _VALUES else numbers)
                    values[name] = [next(made) if text else None for text in column]
        return values


def _numbers(kind: type, texts: list[str]) -> Sequence[Any]:
    """What the models make of these texts first. Raises one of ``BAD`` for what they cannot read."""
    if kind is not int:
        try:
            return numbers_of(texts)
        except ValueError:
            # They may be as an older version wrote them.
            pass
    return list(map(_NUMBERS[kind], texts))


def _is_plain(wanted: Any) -> bool:
    """Whether comparing with it gives the same however often and in whichever order it is done."""
    if not hasattr(wanted, "evaluate"):
        return isinstance(wanted, _PLAIN)
    # An operation of a project may do anything.
    if type(wanted).__module__ != bird.Operation.__module__:
        return False
    values = vars(wanted).values()
    if isinstance(wanted, bird.In) and isinstance(wanted.value, (list, tuple, set, frozenset)):
        values = wanted.value
    return all(isinstance(value, _PLAIN) for value in values)


def _test(wanted: Any) -> Callable[[Any], bool]:
    """Whether a value fits. Raises ``TypeError`` if it cannot be compared, unless it is ``None``."""
    if not hasattr(wanted, "evaluate"):
        return lambda value: bool(value == wanted)
    evaluate = wanted.evaluate
    try:
        with_nothing = bool(evaluate(None))
    except TypeError:
        with_nothing = False
    return lambda value: with_nothing if value is None else evaluate(value)
