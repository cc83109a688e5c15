"""A model server on loopback in a process of its own, so that its CPU time is not counted as ours.

It answers each request after a delay: to note the next number, and from some request on that all is
done. Each path is a conversation of its own. `GET /seen` tells what it saw. Ends when its standard
input is closed.

    python -m benchmarks.loopback DELAY_SECONDS ACTIONS
"""

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Seen:
    """One request; times in seconds of one clock."""

    path: str
    bytes: int
    began: float
    ended: float = 0.0


@dataclass
class Server:
    """What the handler knows."""

    delay: float
    actions: int
    seen: list[Seen] = field(default_factory=list)
    paths: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, path: str, size: int) -> tuple[int, Seen]:
        """Note a request and return its number in the conversation."""
        with self.lock:
            self.seen.append(Seen(path, size, time.monotonic()))
            self.paths[path] += 1
            return self.paths[path], self.seen[-1]


def decision(number: int, actions: int) -> dict[str, object]:
    """Return what the model decides at its nth request."""
    acts = number <= actions
    return {
        "kind": "act" if acts else "done",
        "action": {"tool": "note", "args": {"number": number}} if acts else None,
        "reasoning": "the next one",
        "alternatives": [],
        "evidence": [],
        "confidence": 1.0,
    }


def completion(said: object) -> bytes:
    """Return an answer in the words of OpenAI's protocol."""
    message = {"role": "assistant", "content": json.dumps(said)}
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "loopback",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
    return json.dumps(body).encode()


def handler(server: Server) -> type[BaseHTTPRequestHandler]:
    """Return the class that answers requests for a server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            size = int(self.headers["content-length"])
            self.rfile.read(size)
            number, seen = server.take(self.path, size)
            time.sleep(server.delay)
            seen.ended = time.monotonic()
            self.say(completion(decision(number, server.actions)))

        def do_GET(self) -> None:
            self.say(json.dumps([asdict(one) for one in server.seen]).encode())

        def say(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            """Stay silent."""

    return Handler


@contextmanager
def loopback(*, delay: float, actions: int) -> Iterator[str]:
    """Serve in another process until the block ends; give the URL."""
    command = [sys.executable, "-m", "benchmarks.loopback", str(delay), str(actions)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101  # it is a pipe
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.communicate()


def seen(url: str) -> list[Seen]:
    """Return the requests that a server saw."""
    with urllib.request.urlopen(f"{url}/seen") as response:  # noqa: S310  # our own on loopback
        return [Seen(**one) for one in json.load(response)]


def main() -> None:
    """Serve until nobody wants it any more."""
    delay, actions = sys.argv[1:]
    served = Server(float(delay), int(actions))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(served))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
