"""A server on loopback that counts what reaches it; in a process of its own, so it survives kills.

It takes one request after the other, in the order in which clients connected: what a killed client
had sent is done before anybody can ask about it.
"""

import http.client
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

Post = dict[str, str]
"""One act of the server: tool, key and text; `gone` when it was taken back."""
Posts = list[Post]


class Counting(BaseHTTPRequestHandler):
    """`POST /WORLD/TOOL` acts, `GET` tells, `DELETE` takes back, `PUT` copies another world."""

    worlds: ClassVar[dict[str, Posts]] = {}
    only_once = "publish"
    """The path under which the server itself does nothing twice for one key."""

    def do_POST(self) -> None:
        whole, text = self._body()
        if not whole:  # its client died while it spoke
            return
        made = {"tool": self._parts[1], "key": self.headers["Idempotency-Key"], "text": text}
        known = [post for post in self._posts if post["key"] == made["key"]]
        if made["tool"] != self.only_once or not known:
            self._posts.append(made)
        self._say({"times": len(known)})

    def do_GET(self) -> None:
        key = self.headers["Idempotency-Key"]
        self._say([post for post in self._posts if key is None or post["key"] == key])

    def do_DELETE(self) -> None:
        _, text = self._body()
        for post in self._posts:
            if post["text"] == text:
                post["gone"] = "yes"
        self._say({})

    def do_PUT(self) -> None:
        _, other = self._body()
        self.worlds[self._parts[0]] = [dict(post) for post in self.worlds.get(other, [])]
        self._say({})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's own name
        pass

    @property
    def _parts(self) -> list[str]:
        return self.path.strip("/").split("/")

    @property
    def _posts(self) -> Posts:
        return self.worlds.setdefault(self._parts[0], [])

    def _body(self) -> tuple[bool, str]:
        size = int(self.headers["Content-Length"] or 0)
        data = self.rfile.read(size)
        return len(data) == size, data.decode()

    def _say(self, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class _Server(HTTPServer):
    request_queue_size = 128

    def __init__(self, parent: int) -> None:
        super().__init__(("127.0.0.1", 0), Counting)
        self._parent = parent

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that was killed hears no answer

    def service_actions(self) -> None:
        if os.getppid() != self._parent:
            os._exit(0)


@contextmanager
def counting() -> Iterator[int]:
    """Lend the port of a counting server."""
    server = _Server(os.getpid())
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            server.serve_forever()
        finally:
            os._exit(0)
    server.server_close()
    try:
        yield server.server_port
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def say(port: int, method: str, path: str, *, key: str = "", body: str = "") -> Any:
    """Say one thing to the server and return its answer."""
    return heard(begun(port, method, path, key=key, body=body))


def begun(
    port: int, method: str, path: str, *, key: str = "", body: str = ""
) -> http.client.HTTPConnection:
    """Send a request without waiting for its answer."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Idempotency-Key": key} if key else {}
    line.request(method, path, body.encode(), headers)
    return line


def heard(line: http.client.HTTPConnection) -> Any:
    """Return the answer to a request that was sent."""
    try:
        return json.loads(line.getresponse().read())
    finally:
        line.close()
