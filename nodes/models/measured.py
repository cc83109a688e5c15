"""Requests that differ only in what a clock measured are alike: else no run could be replayed.

Tools measure the real world, and a result of 12.3 ms is one of 12.1 ms the next time. What was
rejected is rejected again, but for another reason and in another order; digests name such content,
or the run. Everything else (names, counts, plans, sizes, errors, what was chosen) still has to be
the same.
"""

import re
from collections.abc import Callable

from pydantic import JsonValue

from tools.contract import JsonObject, canonical

_NUMBER = r"-?\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][+-]?\d+)?"
_FIELD = re.compile(r'(\\*"(?:\w+_)?(?:ms|seconds|steps)(?:_(?:before|after))?\\*":)\s*' + _NUMBER)
"""`"ms":0.196`, `\\"predicted_ms_after\\":0.02`, `"seconds":1`, at any depth of quoting."""
_RANGE = re.compile(rf"\bfrom {_NUMBER} to (?={_NUMBER} ?(?:ms|s|seconds)\b)")
_UNIT = re.compile(rf"(?<![\w.]){_NUMBER}(?= ?(?:ms|s|seconds|times (?:faster|slower)|%)(?!\w))")
_DIGEST = re.compile(r"(?<![0-9A-Za-z_])[0-9a-f]{16,64}(?![0-9A-Za-z_])")
"""Names of fences, marks of effects, references: they name what was measured, or this very run."""
_CUT = re.compile(r" \.\.\. \(cut; \d+ characters in all\)")

_RAGGED = 80
"""Characters before a cut that may be the beginning of something measured."""

_REJECTED = r'\{[^{}]*"reason\\*":[^{}]*\}'
"""An object that says why something was not chosen; it holds no other object."""
_LISTED = re.compile(rf"{_REJECTED}(?:,{_REJECTED})*")
_REASON = re.compile(r'("reason\\*":)\\*"[^"\\]*\\*"')
_CUT_LIST = re.compile(rf"{_REJECTED}(?:,{_REJECTED})*(?:,\{{[^{{}}]*)?$")


def _in_order(found: re.Match[str]) -> str:
    """Return rejections in one order, without their reasons."""
    listed = re.findall(_REJECTED, found[0])
    return ",".join(sorted(_REASON.sub(r"\1#", item) for item in listed))


_MASKS: tuple[Callable[[str], str], ...] = (
    lambda text: _FIELD.sub(r"\1#", text),
    lambda text: _RANGE.sub("from # to ", text),
    lambda text: _UNIT.sub("#", text),
    lambda text: _LISTED.sub(_in_order, text),
    lambda text: _DIGEST.sub("#", text),
)


def masked(text: str) -> str:
    """Return a text in which each measured time, share and factor, and each digest, is `#`."""
    for mask in _MASKS:
        text = mask(text)
    return text


def pieces(request: JsonObject) -> list[str]:
    """Return what of a request has to be the same, in pieces that end where a text was cut.

    Longer numbers cut a text earlier, so that one piece may only be the beginning of the other.
    """
    messages: JsonValue = request.get("messages")
    rest = {name: value for name, value in request.items() if name != "messages"}
    texts = [
        f"{message.get('type')}: {message.get('text')}"
        for message in (messages if isinstance(messages, list) else [])
        if isinstance(message, dict)
    ]
    *cut, last = _CUT.split("\n".join([canonical(rest), *texts]))
    return [*(masked(_CUT_LIST.sub("", piece)) for piece in cut), masked(last)]


def alike(one: list[str], other: list[str]) -> bool:
    """Tell whether the pieces of two requests are the same but for what was measured."""
    if len(one) != len(other) or one[-1] != other[-1]:
        return False
    pairs = zip(one[:-1], other[:-1], strict=True)
    return all(_same_beginning(a, b) for a, b in pairs)


def _same_beginning(one: str, other: str) -> bool:
    """Tell whether the shorter text begins the longer one, but for the word that was cut."""
    length = max(0, min(len(one), len(other)) - _RAGGED)
    return one[:length] == other[:length]
