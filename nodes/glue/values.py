"""What crosses between a program and tools: plain JSON, and nothing else."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from tools.contract import JsonObject, canonical

VALUE_CHARACTERS: Final = 1_000
_DEPTH: Final = 50
_INTEGER_BITS: Final = 63


def arguments_of(
    tool: str, names: Sequence[str], given: Sequence[object], named: Mapping[str, object]
) -> JsonObject:
    """Return the arguments of a call by name, and as plain JSON.

    Args:
        tool: What is called.
        names: Its arguments, in the order in which they may be given without their names.
        given: Those without names.
        named: Those with.

    Raises:
        TypeError: There are too many of them, one comes twice, or JSON has nothing like one.
    """
    if len(given) > len(names):
        raise TypeError(f"{tool}() takes {len(names)} arguments, {len(given)} were given")
    ordered = dict(zip(names, given, strict=False))
    twice = sorted(ordered.keys() & named.keys())
    if twice:
        raise TypeError(f"{tool}() got the argument {twice[0]!r} twice")
    return {name: _plain(value, name, 0) for name, value in {**ordered, **named}.items()}


def shown(value: object) -> str:
    """Return a value in brief; nothing for None."""
    if value is None:
        return ""
    try:
        text = value if isinstance(value, str) else canonical(_plain(value, "value", 0))
    except TypeError:
        text = repr(value)
    return text[:VALUE_CHARACTERS]


def _plain(value: object, name: str, depth: int) -> JsonValue:
    """Return a value as JSON has it.

    Raises:
        TypeError: JSON has nothing like it.
    """
    if depth > _DEPTH:
        raise TypeError(f"the argument {name!r} is nested too deep")
    if isinstance(value, list | tuple):
        return [_plain(item, name, depth + 1) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _plain(item, name, depth + 1) for key, item in value.items()}
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int) and value.bit_length() <= _INTEGER_BITS:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    kind = type(value).__name__
    raise TypeError(f"the argument {name!r} holds a {kind} that JSON has nothing for")
