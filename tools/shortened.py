"""Results of strangers cut to a size that can be kept and shown, their structure kept."""

from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from tools.contract import canonical

MAX_DEPTH: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortened:
    """A value, perhaps cut."""

    value: JsonValue
    size: int
    """Characters of the whole value as JSON."""
    truncated: bool


def shortened(value: JsonValue, limit: int) -> Shortened:
    """Return a value whose JSON has about `limit` characters at most.

    Long texts, lists and objects end earlier; what is left stands where it stood.
    """
    size = len(canonical(value))
    if size <= limit:
        return Shortened(value=value, size=size, truncated=False)
    return Shortened(value=_Cutting(left=limit).cut(value, 0), size=size, truncated=True)


@dataclass(slots=True)
class _Cutting:
    left: int

    def cut(self, value: JsonValue, depth: int) -> JsonValue:
        self.left -= 4  # quotes, commas, brackets
        if depth > MAX_DEPTH:
            return None
        if isinstance(value, str):
            # A character may take six when it is written as JSON.
            whole = value[: max(0, self.left)]
            kept = whole if len(canonical(whole)) <= self.left else whole[: max(0, self.left // 6)]
            self.left -= len(canonical(kept))
            return kept
        if isinstance(value, list):
            return self._list(value, depth)
        if isinstance(value, dict):
            return self._object(value, depth)
        self.left -= len(canonical(value))
        return value

    def _list(self, value: list[JsonValue], depth: int) -> list[JsonValue]:
        kept: list[JsonValue] = []
        for item in value:
            if self.left <= 0:
                break
            kept.append(self.cut(item, depth + 1))
        return kept

    def _object(self, value: dict[str, JsonValue], depth: int) -> dict[str, JsonValue]:
        kept: dict[str, JsonValue] = {}
        for name, item in value.items():
            self.left -= len(name)
            if self.left <= 0:
                break
            kept[name] = self.cut(item, depth + 1)
        return kept
