"""Says what does not fit in `surefoot.toml`, in the words of people who write settings."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from tools.errors import BadInput

_WORDS = {
    "missing": "it is needed, and not there",
    "extra_forbidden": "there is no such setting",
    "string_type": "it must be a text",
    "tuple_type": "it must be a list",
    "bool_type": "it must be true or false",
    "bool_parsing": "it must be true or false",
    "int_type": "it must be a whole number",
    "float_type": "it must be a number",
    "dict_type": "it must be a table",
    "model_type": "it must be a table",
}
"""What pydantic calls the commonest misfits, by their types."""


def misfit(settings: type[BaseModel], fault: ValidationError) -> BadInput:
    """Return what is wrong; a name that nobody knows first, as it often explains the others."""
    errors = fault.errors(include_url=False)
    error = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    place = error["loc"]
    table = _table(settings, place[:-1])
    known = ", ".join(table.model_fields) if table else ""
    name = ".".join(str(part) for part in place[:-1]) if table else ""
    where = f" in [{name}]" if name else ""
    return BadInput(
        f"The setting {'.'.join(map(str, place))!r} does not fit: {_words(error)}.",
        advice=f"Known settings{where}: {known}." if known else "",
    )


def _words(error: Any) -> str:  # noqa: ANN401  # what pydantic tells
    said = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    return _WORDS.get(error["type"], said)


def _table(settings: type[BaseModel], place: Sequence[int | str]) -> type[BaseModel] | None:
    """Return the kind of table at a place; None when its names are the user's, or it is none."""
    found: type[BaseModel] | None = settings
    named: type[BaseModel] | None = None  # what a name of the user's leads to
    for part in place:
        if named is not None:
            found, named = named, None
            continue
        if found is None or part not in found.model_fields:
            return None
        kind = found.model_fields[str(part)].annotation
        inner = next(filter(_is_table, (kind, *get_args(kind))), None)
        maps = isinstance(origin := get_origin(kind), type) and issubclass(origin, Mapping)
        found, named = (None, inner) if maps else (inner, None)
    return found


def _is_table(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
