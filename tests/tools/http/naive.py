"""HTTP tools as they are often written; what they let through is what ours must not."""

import socket
from collections.abc import Callable, Sequence
from urllib.parse import urljoin, urlsplit

import httpcore2

Resolver = Callable[[str, int], Sequence[str]]


class Naive:
    """Checks the text of the first URL, looks names up twice and follows where it is led."""

    def __init__(
        self, prefix: str, resolver: Resolver, backend: httpcore2.NetworkBackend | None = None
    ) -> None:
        self._prefix = prefix
        self._resolver = resolver
        self._backend = backend

    def allowed(self, url: str) -> bool:
        """The usual checks: the text begins as it should, holds the host, or is parsed to it."""
        host = self._prefix.split("/")[2]
        begins = url.startswith(self._prefix)
        return begins or f"//{host}" in url or urlsplit(url).netloc.endswith(f"@{host}")

    def get(self, url: str) -> str:
        """Return a page, or raise PermissionError."""
        if not self.allowed(url):
            raise PermissionError(url)
        host = urlsplit(url).hostname or ""
        first = self._resolver(host, 80)[0] if not _is_numeric(host) else host
        if first.startswith(("10.", "192.168.", "169.254.")):
            raise PermissionError(first)
        return self._follow(url)

    def _follow(self, url: str) -> str:
        for _ in range(5):
            parts = urlsplit(url.replace("\\", "/"))
            host = parts.hostname or ""
            address = host if _is_numeric(host) else self._resolver(host, 80)[-1]
            with httpcore2.ConnectionPool(network_backend=self._backend) as pool:
                answer = pool.request(
                    "GET",
                    httpcore2.URL(
                        scheme=b"http",
                        host=address.encode(),
                        port=parts.port or 80,
                        target=(parts.path or "/").encode(),
                    ),
                    headers={"Host": host},
                )
            where = dict(answer.headers).get(b"Location")
            if where is None:
                return answer.content.decode()
            url = urljoin(url, where.decode())
        return ""


def _is_numeric(host: str) -> bool:
    """As the C library reads it: 0x7f.1 and 2130706433 are addresses too."""
    if ":" in host:
        return True
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True
