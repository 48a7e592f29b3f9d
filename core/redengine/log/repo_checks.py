"""What a repository must be, told when it is made or taken as a log, not when its first record is lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from redengine.log import bird
from redengine.log.bird_additions import field_names, is_pydantic2
from redengine.log.csv.segment import NEEDED_COLUMNS
from redengine.nearest import nearest

_EXAMPLE = "CSVFileRepo(filename='log.csv', model=TaskRunRecord)"
#: These look for the identity in the record itself. A table may have a key that its records know nothing of.
_IDENTIFIED_BY_RECORD = (bird.CSVFileRepo, bird.MemoryRepo, bird.JSONDirectoryRepo)


def refuse_unknown(repo_class: Any, given: Iterable[str], also: Collection[str] = ()) -> None:
    """Raise ``TypeError`` for an option that is none of the class's fields, nor among ``also``: redbird ignores it."""
    if _takes_more(repo_class):
        return
    known = {*repo_class.__fields__, *(field.alias for field in repo_class.__fields__.values()), *also}
    for name in given:
        if name not in known:
            raise TypeError(f"{repo_class.__name__} has no option {name!r}{nearest(name, sorted(known))}")


def check_records(repo: bird.Repo) -> None:
    """Raise ``ValueError`` for a model of which no record can be made, and for an ``id_field`` that records lack."""
    model, identity = getattr(repo, "model", dict), getattr(repo, "id_field", None)
    if isinstance(model, type) and model.__module__ == "builtins" and not issubclass(model, dict):
        raise ValueError(
            f"model={model.__name__}: a record has several fields; give a model such as TaskRunRecord, or dict"
        )
    if identity is None or hasattr(model, identity) or not isinstance(repo, _IDENTIFIED_BY_RECORD):
        return
    for names in _known_names(repo):
        if identity not in names:
            raise ValueError(
                f"id_field={identity!r} is no field of its records, which have "
                f"{_listed(names)}{nearest(identity, names)}"
            )


def checked_log(repo: bird.Repo, option: str) -> bird.Repo:
    """The repository, if tasks can be logged to it. ``option`` is what it was given as.

    Raises ``TypeError`` for what is no repository, and ``ValueError`` for one whose records lack what a log must have.
    One whose fields cannot be told is taken as it is.
    """
    if isinstance(repo, type):
        raise TypeError(f"{option} is a Red Bird repository, not the class {repo.__name__}: make one, as in {_EXAMPLE}")
    if not (callable(getattr(repo, "filter_by", None)) and callable(getattr(repo, "add", None))):
        raise TypeError(f"{option} is a Red Bird repository such as {_EXAMPLE}, not {repo!r}")
    check_records(repo)
    kind, in_columns = type(repo).__name__, isinstance(repo, bird.CSVFileRepo)
    advice = "give it model=TaskRunRecord (from redengine.log)"
    if in_columns:
        advice += f", or fieldnames with {_listed(NEEDED_COLUMNS)} among them"
    known = _known_names(repo)
    if in_columns and not known:
        raise ValueError(f"This {kind} cannot be a log, since nothing says which columns it has; {advice}")
    if missing := [name for name in NEEDED_COLUMNS if any(name not in names for names in known)]:
        lacking = _listed(missing, "and no")
        raise ValueError(f"This {kind} cannot be a log, since its records have no {lacking}; {advice}")
    return repo


def _known_names(repo: bird.Repo) -> list[list[str]]:
    """The names of the columns, and those of the fields by the model, as far as a repository says them."""
    model = getattr(repo, "model", dict)
    if isinstance(repo, bird.CSVFileRepo):
        # A file has the columns of its header, whatever else a record has.
        return [names for names in (repo.fieldnames, field_names(model)) if names is not None]
    fields = None if _takes_more(model) else field_names(model)
    return [] if fields is None else [fields]


def _takes_more(model: Any) -> bool:
    """Whether what is made by this model may have more fields than it names."""
    if is_pydantic2(model):
        return bool(model.model_config.get("extra") == "allow")
    return bool(getattr(getattr(model, "__config__", None), "extra", None) == "allow")


def _listed(names: Collection[str], last: str = "and") -> str:
    *others, final = names
    return f"{', '.join(others)} {last} {final}" if others else final
