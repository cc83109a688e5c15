"""The allow-list: which hosts and paths may be read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import unquote

from tools.errors import BadInput, Refused
from tools.http.address import ROUNDS, Address, parse_address

_ENTRY = re.compile(r"(?:(https?)://)?(\*\.|\*(?=[:/]|$))?(.*)", re.IGNORECASE | re.DOTALL)
_ANY: Final = "any.invalid"
"""Stands for the host of `*` while the rest of an entry is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """One entry: `docs.python.org/3/`, `https://*.example.com`, `https://*` or a longer URL."""

    text: str
    """As settings have it."""
    place: Address
    below: bool
    """Whether it is about every name below the host, instead of the host."""
    everywhere: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return an entry; without a scheme https is meant.

        Raises:
            BadInput: It is no host, with or without a path.
        """
        found = _ENTRY.fullmatch(text)
        scheme, wildcard, rest = found.groups() if found else (None, None, text)
        everywhere = wildcard == "*"
        try:
            place = parse_address(f"{scheme or 'https'}://{_ANY if everywhere else ''}{rest}")
        except Refused as fault:
            raise BadInput(f"The allowed place {text!r} cannot be used: {fault.what}") from fault
        if "?" in rest or "#" in rest:
            raise BadInput(f"The allowed place {text!r} has a query; name host and path only.")
        below = wildcard == "*."
        if below and (place.is_numeric or "." not in place.host):
            raise BadInput(
                f"The allowed place {text!r} is too wide; name a domain, or `https://*`."
            )
        return cls(text=text, place=place, below=below, everywhere=everywhere)

    @property
    def named(self) -> bool:
        """Whether it names one host, so that this host may be in an opened network."""
        return not (self.below or self.everywhere)

    def covers(self, address: Address) -> bool:
        """Tell whether an address is in this place."""
        place = self.place
        if (place.scheme, place.port) != (address.scheme, address.port):
            return False
        return self._covers_host(address) and _is_below(address.path, place.path)

    def hits(self, address: Address) -> bool:
        """Tell whether an address is in this place however a server reads its path.

        For denials: of any scheme and port, whatever the case, the slashes and the encoding.
        """
        return self._covers_host(address) and _is_below(_wide(address.path), _wide(self.place.path))

    def _covers_host(self, address: Address) -> bool:
        if self.named:
            return address.host == self.place.host
        # A wildcard stands for names: who means an address has to write it.
        if address.is_numeric:
            return False
        return self.everywhere or address.host.endswith(f".{self.place.host}")


@dataclass(frozen=True, slots=True)
class AllowList:
    """What may be read, less what may not."""

    allowed: tuple[Allowed, ...]
    denied: tuple[Allowed, ...] = ()

    @classmethod
    def parse(cls, allow: Iterable[str], deny: Iterable[str] = ()) -> Self:
        """Return the list that settings state.

        Raises:
            BadInput: An entry cannot be used.
        """
        return cls(
            tuple(Allowed.parse(text) for text in allow),
            tuple(Allowed.parse(text) for text in deny),
        )

    def checked(self, address: Address) -> Allowed:
        """Return the entry that allows an address; one that names its host rather than a wider one.

        Raises:
            Refused: None does, or one that denies it; nothing was sent.
        """
        covering = [entry for entry in self.allowed if entry.covers(address)]
        if not covering:
            places = ", ".join(entry.text for entry in self.allowed[:20]) or "nothing"
            raise Refused(
                f"{str(address)!r:.200} is not on the allow-list.",
                changed="Nothing was sent.",
                advice=f"Allowed: {places}.",
            )
        if any(entry.hits(address) for entry in self.denied):
            raise Refused(f"{str(address)!r:.200} is denied.", changed="Nothing was sent.")
        return max(covering, key=lambda entry: entry.named)


def _is_below(path: str, prefix: str) -> bool:
    """Tell whether a path is a prefix or below it, by whole segments."""
    return path == prefix or path.startswith(prefix if prefix.endswith("/") else f"{prefix}/")


def _wide(path: str) -> str:
    """Return a path as the most lenient server reads it."""
    for _ in range(ROUNDS):
        path = unquote(path)
    segments = (segment.partition(";")[0] for segment in path.casefold().split("/"))
    return "/" + "/".join(segment for segment in segments if segment)
