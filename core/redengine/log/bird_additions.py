"""What is added to redbird's own classes, so that projects that use them directly find it.

- Record models of pydantic 2: redbird knows only those of pydantic 1.
- Durations in SQL: databases without an interval type keep them as a date, which redbird then cannot write.
- ``handler.filter_by(...)``: the tutorial reads the log through the handler, redbird has it on the repository only.

Classes are handed in rather than imported: see :mod:`redengine.log.bird`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pydantic
import pydantic.v1

#: What a duration is counted from in a column of dates.
INTERVAL_EPOCH = datetime(1970, 1, 1)

_MARK = "_redengine_additions"


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


def apply(*, base_repo: Any, csv_repo: Any, sql_repo: Any, handler: Any, sql_table: Any) -> None:
    """Extend the classes, once."""
    if _MARK in vars(base_repo):
        return
    setattr(base_repo, _MARK, True)
    for repo_class in (base_repo, sql_repo):
        repo_class.item_to_dict = _item_to_dict(repo_class.item_to_dict)
    csv_repo.get_headers = _get_headers(csv_repo.get_headers)
    sql_repo.item_to_data = _item_to_data
    sql_repo.data_to_item = _data_to_item(sql_repo.data_to_item)
    sql_table.create_from_model = _create_from_model(sql_table.create_from_model)
    if not hasattr(handler, "filter_by"):
        handler.filter_by = _filter_by


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


def _item_to_data(self: Any, item: Any) -> Any:
    """An item as a row of the table, each value as its column can hold it."""
    values = self.item_to_dict(item, exclude_unset=False)
    columns = self.model_orm.__table__.columns
    return self.model_orm(
        **{
            name: _for_column(columns[name], value) if name in columns and isinstance(value, timedelta) else value
            for name, value in values.items()
        }
    )


def _for_column(column: Any, duration: timedelta) -> timedelta | datetime | float:
    try:
        kind = column.type.python_type
    except NotImplementedError:  # a type of the database's own
        return duration
    if issubclass(kind, datetime):
        # As SQLAlchemy's Interval does where there is no such type; the table is reflected without that knowledge.
        return INTERVAL_EPOCH + duration
    return duration.total_seconds() if issubclass(kind, (float, int)) else duration


def _get_headers(original: Any) -> Any:
    def get_headers(self: Any) -> list[str]:
        """Names of the columns: ``fieldnames`` or the fields of the model."""
        if self.fieldnames is None and is_pydantic2(self.model):
            return list(self.model.model_fields)
        headers: list[str] = original(self)
        return headers

    return get_headers


def _data_to_item(original: Any) -> Any:
    def data_to_item(self: Any, data: Any) -> Any:
        """A row of the table as an item."""
        if is_pydantic2(self.model):
            return self.model.model_validate(data, from_attributes=True)
        return original(self, data)

    return data_to_item


def _create_from_model(original: Any) -> Any:
    def create_from_model(self: Any, model: Any, primary_column: Any = None) -> Any:
        """Create the table with a column for each field of the model."""
        return original(self, as_pydantic1(model) if is_pydantic2(model) else model, primary_column)

    return create_from_model
