"""The closed schema of a stranger's tool as the pydantic model that a tool declares."""

import warnings
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    create_model,
    model_serializer,
)

from tools.closed_schema import closed_schema
from tools.contract import JsonObject

MESSAGE_CHARACTERS: Final = 200


class ClosedArguments(BaseModel):
    """Base of what `closed_model` makes: an argument that was not given stays not given."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    @model_serializer(mode="wrap")
    def _given(self, handler: SerializerFunctionWrapHandler) -> JsonObject:
        told: JsonObject = handler(self)
        absent = {
            name
            for name, item in type(self).model_fields.items()
            if item.default_factory is _absent and name not in self.model_fields_set
        }
        return {name: value for name, value in told.items() if name not in absent}


def _absent() -> None:
    """Stand for an argument that nobody gave."""


def closed_model(name: str, schema: Mapping[str, JsonValue]) -> type[BaseModel]:
    """Return a model that takes what a schema names and nothing else, each value checked.

    Args:
        name: What the tool is called, for messages.
        schema: A JSON schema of an object, of any draft.

    Raises:
        BadInput: The schema cannot be closed.
    """
    closed = closed_schema(schema)
    fields, required = closed["properties"], closed.get("required")
    needed = required if isinstance(required, list) else []
    declared: dict[str, Any] = {
        argument: _field(part, needed=argument in needed)
        for argument, part in (fields.items() if isinstance(fields, dict) else ())
        if isinstance(part, dict)
    }
    with warnings.catch_warnings():
        # An argument may be called `copy` or `schema`, as some members of a model are.
        warnings.simplefilter("ignore", UserWarning)
        return create_model(name, __base__=ClosedArguments, **declared)


def _field(part: JsonObject, *, needed: bool) -> Any:  # noqa: ANN401  # what create_model takes
    check = _checked(part)
    kind = Annotated[JsonValue, AfterValidator(check), WithJsonSchema(dict(part))]
    if needed:
        return (kind, ...)
    if "default" in part and _fits(part["default"], check):
        return (kind, Field(default=part["default"]))
    return (kind, Field(default_factory=_absent))


def _fits(value: JsonValue, check: Callable[[JsonValue], JsonValue]) -> bool:
    try:
        check(value)
    except ValueError:
        return False
    return True


def _checked(part: JsonObject) -> Callable[[JsonValue], JsonValue]:
    """Return what raises ValueError for a value that does not fit."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # loads for 0.1 s

    validator = Draft202012Validator(part)

    def check(value: JsonValue) -> JsonValue:
        for error in validator.iter_errors(value):
            where = "".join(f"[{place!r}]" for place in error.absolute_path)
            raise ValueError(f"{where} {error.message}".strip()[:MESSAGE_CHARACTERS])
        return value

    return check
