"""Requests with gaps: `{name}` in a URL or a body is filled in, and cannot become anything else."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from pydantic import JsonValue

from tools.errors import Refused
from tools.http.address import Address, parse_address

_GAP = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)\}")
_DEPTH: Final = 20


class Missing(Exception):
    """A value that a template needs is not there."""


def look_in(value: JsonValue | Mapping[str, JsonValue], path: str) -> JsonValue:
    """Return what a dotted path such as `items.0.id` leads to.

    Raises:
        Missing: It leads nowhere.
    """
    found: object = value
    for part in path.split(".") if path else ():
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise Missing(path)
    return found  # type: ignore[return-value]  # what is inside JSON is JSON


@dataclass(frozen=True, slots=True)
class UrlTemplate:
    """A URL whose path and query may have gaps; scheme, host and port may not."""

    text: str

    def __post_init__(self) -> None:
        self.origin  # noqa: B018  # told at once when it has none

    @property
    def origin(self) -> str:
        """Who is spoken to, whatever fills the gaps.

        Raises:
            Refused: It is no URL, or has a gap where who is spoken to is decided.
        """
        place = parse_address(_GAP.sub("x", self.text))
        start = "/".join(self.text.split("/")[:3])
        if _GAP.search(start) or not self.text.startswith(f"{start}/"):
            raise Refused(f"The URL {self.text!r:.200} needs a path, and no gap before it.")
        return place.origin

    @property
    def names(self) -> frozenset[str]:
        """What fills it."""
        return frozenset(_GAP.findall(self.text))

    def fill(self, values: Mapping[str, JsonValue]) -> Address:
        """Return the address; what fills a gap is one path segment or one value of the query.

        Raises:
            Missing: There is no value for a gap.
            Refused: A value would lead elsewhere, e.g. `..`.
        """
        return parse_address(_GAP.sub(lambda gap: self._piece(gap[1], values), self.text))

    def _piece(self, name: str, values: Mapping[str, JsonValue]) -> str:
        value = look_in(values, name)
        if value is None or isinstance(value, dict | list):
            raise Missing(name)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if not text:
            raise Refused(f"An empty {name!r} would make another URL of {self.text!r:.200}.")
        return quote(text, safe="")


def gaps_in(body: JsonValue) -> frozenset[str]:
    """Return what fills a body."""
    return frozenset(name for text in _texts(body) for name in _GAP.findall(text))


def fill_body(body: JsonValue, values: Mapping[str, JsonValue]) -> JsonValue:
    """Return a JSON body: a text that is one gap becomes the value, with its type.

    Raises:
        Missing: There is no value for a gap.
    """
    if isinstance(body, dict):
        return {name: fill_body(item, values) for name, item in body.items()}
    if isinstance(body, list):
        return [fill_body(item, values) for item in body]
    if not isinstance(body, str):
        return body
    whole = _GAP.fullmatch(body)
    if whole:
        return look_in(values, whole[1])
    return _GAP.sub(lambda gap: str(look_in(values, gap[1])), body)


def _texts(body: JsonValue) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif isinstance(body, dict):
        for item in body.values():
            yield from _texts(item)
    elif isinstance(body, list):
        for item in body:
            yield from _texts(item)
