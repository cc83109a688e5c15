"""What of a tool's result may be kept and shown: never its secrets, and in brief."""

import json
from typing import Any

from pydantic import JsonValue

from tools.contract import canonical

MAX_RESULT_BYTES = 1_048_576
"""A larger result is cut: no tool can fill the store."""
MAX_RESULT_DEPTH = 60
"""A result that is nested deeper is kept as text: a record must be readable again."""
WITHHELD = "(withheld)"
"""What stands in the place of a secret."""


def without_secrets(value: JsonValue, secret: frozenset[str]) -> JsonValue:
    """Return a value whose fields of these names are withheld, however deep they lie."""
    if isinstance(value, dict):
        return {
            name: WITHHELD if name in secret else without_secrets(item, secret)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(item, secret) for item in value]
    return value


def bounded(value: JsonValue) -> JsonValue:
    """Return a value, or how its JSON begins when it is too large or too deep to be kept."""
    text = canonical(value)
    if len(text) <= MAX_RESULT_BYTES and not is_deep(value):
        return value
    told = f"The result is {len(text)} bytes of JSON; how it begins is kept."
    return {"summary": told, "truncated": True, "begins": text[: MAX_RESULT_BYTES // 4]}


def is_deep(value: JsonValue, most: int = MAX_RESULT_DEPTH) -> bool:
    """Tell whether a value is nested deeper than can be kept."""
    level: list[JsonValue] = [value]
    for _ in range(most):
        level = [
            inner
            for item in level
            if isinstance(item, list | dict)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True


def summary(value: JsonValue) -> str:
    """Return the result's own summary, or its JSON."""
    if isinstance(value, dict) and isinstance(value.get("summary"), str):
        return str(value["summary"])
    return canonical(value)


def jsonable(value: Any) -> JsonValue:  # noqa: ANN401  # the one place where foreign values come in
    """Return a value as plain JSON, by way of its text when there is no other."""
    loaded: JsonValue = json.loads(json.dumps(value, default=str), parse_constant=str)
    return loaded
