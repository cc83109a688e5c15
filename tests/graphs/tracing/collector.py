"""A LangSmith on loopback: takes traces and feedback as the real one does, and keeps the bytes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

PROJECT = "00000000-0000-4000-8000-000000000001"

LIMITS = {
    "size_limit": 100,
    "size_limit_bytes": 20_000_000,
    "scale_up_nthreads_limit": 16,
    "scale_up_qsize_trigger": 1000,
    "scale_down_nempty_trigger": 4,
}


@dataclass
class Collector:
    """What arrived."""

    url: str
    multipart: bool
    refuse: bool
    received: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def raw(self) -> bytes:
        return b"\n".join(body for _, body in self.received)

    @property
    def runs(self) -> list[dict[str, Any]]:
        """Runs as last told, in order of their beginning."""
        found: dict[str, dict[str, Any]] = {}
        for path, body in self.received:
            if path.endswith("/runs/batch"):
                told = json.loads(body)
                for run in [*told.get("post", []), *told.get("patch", [])]:
                    found.setdefault(run["id"], {}).update(run)
        return sorted(found.values(), key=lambda run: str(run["dotted_order"]))

    @property
    def roots(self) -> list[dict[str, Any]]:
        return [run for run in self.runs if run["id"] == run["trace_id"]]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [run for run in self.runs if run["name"] == name]

    @property
    def feedback(self) -> list[dict[str, Any]]:
        return [json.loads(body) for path, body in self.received if path.endswith("/feedback")]


def metadata(run: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = run["extra"]["metadata"]
    return found


@contextmanager
def collecting(*, multipart: bool = False, refuse: bool = False) -> Iterator[Collector]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("/info"):
                config = LIMITS | {"use_multipart_endpoint": collector.multipart}
                self.say({"version": "0.8.0", "batch_ingest_config": config})
            else:
                ids = {"id": PROJECT, "tenant_id": PROJECT, "reference_dataset_id": None}
                self.say([ids | {"name": "test"}])

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.received.append((self.path.partition("?")[0], body))
            self.say({}, 422 if collector.refuse else 202)

        def do_PATCH(self) -> None:
            self.do_POST()

        def say(self, said: object, status: int = 200) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    collector = Collector(url=url, multipart=multipart, refuse=refuse)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
