"""One HTTP exchange: no redirects, no cookies, no proxies, and no address that was not checked."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import httpcore2

from tools.errors import Fatal, OutcomeUnknown, SurefootError, Transient
from tools.http.address import Address
from tools.http.credentials import Credentials
from tools.http.decoding import BadEncoding, as_text, media_type, read_body
from tools.http.networks import Networks
from tools.http.wire import (
    HEADER_BYTES,
    Deadline,
    OutOfTime,
    Resolver,
    TooMuch,
    Wire,
    look_up,
    system_resolver,
)

USER_AGENT: Final = "surefoot (autonomous agent)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent."""

    address: Address
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    named: bool = True
    """Whether settings name exactly this host, so that it may be in an opened network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, decompressed and without tokens."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name; the first of each."""
    body: bytes
    truncated: bool

    @property
    def type(self) -> str:
        """Media type in lower case; empty when not stated."""
        return media_type(self.headers.get("content-type", ""))[0]

    @property
    def text(self) -> str:
        """The body as text."""
        return as_text(self.body, media_type(self.headers.get("content-type", ""))[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much one exchange may take."""

    seconds: float = 20.0
    connect_seconds: float = 5.0
    max_bytes: int = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Client:
    """Sends requests to addresses that were checked.

    Args:
        networks: Which addresses may be spoken to.
        credentials: Who is asking.
        limits: How long and how much.
        resolver: Looks up names; injected for tests.
        tls: What certificates are trusted; the system's when None.
    """

    networks: Networks
    credentials: Credentials
    limits: Limits = Limits()
    resolver: Resolver = system_resolver
    tls: ssl.SSLContext | None = None

    def send(self, request: Request) -> Answer:
        """Send a request and return the answer, whatever its status.

        Raises:
            Refused: The host leads to an address that may not be spoken to; nothing was sent.
            Transient: There was no connection; nothing was sent.
            Fatal: There will be none: a wrong certificate, no token; nothing was sent.
            OutcomeUnknown: The request left, and no whole answer came.
        """
        address, deadline = request.address, Deadline(self.limits.seconds)
        headers = self._headers(request)
        wire = Wire(
            addresses=self._checked(request, deadline),
            deadline=deadline,
            connect_seconds=self.limits.connect_seconds,
            max_bytes=self.limits.max_bytes + HEADER_BYTES,
        )
        sent = httpcore2.Request(
            request.method,
            httpcore2.URL(
                scheme=address.scheme, host=address.host, port=address.port, target=address.target
            ),
            headers=headers,
            content=request.body,
        )
        try:
            return self._exchange(sent, wire)
        except _NO_ANSWER as fault:
            if wire.sent:
                raise OutcomeUnknown(f"{address.origin} {_told(fault, deadline)}.") from fault
            raise _unreachable(address, fault, deadline) from fault

    def _exchange(self, request: httpcore2.Request, wire: Wire) -> Answer:
        with httpcore2.ConnectionPool(ssl_context=self._context, network_backend=wire) as pool:
            response = pool.handle_request(request)
            try:
                headers: dict[str, str] = {}
                for name, value in response.headers:
                    shown = self.credentials.hide(value).decode("latin-1")
                    headers.setdefault(name.decode("latin-1").lower(), shown)
                body, truncated = read_body(
                    response.iter_stream(),
                    headers.get("content-encoding", ""),
                    self.limits.max_bytes,
                )
            finally:
                response.close()
        return Answer(
            status=response.status,
            headers=headers,
            body=self.credentials.hide(body),
            truncated=truncated,
        )

    def _checked(self, request: Request, deadline: Deadline) -> tuple[str, ...]:
        """Return the addresses of the host, looked up once, each of which may be spoken to."""
        address = request.address
        found = (
            (address.host,)
            if address.is_numeric
            else look_up(self.resolver, address.host, address.port, deadline)
        )
        return self.networks.checked(address.host, found, named=request.named)

    def _headers(self, request: Request) -> list[tuple[str, str]]:
        headers = [
            ("Host", request.address.netloc),
            ("User-Agent", USER_AGENT),
            ("Accept-Encoding", "gzip, deflate"),
            ("Connection", "close"),
            *request.headers,
            *self.credentials.headers(request.address),
        ]
        if request.body or request.method != "GET":
            headers.append(("Content-Length", str(len(request.body))))
        return headers

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self.tls or httpcore2.default_ssl_context()


_NO_ANSWER = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    OutOfTime,
    TooMuch,
    BadEncoding,
)

_SAID: Mapping[type[Exception], Callable[[Exception], str]] = {
    TooMuch: lambda _: "sent more than it may",
    BadEncoding: lambda fault: f"sent a body of which {fault}",
    httpcore2.ProtocolError: lambda fault: f"does not speak HTTP ({fault})",
    httpcore2.NetworkError: lambda _: "cut the connection",
}


def _told(fault: Exception, deadline: Deadline) -> str:
    for kind, say in _SAID.items():
        if isinstance(fault, kind):
            return say(fault)
    return f"did not answer within {deadline.seconds:g} s"


def _unreachable(address: Address, fault: Exception, deadline: Deadline) -> SurefootError:
    """Return what to say when nothing has left yet."""
    certificate = fault.__cause__ or fault.__context__
    if isinstance(certificate, ssl.SSLError) and not isinstance(fault, httpcore2.TimeoutException):
        reason = getattr(certificate, "verify_message", "") or certificate.reason or certificate
        return Fatal(
            f"There is no safe connection to {address.origin}: {reason}.",
            changed="Nothing was sent.",
        )
    why = (
        f"did not connect within {deadline.seconds:g} s"
        if isinstance(fault, OutOfTime | httpcore2.TimeoutException)
        else f"cannot be reached: {fault}"
    )
    return Transient(f"{address.origin} {why}.", changed="Nothing was sent.")
