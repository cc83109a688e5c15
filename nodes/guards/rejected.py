"""Was this rejected before, in another dress? A no is not asked about until it becomes a yes."""

import json
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Literal

from pydantic import JsonValue

from tools.contract import Action

ALIKE = 0.9
"""Share of equal characters from which two actions count as nearly the same."""
COMPARED = 2_000
"""Characters that are compared at most."""
Likeness = Literal["", "near", "same"]


def likeness(action: Action, rejected: Iterable[Action], volatile: frozenset[str]) -> Likeness:
    """Return how much an action is like one that was rejected, at most.

    Letter case, spaces, the spelling of numbers, and what the tool declares volatile make no
    difference.

    Args:
        action: What is proposed.
        rejected: What people rejected.
        volatile: Arguments of the tool that mean nothing.
    """
    text = _plain(action.without(volatile))
    others = {_plain(one.without(volatile)) for one in rejected if one.tool == action.tool}
    if text in others:
        return "same"
    return "near" if any(_is_near(text, other) for other in others) else ""


def _is_near(text: str, other: str) -> bool:
    matcher = SequenceMatcher(None, text[:COMPARED], other[:COMPARED], autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE <= matcher.quick_ratio() and (
        matcher.ratio() >= ALIKE
    )


def _plain(action: Action) -> str:
    return json.dumps(_folded(action.args), sort_keys=True, ensure_ascii=False)


def _folded(value: JsonValue) -> JsonValue:
    match value:
        case dict():
            return {name: _folded(item) for name, item in value.items()}
        case list():
            return [_folded(item) for item in value]
        case bool() | None:
            return value
        case _:
            return _text(str(value))


def _text(value: str) -> str:
    text = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    try:
        return f"{float(text.replace(',', '')):.6g}"
    except ValueError:
        return text
