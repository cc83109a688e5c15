"""The JSON schema that an answer is held to, strict wherever it can be.

Strict structured output knows no free-form objects and no optional fields. A decision's arguments
are free-form in our type, so the schema names the tools of the step with their own arguments:
the model cannot even spell another tool.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel

from tools.contract import JsonObject, ToolCard

_DROPPED = {"default", "title", "maxLength", "minLength", "uniqueItems", "examples", "description"}
"""What strict output refuses or does not need; our own types check it again."""


def answer_schema(wanted: type[BaseModel], *, tools: Sequence[ToolCard] = ()) -> JsonObject:
    """Return the schema of an answer; what is ours to fill in is left out.

    Args:
        wanted: The type of the answer.
        tools: When given, `action` is an action of one of these.
    """
    schema: dict[str, Any] = json.loads(_schema_text(wanted))
    for ours in ("origin", "agreement", "likelihood"):
        schema["properties"].pop(ours, None)
    if tools:
        actions = [_action(card) for card in tools]
        schema["properties"]["action"] = {"anyOf": [*actions, {"type": "null"}]}
        for unused in ("Action", "JsonValue"):
            schema.get("$defs", {}).pop(unused, None)
    tight: JsonObject = _tight(schema)
    return tight


@cache
def _schema_text(wanted: type[BaseModel]) -> str:
    """Return the schema of a type, made once: that takes longer than a model's client."""
    return json.dumps(wanted.model_json_schema())


def is_strict(schema: object) -> bool:
    """Tell whether a schema is closed everywhere, as strict structured output demands."""
    if isinstance(schema, list):
        return all(is_strict(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return False
    return all(is_strict(value) for value in schema.values())


def _action(card: ToolCard) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"tool": {"type": "string", "enum": [card.name]}, "args": card.parameters},
        "required": ["tool", "args"],
        "additionalProperties": False,
    }


def _tight(schema: Any) -> Any:  # noqa: ANN401  # a JSON schema is any JSON
    """Close every object and require each of its fields."""
    if isinstance(schema, list):
        return [_tight(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    names = schema.get("properties")
    if not isinstance(names, dict):
        return {key: _tight(value) for key, value in schema.items() if key not in _DROPPED}
    rest = {key: value for key, value in schema.items() if key != "properties"}
    fields = {name: _tight(value) for name, value in names.items()}
    closed = {"properties": fields, "required": list(fields), "additionalProperties": False}
    return _tight(rest) | closed
