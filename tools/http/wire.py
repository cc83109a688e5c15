"""The connection: to exactly the addresses that were checked, within limits of time and size.

Names are looked up once, here, and what connects is given numbers: a second look-up could be told
something else. What reads and writes is given what is left of the whole time, so that a server
that sends a byte now and then gains nothing by it.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field

import httpcore2

from tools.errors import Transient
from tools.stopping import background

Resolver = Callable[[str, int], Sequence[str]]
"""Returns the numeric addresses of a host; raises OSError when there are none."""

HEADER_BYTES = 128 * 1024
"""What may come on the wire beside the body: headers, and what frames the chunks."""


class OutOfTime(Exception):
    """The exchange took longer than it may."""


class TooMuch(Exception):
    """More came than may."""


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Return what the system says of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(slots=True)
class Deadline:
    """The end of one exchange."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self._end = self.clock() + self.seconds

    def left(self, at_most: float = float("inf")) -> float:
        """Return the seconds that are left, at most so many.

        Raises:
            OutOfTime: None are.
        """
        left = self._end - self.clock()
        if left <= 0:
            raise OutOfTime
        return min(left, at_most)


def look_up(resolver: Resolver, host: str, port: int, deadline: Deadline) -> Sequence[str]:
    """Return the addresses of a host.

    Raises:
        Transient: There are none for now, or the answer takes too long.
    """
    asked = background(lambda: resolver(host, port))
    wait([asked], timeout=deadline.left())
    if not asked.done():
        raise Transient(f"Looking up {host!r} took too long.")
    try:
        found = asked.result()
    except (OSError, UnicodeError) as fault:
        raise Transient(f"The host {host!r} is not known: {fault}.") from fault
    if not found:
        raise Transient(f"The host {host!r} has no address.")
    return found


@dataclass(slots=True, kw_only=True)
class Wire(httpcore2.NetworkBackend):
    """Connects to checked addresses, whatever host it is asked for.

    Args:
        addresses: Numeric, tried in order.
        deadline: When all must be over.
        connect_seconds: How long one address may take to answer.
        max_bytes: What may be received.
    """

    addresses: Sequence[str]
    deadline: Deadline
    connect_seconds: float
    max_bytes: int
    sent: bool = False
    """Whether any of the request may have left: from then on the server may act."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002  # the deadline rules
        local_address: str | None = None,  # noqa: ARG002  # the system chooses
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers."""
        fault: Exception = httpcore2.ConnectError(f"No address of {host!r}.")
        for address in self.addresses:
            try:
                stream = httpcore2.SyncBackend().connect_tcp(
                    address,
                    port,
                    timeout=self.deadline.left(self.connect_seconds),
                    socket_options=socket_options,
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failed:
                fault = failed
            else:
                return _Stream(stream, self)
        raise fault


class _Stream(httpcore2.NetworkStream):
    """A connection whose every wait ends at the deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, wire: Wire) -> None:
        self._inner = inner
        self._wire = wire
        self._received = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        data = self._inner.read(max_bytes, self._wire.deadline.left())
        self._received += len(data)
        if self._received > self._wire.max_bytes:
            raise TooMuch
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._wire.sent = True
        self._inner.write(buffer, self._wire.deadline.left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        del timeout
        left = self._wire.deadline.left(self._wire.connect_seconds)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._wire)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)
