"""Values that settings take from elsewhere: `$args.name`, `$before.text`, `$result.id`, `$key`."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

ROOTS: Final = frozenset({"args", "before", "result", "key"})


class Missing(LookupError):
    """What a reference names is not there."""


def refuse_unknown(template: JsonValue | Mapping[str, JsonValue]) -> None:
    """Raise when a reference names none of what there is.

    Raises:
        ValueError: It does not.
    """
    if isinstance(template, Mapping):
        for value in template.values():
            refuse_unknown(value)
    elif isinstance(template, list):
        for value in template:
            refuse_unknown(value)
    elif _is_reference(template) and str(template)[1:].split(".")[0] not in ROOTS:
        known = ", ".join(f"${root}" for root in sorted(ROOTS))
        raise ValueError(f"{str(template)[:80]!r} is none of {known}; write $$ for a plain $")


def filled(template: JsonValue, scope: Mapping[str, JsonValue]) -> JsonValue:
    """Return a value with its references replaced.

    Raises:
        Missing: What one names is not there.
    """
    if isinstance(template, dict):
        return {name: filled(value, scope) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, scope) for value in template]
    if isinstance(template, str) and template.startswith("$$"):
        return template[1:]
    if _is_reference(template):
        return _found(str(template)[1:], scope)
    return template


def arguments(
    template: Mapping[str, JsonValue], scope: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return arguments with their references replaced.

    Raises:
        Missing: What one names is not there.
    """
    return {name: filled(value, scope) for name, value in template.items()}


def _is_reference(value: JsonValue | Mapping[str, JsonValue]) -> bool:
    return isinstance(value, str) and value.startswith("$") and not value.startswith("$$")


def _found(path: str, scope: Mapping[str, JsonValue]) -> JsonValue:
    value: JsonValue = dict(scope)
    for part in path.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise Missing(f"${path}")
    return value
