"""From whatever text a model returned to a checked object, or to the reason why not.

Tolerant in form (code fences, prose around, trailing commas), strict in content: what comes out
has passed the wanted type, and nothing is guessed.
"""

import json
import re
from typing import TypeVar

from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound=BaseModel)

MAX_ANSWER_BYTES = 256 * 1024
"""Longer answers are refused unread."""
_NOTHING = "it holds no JSON object"
_FENCES = 16
"""Marks of code fences that are looked at in one answer."""
_STARTS = 64
"""Opening braces that are tried in one answer."""
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|,(?=\s*[}\]])', re.DOTALL)
"""A string, closed or not (else a search would begin again at every quote), or a comma to drop."""


def parse(text: str, wanted: type[T]) -> T | str:
    """Return the one JSON object in a text that is a `wanted`, or the reason why there is none.

    Two different ones are none: which of them the model meant, and which it only quotes, is not
    ours to guess.
    """
    if len(text) > MAX_ANSWER_BYTES or len(text.encode("utf-8", "replace")) > MAX_ANSWER_BYTES:
        return f"it is longer than {MAX_ANSWER_BYTES} bytes"
    if not text.strip():
        return "it is empty"
    read = [_validated(found, wanted) for found in _objects(text)]
    fitting = [item for item in read if not isinstance(item, str)]
    if not fitting:
        return next((item for item in reversed(read) if isinstance(item, str)), _NOTHING)
    if any(item != fitting[0] for item in fitting):
        return "it holds more than one answer"
    return fitting[0]


def _validated(found: object, wanted: type[T]) -> T | str:
    try:
        # JSON lets through what is no text (lone surrogates) and no number (1e999).
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
        return wanted.model_validate(found)
    except ValidationError as fault:
        return _problems(fault)
    except ValueError:
        return "it holds characters or numbers that no JSON may hold"
    except RecursionError:
        return "it is nested too deeply"


def _objects(text: str) -> list[object]:
    """Return the JSON objects of an answer: alone, fenced, or surrounded by prose."""
    fenced = [part.partition("\n")[2] for part in text.split("```")[1:_FENCES:2]]
    found = [_whole(part) for part in (text, *fenced)]
    found = [item for item in found if isinstance(item, dict)]
    return found or _embedded(text) or _embedded(_without_trailing_commas(text))


def _whole(text: str) -> object:
    for candidate in (text, _without_trailing_commas(text)):
        try:
            return json.loads(candidate, parse_constant=_refuse)
        except (ValueError, RecursionError):
            continue
    return None


def _embedded(text: str) -> list[object]:
    decoder = json.JSONDecoder(parse_constant=_refuse)
    found: list[object] = []
    at = text.find("{")
    for _ in range(_STARTS):
        if at < 0:
            break
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found.append(value)
        at = text.find("{", end)
    return found


def _without_trailing_commas(text: str) -> str:
    return _STRING_OR_COMMA.sub(lambda match: "" if match.group() == "," else match.group(), text)


def _refuse(constant: str) -> object:
    """Refuse NaN and the infinities, which are no JSON."""
    raise ValueError(constant)


def _problems(fault: ValidationError) -> str:
    errors = fault.errors(include_url=False, include_input=False, include_context=False)[:5]
    return "; ".join(
        f"{'.'.join(str(part) for part in error['loc']) or 'answer'}: {error['msg']}"
        for error in errors
    )[:1000]
