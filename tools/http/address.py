"""The one reading of a URL: a text that two programs might read differently is refused.

Allow-lists are escaped where the guard and the client disagree on which host a text names. So
there is one parser, it accepts little, and what connects is made from its parts, not the text.
"""

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, Literal, cast
from urllib.parse import quote, unquote, urljoin

import idna

from tools.errors import Refused

Scheme = Literal["http", "https"]
PORTS: Final[dict[str, int]] = {"http": 80, "https": 443}
MAX_URL_CHARACTERS: Final = 2_000

_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::(\d{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_TRIPLET = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE: Final = "/!$&'()*+,;=:@-._~%"
ROUNDS: Final = 4
"""A path that still decodes to another one after so many rounds is hiding something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What a URL names, each part in its one spelling."""

    scheme: Scheme
    host: str
    """ASCII, lower case, without a final dot; an IPv6 address without its brackets."""
    port: int
    path: str = "/"
    """Percent-encoded, without dot segments."""
    query: str = ""

    @property
    def netloc(self) -> str:
        """Host, and port unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: who is spoken to."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def target(self) -> str:
        """Path and query, as they are sent."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def is_numeric(self) -> bool:
        """Whether the host is an IP address and no name."""
        return ":" in self.host or _NUMBER.fullmatch(self.host.rpartition(".")[2]) is not None

    def __str__(self) -> str:
        return f"{self.origin}{self.target}"

    def join(self, reference: str) -> "Address":
        """Return what a reference, such as that of a redirect, names from here.

        Raises:
            Refused: It has not exactly one reading, or is no web address.
        """
        return parse_address(urljoin(str(self), _plain(reference)))


def parse_address(text: str) -> Address:
    """Return what a URL names; a fragment is dropped, it is never sent.

    Raises:
        Refused: The text is no URL of the web, or could be read in more than one way.
    """
    parts = _URL.fullmatch(_plain(text))
    if parts is None:
        raise _refused(text, "it does not begin with http:// or https://")
    scheme, authority, path, query = parts.groups()
    if "@" in authority:
        raise _refused(text, "it names a user before the host")
    named = _AUTHORITY.fullmatch(authority)
    if named is None:
        raise _refused(text, "its host and port cannot be told")
    scheme = scheme.lower()
    port = int(named[2] or PORTS[scheme])
    if not 0 < port < 2**16:
        raise _refused(text, f"there is no port {port}")
    return Address(
        scheme=cast("Scheme", scheme),
        host=_host(named[1], text),
        port=port,
        path=_path(path, text) or "/",
        query=_encoded(query or "", text, safe=_PATH_SAFE + "?"),
    )


def _plain(text: str) -> str:
    """Return a text without anything that programs skip, strip or turn around."""
    if len(text) > MAX_URL_CHARACTERS:
        raise _refused(text, f"it has more than {MAX_URL_CHARACTERS} characters")
    if not text.isprintable() or " " in text:
        raise _refused(text, "it holds a space or an invisible character (write %20 for a space)")
    if "\\" in text:
        raise _refused(text, "it holds a backslash")
    return text


def _host(text: str, url: str) -> str:
    if text.startswith("["):
        try:
            return IPv6Address(text[1:-1]).compressed
        except AddressValueError as fault:
            raise _refused(url, "its host is no IPv6 address") from fault
    name = (text if text.isascii() else _punycode(text, url)).lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004  # RFC 1035
        raise _refused(url, "its host is no name and no address")
    if _NUMBER.fullmatch(labels[-1]) and not _is_dotted_quad(name):
        raise _refused(url, "its host is an address in an unusual notation")
    return name


def _is_dotted_quad(name: str) -> bool:
    try:
        return str(IPv4Address(name)) == name
    except AddressValueError:
        return False


def _punycode(name: str, url: str) -> str:
    """Return an international name as it is looked up; letters that only look alike stay others."""
    try:
        ascii_name = idna.encode(name, uts46=True, std3_rules=True).decode()
    except idna.IDNAError as fault:
        raise _refused(url, "its host is no international name") from fault
    if "xn--" not in ascii_name.lower():
        raise _refused(url, f"its host is {ascii_name!r} in unusual letters")
    return ascii_name


def _encoded(text: str, url: str, *, safe: str) -> str:
    """Return a part in its one percent-encoded spelling."""
    if _STRAY_PERCENT.search(text):
        raise _refused(url, "a % in it is not followed by two hexadecimal digits")
    return quote(_TRIPLET.sub(_spelled, text), safe=safe)


def _spelled(found: re.Match[str]) -> str:
    char = chr(int(found[1], 16))
    return char if char in _UNRESERVED else found[0].upper()


def _path(text: str, url: str) -> str:
    """Return a path; however a server decodes it, it stays below where it seems to be."""
    path = reading = _encoded(text, url, safe=_PATH_SAFE)
    for _ in range(ROUNDS):
        _refuse_detours(reading, url)
        try:
            decoded = unicodedata.normalize("NFKC", unquote(reading, errors="strict"))
        except UnicodeDecodeError as fault:
            raise _refused(url, "its path is not UTF-8") from fault
        if decoded == reading:
            return path
        reading = decoded
    raise _refused(url, "its path is encoded over and over")


def _refuse_detours(path: str, url: str) -> None:
    segments = [segment.partition(";")[0] for segment in re.split(r"[/\\]", path)]
    if {".", ".."} & {*segments}:
        raise _refused(url, "its path has a segment of dots")
    if not path.isprintable():
        raise _refused(url, "its path holds an invisible character")


def _refused(url: str, why: str) -> Refused:
    return Refused(f"The URL {url!r:.200} is not accepted: {why}.")
