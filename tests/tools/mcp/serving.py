"""Servers for tests, and their tools as an agent would hold them."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.mcp.link import Link
from tools.mcp.looking import hand
from tools.mcp.settings import Override, ServerSettings
from tools.mcp.tool import McpTool, mcp_tool

ROOT = Path(__file__).parents[3]
RAW = ROOT / "tests" / "tools" / "mcp" / "raw.py"
NOTE = {"name": "$args.name"}
WRITE: Mapping[str, Any] = {
    "effect": "reversible",
    "authority": ["name"],
    "resources": ["note:{name}"],
    "look": {"tool": "read_note", "args": NOTE, "fields": ["text"], "absent": "no such note"},
    "happened": {"text": "$args.text"},
    "undo": {"tool": "write_note", "args": NOTE | {"text": "$before.text"}},
    "undo_new": {"tool": "delete_note", "args": NOTE},
}
"""What is told of the tool that writes notes, so that it can be undone."""


def raw_command(mode: str, folder: Path) -> list[str]:
    (folder / "log").touch()
    return [sys.executable, "-I", "-S", str(RAW), mode, str(folder)]


def raw(mode: str, folder: Path, **more: Any) -> ServerSettings:
    """Return a server that misbehaves."""
    command, *args = raw_command(mode, folder)
    given = {"command": command, "args": args, "start_seconds": 20.0, "restarts": 1} | more
    return ServerSettings.model_validate(given)


def real(folder: Path, **more: Any) -> ServerSettings:
    """Return the server on the `mcp` package."""
    args = ["-m", "tests.tools.mcp.server", str(folder)]
    given = {"command": sys.executable, "args": args, "cwd": str(ROOT), "restarts": 1} | more
    return ServerSettings.model_validate(given)


@contextmanager
def tools_of(settings: ServerSettings, name: str = "notes") -> Iterator[dict[str, McpTool]]:
    """Lend the tools of a server, pinned as it is now, by the server's own names."""
    link = Link(name, settings)
    try:
        hands = {one.name: hand(link, one) for one in link.pin().tools}
        told = settings.tools
        yield {own: mcp_tool(one, told.get(own, Override()), hands) for own, one in hands.items()}
    finally:
        link.close()


def processes(mark: str) -> list[int]:
    """Return the processes that have a text in their command."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return [one for one in found if one != os.getpid()]


def await_end(process: int, seconds: float) -> bool:
    """Wait until a process, whoever started it, has ended."""
    try:
        watched = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], seconds)[0])
    finally:
        os.close(watched)


def kill(process: int) -> None:
    """End a process that a test left behind."""
    signal.pidfd_send_signal(os.pidfd_open(process), signal.SIGKILL)


@contextmanager
def over_http(folder: Path, port: int = 0) -> Iterator[str]:
    """Run the server on the `mcp` package over HTTP, and lend its address."""
    command = [sys.executable, "-m", "tests.tools.mcp.http_server", str(folder), str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert server.stdout
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()
