"""An OpenAI-compatible server on loopback that says what it is told to, or misbehaves."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import Any

from nodes.models.openai import OpenAIChats

KEY = "sk-secret-0123456789abcdef"
KEYS = {"STUB_KEY": KEY, "OPENAI_API_KEY": "sk-only-for-openai-0123456789"}

Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Does with each request what the next behaviour says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Stub"

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.server.note(json.loads(self.rfile.read(length)), dict(self.headers))
        self.server.next()(self)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name in http.server
        del format, args

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Stub(ThreadingHTTPServer):
    """The server; what is left of its script is a failure of the test."""

    daemon_threads = True

    def __init__(self, *script: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.over = Event()
        self.chats = OpenAIChats(KEYS)
        self._script = deque(script)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def left(self) -> int:
        return len(self._script)

    def note(self, body: dict[str, Any], headers: dict[str, str]) -> None:
        with self._lock:
            self.asked.append(body)
            self.headers.append(headers)

    def next(self) -> Behaviour:
        with self._lock:
            return self._script.popleft() if self._script else status(500)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that give up are part of the tests."""


@contextmanager
def stub(*script: Behaviour) -> Iterator[Stub]:
    """Serve a script until the block ends."""
    server = Stub(*script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.chats.close()
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def completion(content: str | None, *, usage: bool = True, **message: Any) -> dict[str, Any]:
    """Return a chat completion; 10 tokens read, 4 of them from a cache, 5 written."""
    body: dict[str, Any] = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "stub",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
    }
    if usage:
        body["usage"] = {
            "prompt_tokens": 10,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens": 5,
            "total_tokens": 15,
        }
    return body


def says(content: Any, *, usage: bool = True, **message: Any) -> Behaviour:
    """Answer with a text, or with a value as JSON."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    body = json.dumps(completion(text, usage=usage, **message)).encode()
    return lambda handler: handler.send(200, body)


def raw(body: bytes, **headers: str) -> Behaviour:
    """Answer 200 with any bytes."""
    return lambda handler: handler.send(200, body, **headers)


def status(code: int, message: str = "no", **headers: str) -> Behaviour:
    """Answer with an error."""
    body = json.dumps({"error": {"message": message, "type": "t", "code": None}}).encode()
    return lambda handler: handler.send(code, body, **headers)


def stall(handler: Handler) -> None:
    """Say nothing until the test is over."""
    handler.server.over.wait(60)
    handler.close_connection = True


def drip(handler: Handler) -> None:
    """Send a byte now and then, each in time, and never come to an end."""
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", "5000")
    handler.end_headers()
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def hang_up(handler: Handler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


def cut(handler: Handler) -> None:
    """Promise a long body and stop in the middle of it."""
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"id": "c1", "choices": [{"mess')
    handler.wfile.flush()
    handler.close_connection = True


TOOL_CALL = [
    {"id": "t1", "type": "function", "function": {"name": "rm_rf", "arguments": '{"path": "/"}'}}
]
