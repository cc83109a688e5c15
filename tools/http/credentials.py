"""Tokens: named in settings, read from the environment, sent to their own origin, never shown."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from urllib.parse import quote

from pydantic import Field, field_validator

from tools.contract import Record
from tools.errors import Fatal, Refused
from tools.http.address import Address, parse_address
from tools.results import WITHHELD

SHORTEST = 6
"""Shorter texts are no secrets, and would blot out half of a page."""


class Credential(Record):
    """A token for one origin."""

    origin: str
    """Scheme, host and port, e.g. `https://api.example.com`. Plain http only on this machine."""
    token_env: str = Field(min_length=1, max_length=200)
    """The environment variable that holds the token."""
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z][A-Za-z0-9-]{0,60}$")
    prefix: str = Field(default="Bearer ", pattern=r"^[ -~]{0,40}$")
    """What stands before the token in the header."""

    @field_validator("origin")
    @classmethod
    def _canonical(cls, text: str) -> str:
        try:
            place = parse_address(text)
        except Refused as fault:
            raise ValueError(fault.what) from fault
        if place.target != "/":
            raise ValueError(f"{text!r} is more than an origin; leave the path away")
        if place.scheme == "http" and not _is_here(place):
            raise ValueError(f"{text!r} would carry a token in the open; write https")
        return place.origin


class Credentials:
    """The tokens that there are, by origin.

    Args:
        declared: As settings have them.
        environment: Where their values are.
    """

    def __init__(self, declared: Iterable[Credential], environment: Mapping[str, str]) -> None:
        self._declared = {one.origin: one for one in declared}
        self._environment = environment

    def headers(self, address: Address) -> list[tuple[str, str]]:
        """Return what proves to an origin who is asking; nothing for one without a token.

        Raises:
            Fatal: The variable is not set, or holds what no header can carry.
        """
        found = self._declared.get(address.origin)
        if found is None:
            return []
        token = self._environment.get(found.token_env, "")
        if not token or not token.isascii() or not token.isprintable():
            raise Fatal(
                f"The environment variable {found.token_env!r} holds no token.",
                changed="Nothing was sent.",
                advice=f"Set it; {found.origin} needs it.",
            )
        return [(found.header, found.prefix + token)]

    def hide(self, data: bytes) -> bytes:
        """Return an answer without any of the tokens, which servers like to echo."""
        for one in self._declared.values():
            token = self._environment.get(one.token_env, "")
            if len(token) >= SHORTEST:
                for form in {token, quote(token, safe="")}:
                    data = data.replace(form.encode(), WITHHELD.encode())
        return data


def _is_here(place: Address) -> bool:
    return place.host == "localhost" or (place.is_numeric and ip_address(place.host).is_loopback)
