"""Closes the argument schema of a tool that somebody else wrote.

What comes in is any JSON schema; what goes out takes no argument that it does not name, refers to
nothing, has no pattern that could run for ever, and is small. It may accept what the tool will
refuse, never the other way round with what matters: a name that nobody declared.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, JsonValue

from tools.contract import JsonObject, canonical
from tools.errors import BadInput
from tools.plain_text import is_plain, plain

MAX_NODES: Final = 400
MAX_DEPTH: Final = 12
MAX_BYTES: Final = 24_000
DESCRIPTION_CHARACTERS: Final = 400
MAX_CHOICES: Final = 100
CHOICE_CHARACTERS: Final = 200

_NAME = re.compile(r"[A-Za-z$@_][A-Za-z0-9_.$@:-]{0,63}")
_TYPES = frozenset({"string", "number", "integer", "boolean", "null", "array", "object"})
_EMPTY: Final[JsonObject] = {"type": "object", "properties": {}, "required": []}
_BOUNDS = frozenset(
    {
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
    }
)


def closed_schema(schema: Mapping[str, JsonValue]) -> JsonObject:
    """Return the schema of an object that takes only the arguments that a schema names.

    Args:
        schema: A JSON schema of an object, of any draft.

    Raises:
        BadInput: It is no schema of an object, or is too large or too deep to be shown and checked.
    """
    closing = _Closing(root=schema)
    top = closing.resolved(schema)
    if not isinstance(top, Mapping) or _types(top, ["object"]) != ["object"]:
        raise BadInput("Its arguments are no JSON object.")
    closed = closing.object(top, 0)
    for name, least in _EMPTY.items():
        closed.setdefault(name, least)
    closed["additionalProperties"] = False
    refuse_names(closed["properties"])
    size = _size(closed)
    if size > MAX_BYTES:
        raise BadInput(f"Its schema has {size} bytes; at most {MAX_BYTES} are accepted.")
    return closed


def refuse_names(names: JsonValue) -> None:
    """Raise when a top-level argument cannot be the field of a model.

    Raises:
        BadInput: It begins with `_`, or a pydantic model has a member of that name that it needs.
    """
    for name in names if isinstance(names, Mapping) else ():
        taken = name.startswith("model_") and hasattr(BaseModel, name)
        if name.startswith("_") or taken:
            raise BadInput(f"An argument may not be called {name!r}.")


@dataclass(slots=True)
class _Closing:
    root: Mapping[str, JsonValue]
    nodes: int = 0
    within: list[str] = field(default_factory=list)
    """References that are being resolved; one that comes again is recursive."""

    def resolved(
        self, schema: JsonValue | Mapping[str, JsonValue]
    ) -> JsonValue | Mapping[str, JsonValue]:
        """Return a schema with its reference, or its only `allOf`, put in its place."""
        for _ in range(MAX_DEPTH):
            if not isinstance(schema, Mapping):
                return schema
            rest = {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
            parts = schema.get("allOf")
            if isinstance(schema.get("$ref"), str):
                schema = _merged(self._target(str(schema["$ref"])), rest)
            elif isinstance(parts, list) and len(parts) == 1:
                schema = _merged(parts[0], rest)
            else:
                return schema
        raise BadInput("Its schema refers to itself in a circle.")

    def _target(self, ref: str) -> JsonValue:
        if not ref.startswith("#/"):
            raise BadInput(f"Its schema refers to {ref[:80]!r}, outside itself.")
        found: JsonValue = dict(self.root)
        for part in ref[2:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                raise BadInput(f"Its schema refers to {ref[:80]!r}, which is not there.")
            found = found[name]
        return found

    def any(self, schema: JsonValue | Mapping[str, JsonValue], depth: int) -> JsonObject:
        """Return any schema closed."""
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise BadInput(
                f"Its schema is larger than {MAX_NODES} parts or deeper than {MAX_DEPTH}."
            )
        if schema is True:
            return {}
        if not isinstance(schema, Mapping):
            raise BadInput("Its schema is none.")
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref in self.within:
            return {}  # recursive: what lies deeper may be anything
        if not isinstance(ref, str):
            return self._whole(schema, depth)
        self.within.append(ref)
        try:
            return self._whole(schema, depth)
        finally:
            self.within.pop()

    def _whole(self, schema: Mapping[str, JsonValue], depth: int) -> JsonObject:
        found = self.resolved(schema)
        if found is True:
            return {}
        if not isinstance(found, Mapping):
            raise BadInput("Its schema is none.")
        if "allOf" in found or "not" in found:
            return _described(found)  # closing the parts of these would change what they mean
        choices = found.get("anyOf", found.get("oneOf"))
        if isinstance(choices, list) and choices:
            told = _described(found)
            return told | {"anyOf": [self.any(choice, depth + 1) for choice in choices]}
        return (
            self.object(found, depth)
            if "object" in _types(found, [])
            else self._plain(found, depth)
        )

    def object(self, schema: Mapping[str, JsonValue], depth: int) -> JsonObject:
        """Return the schema of an object closed: what has named fields has no others."""
        closed = self._plain(schema, depth)
        fields = schema.get("properties")
        if not isinstance(fields, Mapping) or (not fields and depth):
            return closed | self._free(schema, depth)
        if odd := [str(name) for name in fields if not _NAME.fullmatch(str(name))]:
            raise BadInput(f"An argument may not be called {odd[0][:80]!r}.")
        required = schema.get("required")
        needed = required if isinstance(required, list) else []
        return closed | {
            "properties": {name: self.any(value, depth + 1) for name, value in fields.items()},
            "required": [name for name in fields if name in needed],
            "additionalProperties": False,
        }

    def _free(self, schema: Mapping[str, JsonValue], depth: int) -> JsonObject:
        """Return what an object without named fields may hold."""
        more = schema.get("additionalProperties", True)
        if more is False:
            return {"additionalProperties": False}
        return {"additionalProperties": self.any(more, depth + 1)}

    def _plain(self, schema: Mapping[str, JsonValue], depth: int) -> JsonObject:
        """Return what is neither a choice nor fields: type, bounds, choices, items."""
        closed = _described(schema)
        if types := _types(schema, []):
            closed["type"] = types[0] if len(types) == 1 else [*types]
        for name in sorted(_BOUNDS & set(schema)):
            value = schema[name]
            if isinstance(value, int | float) and not isinstance(value, bool):
                closed[name] = value
        if "const" in schema:
            closed["enum"] = _choices([schema["const"]])
        elif isinstance(schema.get("enum"), list):
            closed["enum"] = _choices(schema["enum"])
        if isinstance(schema.get("items"), Mapping):
            closed["items"] = self.any(schema["items"], depth + 1)
        return closed


def _merged(base: JsonValue, over: Mapping[str, JsonValue]) -> JsonValue:
    return {**base, **over} if isinstance(base, Mapping) else base


def _types(schema: Mapping[str, JsonValue], default: list[str]) -> list[str]:
    """Return the types that a schema names; an object when it has fields."""
    named = schema.get("type")
    if named is None:
        return ["object"] if "properties" in schema else default
    types = [str(one) for one in (named if isinstance(named, list) else [named])]
    if not types or not _TYPES.issuperset(types):
        raise BadInput(f"Its schema has the type {str(named)[:80]!r}.")
    return types


def _described(schema: Mapping[str, JsonValue]) -> JsonObject:
    told: JsonObject = {}
    if isinstance(schema.get("description"), str):
        told["description"] = plain(str(schema["description"]), DESCRIPTION_CHARACTERS)
    default = schema.get("default")
    if "default" in schema and _size(default) <= CHOICE_CHARACTERS:
        told["default"] = default
    return told


def _choices(values: JsonValue) -> list[JsonValue]:
    found = values if isinstance(values, list) else []
    if not 0 < len(found) <= MAX_CHOICES:
        raise BadInput(f"Its schema offers {len(found)} choices; 1 to {MAX_CHOICES} are accepted.")
    for value in found:
        if _size(value) > CHOICE_CHARACTERS or not is_plain(
            value if isinstance(value, str) else ""
        ):
            raise BadInput(f"Its schema offers the choice {str(value)[:80]!r}.")
    return found


def _size(value: JsonValue) -> int:
    try:
        return len(canonical(value))
    except (ValueError, TypeError, RecursionError) as fault:
        raise BadInput("Its schema holds what is no plain JSON.") from fault
