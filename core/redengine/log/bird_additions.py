"""What is added to redbird's own classes, so that projects that use them directly find it.

- Record models of pydantic 2: redbird knows only those of pydantic 1.
- Comparisons with a field that is empty: they do not hold, where redbird raises ``TypeError``.
- SQL: see :mod:`redengine.log.sql.queries`. Tables that redbird creates for a log have the indexes of a log, and
  columns that hold what it keeps: durations, and the identities of threads.
- ``handler.filter_by(...)``: the tutorial reads the log through the handler, redbird has it on the repository only.

Classes are handed in rather than imported: see :mod:`redengine.log.bird`.
"""

from __future__ import annotations

import functools
from datetime import date, datetime, timedelta
from typing import Any

import pydantic
import pydantic.v1

_MARK = "_redengine_additions"

#: The types of columns that redbird has, by the names that SQLAlchemy gives them.
SQL_TYPES: dict[type, str] = {
    str: "String",
    int: "Integer",
    float: "Float",
    bool: "Boolean",
    date: "Date",
    datetime: "DateTime",
    timedelta: "Interval",
    dict: "JSON",
}


def is_pydantic2(model: Any) -> bool:
    """Whether this is a model class of pydantic 2."""
    return isinstance(model, type) and issubclass(model, pydantic.BaseModel)


def field_names(model: Any) -> list[str] | None:
    """The names of a record model's fields, or ``None`` when the model has no fixed ones (``dict``)."""
    if is_pydantic2(model):
        return list(model.model_fields)
    if hasattr(model, "__fields__"):
        return list(model.__fields__)
    return None


def as_pydantic1(model: Any) -> Any:
    """A pydantic 1 model with the same field names, types and defaults."""
    fields: dict[str, Any] = {
        name: (field.annotation, ... if field.is_required() else field.get_default(call_default_factory=False))
        for name, field in model.model_fields.items()
    }
    return pydantic.v1.create_model(model.__name__, **fields)


def apply(
    *, base_repo: Any, csv_repo: Any, sql_classes: tuple[Any, Any], handler: Any, matcher: Any, load_sql: Any
) -> None:
    """Extend the classes, once."""
    if _MARK in vars(base_repo):
        return
    setattr(base_repo, _MARK, True)
    for repo_class in (base_repo, sql_classes[0]):
        repo_class.item_to_dict = _item_to_dict(repo_class.item_to_dict)
    for sql_class in sql_classes:
        sql_class.__init__ = _after(load_sql, sql_class.__init__)
    csv_repo.get_headers = _get_headers(csv_repo.get_headers)
    matcher.__contains__ = _contains
    if not hasattr(handler, "filter_by"):
        handler.filter_by = _filter_by


def apply_sql(*, sql_repo: Any, sql_table: Any, queries: Any, types: dict[type, Any], index: Any) -> None:
    """Extend the classes of SQL, once."""
    if _MARK in vars(sql_repo):
        return
    setattr(sql_repo, _MARK, True)
    for name, method in vars(queries).items():
        if not name.startswith("__"):
            setattr(sql_repo, name, method)
    sql_table.types = {**sql_table.types, **types}
    sql_table.create_from_model = _create_from_model(sql_table.create_from_model, index)


def _after(load: Any, original: Any) -> Any:
    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        load()
        original(self, *args, **kwargs)

    return init


def _filter_by(self: Any, **query: Any) -> Any:
    """Filter the repository of this handler, as ``handler.repo.filter_by`` does."""
    return self.repo.filter_by(**query)


def _item_to_dict(original: Any) -> Any:
    def item_to_dict(self: Any, item: Any, exclude_unset: bool = True) -> dict[str, Any]:
        if isinstance(item, pydantic.BaseModel):
            return item.model_dump(exclude_unset=exclude_unset)
        converted: dict[str, Any] = original(self, item, exclude_unset=exclude_unset)
        return converted

    return item_to_dict


def _get_headers(original: Any) -> Any:
    def get_headers(self: Any) -> list[str]:
        """Names of the columns: ``fieldnames`` or the fields of the model."""
        if self.fieldnames is None and is_pydantic2(self.model):
            return list(self.model.model_fields)
        headers: list[str] = original(self)
        return headers

    return get_headers


def _contains(self: Any, item: Any) -> bool:
    """Whether an item fits the query of this matcher."""
    for name, wanted in self.query.items():
        value = self.get_value(item, name)
        if hasattr(wanted, "evaluate"):
            try:
                if not wanted.evaluate(value):
                    return False
            except TypeError:
                if value is not None:
                    raise
                return False
        elif value != wanted:
            return False
    return True


def _create_from_model(original: Any, index: Any) -> Any:
    def create_from_model(self: Any, model: Any, primary_column: Any = None) -> None:
        """Create the table with a column for each field of the model."""
        original(self, as_pydantic1(model) if is_pydantic2(model) else model, primary_column)
        index(self)

    return create_from_model
