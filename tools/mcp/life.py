"""One connection to a server, from its start to its end; all of it on one event loop."""

import asyncio
import json
import logging
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from anyio import BrokenResourceError, ClosedResourceError, EndOfStream
from langchain_mcp_adapters.sessions import create_session
from mcp import ClientSession, McpError, types

from tools.errors import Fatal, Transient
from tools.mcp.connecting import connection, process_environment
from tools.mcp.metered import Meter
from tools.mcp.settings import ServerSettings
from tools.plain_text import plain

T = TypeVar("T")
ENDING_SECONDS: Final = 5.0
SHOWN_CHARACTERS: Final = 400
ENDED: Final = "it ended"
"""What a keeper says of a server that ended by itself."""
_CLOSED: Final = frozenset({types.CONNECTION_CLOSED, 32600})
"""Codes of the library itself: the connection was closed, the session is no longer known."""
_GONE: Final = (BrokenResourceError, ClosedResourceError, EndOfStream)


class Gone(Exception):
    """The connection ended while it was used."""


class Life:
    """One connection.

    Args:
        name: What the server is called.
        settings: How it is reached.
    """

    def __init__(self, name: str, settings: ServerSettings) -> None:
        self._name = name
        self._settings = settings
        self._folder = Path(tempfile.mkdtemp(prefix="surefoot-mcp-"))
        self._ready: asyncio.Future[ClientSession] = asyncio.get_running_loop().create_future()
        self._ending = asyncio.Event()
        self._broken = asyncio.Event()
        self._why = ""
        self._task = asyncio.create_task(self._serve())
        self._task.add_done_callback(_fault)  # else asyncio complains that nobody looked

    @property
    def usable(self) -> bool:
        """Whether it has begun, and nothing says that it has ended."""
        return self._ready.done() and not self._task.done() and not self._broken.is_set()

    async def begin(self) -> None:
        """Wait until the server can be asked.

        Raises:
            Fatal: It cannot be started, or does not speak the protocol.
            Transient: It does not answer in time, or cannot be reached.
        """
        seconds = self._settings.start_seconds
        await self._first(self._ready, seconds)
        if self._ready.done() and not self._ready.cancelled():
            return
        late = not (self._task.done() or self._broken.is_set())
        await self.end(f"it did not answer within {seconds:g} s" if late else "")
        kind = Transient if late or self._settings.url else Fatal
        raise kind(
            f"The MCP server {self._name!r} cannot be started: {self.why}.",
            advice="Look at its command and its variables in surefoot.toml.",
        )

    async def ask(self, make: Coroutine[Any, Any, T], seconds: float) -> T:
        """Return what an exchange with the server brings.

        Raises:
            Gone: The connection ended meanwhile; whether the server did something is not known.
            TimeoutError: It took too long; the connection is no longer usable.
            McpError: The server says that it failed.
        """
        asked = asyncio.create_task(make)
        try:
            await self._first(asked, seconds)
            if asked.done():
                return asked.result()
            raise Gone if self._broken.is_set() or self._task.done() else TimeoutError
        except _GONE as fault:
            self._broken.set()
            raise Gone from fault
        except McpError as fault:
            if fault.error.code in _CLOSED:
                self._broken.set()
                raise Gone from fault
            raise
        except TimeoutError:
            self.break_off(f"it did not answer within {seconds:g} s")
            raise
        finally:
            asked.cancel()

    async def _first(self, wanted: asyncio.Future[Any], seconds: float) -> None:
        """Wait for something, but not longer than the connection holds."""
        broken = asyncio.create_task(self._broken.wait())
        waiting = {wanted, broken, self._task}
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            broken.cancel()

    @property
    def session(self) -> ClientSession:
        """The session; only after `begin`."""
        return self._ready.result()

    @property
    def why(self) -> str:
        """Why it ended, and the last that the server complained of."""
        report = self._report()
        why = self._why or str(report.get("why", "")) or _fault(self._task) or ENDED
        complaints = plain(str(report.get("complaints", ""))[-SHOWN_CHARACTERS:], SHOWN_CHARACTERS)
        code = f" with code {report['code']}" if why == ENDED and report.get("code") else ""
        last = f"; its last words: {complaints!a}" if complaints else ""
        return f"{why}{code}{last}"

    def break_off(self, why: str) -> None:
        """Say that it is of no use any more, and why."""
        self._why = self._why or why
        self._broken.set()

    async def end(self, why: str = "") -> str:
        """End it, and whatever process it started; return why it ended."""
        self._why = self._why or why
        self._ending.set()
        if not self._ready.done():
            self._task.cancel()  # it waits for the server, not for us
        done, _ = await asyncio.wait({self._task}, timeout=ENDING_SECONDS)
        if not done:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=ENDING_SECONDS)
        told = self.why
        shutil.rmtree(self._folder, ignore_errors=True)
        self._why = self._why or told
        return told

    async def _serve(self) -> None:
        _silence()
        meter = Meter(message_bytes=self._settings.message_bytes, tell=self.break_off)
        how: Any = connection(
            self._settings,
            report=self._folder / "report",
            meter=meter,
            environment=process_environment(),
        )
        client = types.Implementation(name="surefoot", version="1")
        how["session_kwargs"] = {"client_info": client}
        async with create_session(how) as session:
            await session.initialize()
            self._ready.set_result(session)
            await self._ending.wait()

    def _report(self) -> dict[str, Any]:
        try:
            told = json.loads((self._folder / "report").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}


def _fault(task: "asyncio.Task[None]") -> str:
    """Return what ended the task of a connection, of all that it was wrapped in the innermost."""
    if not task.done() or task.cancelled() or task.exception() is None:
        return ""
    return "; ".join(
        plain(f"{one}" or type(one).__name__, 200) for one in _leaves(task.exception())
    )


def _leaves(fault: BaseException | None) -> Iterator[BaseException]:
    if isinstance(fault, BaseExceptionGroup):
        for inner in fault.exceptions[:3]:
            yield from _leaves(inner)
    elif fault is not None:
        yield fault


def _silence() -> None:
    """Keep the MCP library from printing what servers say; what matters is told by errors."""
    for name in ("mcp", "client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger().addFilter(_is_no_gossip)


def _is_no_gossip(record: logging.LogRecord) -> bool:
    """Tell whether a record comes from elsewhere; the library writes to the root logger itself."""
    return not record.pathname.replace("\\", "/").endswith("mcp/shared/session.py")
