"""The server of `server.py` over HTTP on loopback, with some paths that misbehave.

    python -m tests.tools.mcp.http_server FOLDER [PORT]

It says its port as soon as it can be reached.
"""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from tests.tools.mcp.server import served


def over_http(folder: Path, port: int) -> None:
    manager = StreamableHTTPSessionManager(app=served(folder))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield

    async def flood(_: Request) -> Response:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b"data: " + b"x" * 100_000 + b"\n\n"
                await asyncio.sleep(0)

        return StreamingResponse(endless(), media_type="text/event-stream")

    async def elsewhere(_: Request) -> Response:
        return RedirectResponse("http://127.0.0.2:9/", status_code=307)

    async def headers(request: Request) -> Response:
        (folder / "headers.json").write_text(json.dumps(dict(request.headers)))
        return Response("no", status_code=500)

    routes = [
        Route("/flood", flood, methods=["POST"]),
        Route("/elsewhere", elsewhere, methods=["POST"]),
        Route("/headers", headers, methods=["POST"]),
        Mount("/", app=manager.handle_request),
    ]
    listening = socket.create_server(("127.0.0.1", port))
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(Starlette(routes=routes, lifespan=lifespan), log_level="error")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    over_http(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 0)
