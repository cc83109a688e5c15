"""HTTP to a server, metered: so many bytes and requests for each message of ours, and no more."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

FACTOR: Final = 4
"""Bytes for each message of ours, in messages of the largest size."""
MAX_REQUESTS: Final = 50
"""Requests that the library may make by itself between two messages of ours."""


class Flooded(httpx.TransportError):
    """It was more than may come."""


@dataclass(slots=True, kw_only=True)
class Meter:
    """Counts what comes, and tells when it is too much."""

    message_bytes: int
    tell: Callable[[str], None]
    bytes: int = field(default=0, init=False)
    requests: int = field(default=0, init=False)

    def begin(self, method: str) -> None:
        """Count a request; a message of ours sets everything to zero.

        Raises:
            Flooded: The server made the library ask again and again.
        """
        if method == "POST":
            self.bytes = self.requests = 0
        self.requests += 1
        if self.requests > MAX_REQUESTS:
            raise self._flooded(f"it had itself asked {self.requests} times")

    def add(self, count: int) -> None:
        """Count bytes.

        Raises:
            Flooded: There are too many.
        """
        self.bytes += count
        if self.bytes > self.message_bytes * FACTOR:
            raise self._flooded(f"it sent more than {self.message_bytes * FACTOR} bytes")

    def _flooded(self, why: str) -> Flooded:
        self.tell(why)
        return Flooded(why)


class _Counted(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, meter: Meter) -> None:
        self._stream = stream
        self._meter = meter

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._meter.add(len(chunk))
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Metered(httpx.AsyncBaseTransport):
    def __init__(self, meter: Meter) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self._meter = meter

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._meter.begin(request.method)
        # Compressed, a flood would be counted before it unfolds.
        request.headers["accept-encoding"] = "identity"
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx.DecodingError("it answers compressed, which was not asked for")
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _Counted(response.stream, self._meter)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def client_factory(meter: Meter) -> Callable[..., httpx.AsyncClient]:
    """Return what makes a client as the MCP library wants it; the environment has no say in it."""

    def make(
        headers: dict[str, str] | None = None,
        timeout: httpx.Timeout | None = None,
        auth: httpx.Auth | None = None,
    ) -> httpx.AsyncClient:
        given: dict[str, Any] = {"headers": headers, "timeout": timeout, "auth": auth}
        return httpx.AsyncClient(transport=_Metered(meter), trust_env=False, **given)

    return make
