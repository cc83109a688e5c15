"""The tool that reads a page, through the allow-list."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.contract import EffectClass, JsonObject, Tool
from tools.errors import OutcomeUnknown, Refused, Transient
from tools.http.address import MAX_URL_CHARACTERS, Address, parse_address
from tools.http.allow import AllowList
from tools.http.cache import Cache
from tools.http.client import Answer, Client, Request
from tools.http.readable import readable
from tools.plain_text import plain, visible
from tools.stopping import awaited

MOVED: Final = frozenset({301, 302, 303, 307, 308})
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""What servers say when another try may do."""


class HttpGetArgs(BaseModel):
    """What to read."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        min_length=1,
        max_length=MAX_URL_CHARACTERS,
        description="Whole URL, with https://, of a page on an allowed host.",
    )
    start: int = Field(
        default=0, ge=0, description="Character to begin at, to read on in a long text."
    )


class HttpGet(Tool):
    """Reads a page of an allowed place as text.

    Args:
        client: Sends.
        allow: The places.
        cache: What need not be asked again.
        types: Globs of the media types that are read.
        redirects: How many are followed.
        max_characters: How much text one call returns.
    """

    name = "http_get"
    description = "Read a web page or API answer (GET) from an allowed host, as readable text."
    effect: ClassVar[EffectClass] = "read"
    args_schema = HttpGetArgs
    authority: ClassVar[frozenset[str]] = frozenset({"url"})
    content: ClassVar[frozenset[str]] = frozenset({"start"})

    def __init__(
        self,
        client: Client,
        allow: AllowList,
        *,
        cache: Cache,
        types: Sequence[str],
        redirects: int,
        max_characters: int,
    ) -> None:
        self._client = client
        self._allow = allow
        self._cache = cache
        self._types = tuple(types)
        self._redirects = redirects
        self._max_characters = max_characters

    def bounds(self) -> tuple[str, ...]:
        """Return the places and limits."""
        limits = self._client.limits
        allowed = ", ".join(entry.text for entry in self._allow.allowed) or "nothing"
        denied = ", ".join(entry.text for entry in self._allow.denied)
        places = f"reads {allowed}" + (f", but not {denied}" if denied else "")
        size = f"{limits.max_bytes} bytes and {limits.seconds:g} s a page"
        return (places, size, f"{self._redirects} redirects, each checked like the first")

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the host, with the port when it is not the usual one.

        Raises:
            Refused: The URL cannot be read in one way.
        """
        return frozenset({f"host:{parse_address(str(args['url'])).netloc}"})

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return the page's text, from `start` on.

        Raises:
            Refused: The place is not allowed, is no text, or does not exist.
            Transient: The server does not answer for now.
            Fatal: There is no safe connection.
        """
        del key
        start = args.get("start")
        address = parse_address(str(args["url"]))
        return awaited(lambda: self._page(address, start if isinstance(start, int) else 0))

    def _page(self, address: Address, start: int) -> JsonValue:
        place, answer, cached = self._follow(address)
        _refuse_failure(place, answer)
        self._refuse_type(place, answer.type)
        found = readable(answer.text, answer.type, str(place))
        text = found.text[start : start + self._max_characters]
        rest = max(0, len(found.text) - start - len(text))
        title = plain(found.title, 300)
        name = f"{title!r:.120} at {place}" if title else str(place)
        more = f"; {rest} more from start={start + len(text)}" if rest else ""
        return {
            "summary": f"Read {name:.300}: {len(text)} characters of {answer.type}{more}.",
            "url": str(place),
            "type": answer.type,
            "title": title,
            "text": visible(text),
            "start": start,
            "total_characters": len(found.text),
            "truncated": answer.truncated or bool(rest),
            "cached": cached,
        }

    def _follow(self, address: Address) -> tuple[Address, Answer, bool]:
        """Return the answer at the end of the redirects, each of them checked like the first."""
        for _ in range(self._redirects + 1):
            answer, cached = self._fetch(address)
            if answer.status not in MOVED:
                return address, answer, cached
            target = address.join(answer.headers.get("location", ""))
            if address.scheme == "https" and target.scheme == "http":
                raise Refused(f"{address.origin} redirects to plain http, which anybody can read.")
            address = target
        raise Refused(f"{address.origin} redirects more than {self._redirects} times.")

    def _fetch(self, address: Address) -> tuple[Answer, bool]:
        """Return an answer, and whether it was kept."""
        named = self._allow.checked(address).named
        kept = self._cache.find(str(address))
        if kept and self._cache.is_fresh(kept):
            return kept.answer, True
        headers = (("Accept", ", ".join(self._types)), *(kept.validators if kept else ()))
        try:
            answer = self._client.send(Request(address=address, headers=headers, named=named))
        except OutcomeUnknown as lost:  # a read that got lost did nothing
            raise Transient(lost.what) from lost
        if kept and answer.status == HTTPStatus.NOT_MODIFIED:
            self._cache.keep(str(address), kept.answer, answer.headers)
            return kept.answer, True
        self._cache.keep(str(address), answer)
        return answer, False

    def _refuse_type(self, place: Address, media_type: str) -> None:
        if not any(fnmatchcase(media_type, glob) for glob in self._types):
            raise Refused(
                f"{place!s:.200} is {media_type or 'of no stated type'}, which is not read here.",
                advice=f"Read: {', '.join(self._types)}.",
            )


def _refuse_failure(place: Address, answer: Answer) -> None:
    """Raise what a status other than success means."""
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    what = f"{place!s:.200} answered {status_text(answer.status)}."
    raise (Transient if answer.status in PASSING else Refused)(what)


def status_text(status: int) -> str:
    """Return a status with its name, as the standard has it, not the server."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
