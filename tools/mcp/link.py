"""A server as our synchronous tools see it: asked from any thread, alive on a thread of its own."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from threading import Lock, Thread
from typing import Any, Final, TypeVar

from mcp import McpError, types
from pydantic import ValidationError

from tools.contract import JsonObject
from tools.errors import BadInput, Fatal, OutcomeUnknown, Refused, ToolFault, Transient
from tools.mcp.answers import Answer, answer_of
from tools.mcp.definitions import digest_of, pinned
from tools.mcp.life import Gone, Life
from tools.mcp.pins import Definition, Pinned
from tools.mcp.settings import ServerSettings
from tools.plain_text import plain
from tools.stopping import Stopped, awaited

T = TypeVar("T")
MAX_PAGES: Final = 20
MAX_TOOLS: Final = 256
CLOSING_SECONDS: Final = 15.0
_REFUSALS: Final = frozenset({types.METHOD_NOT_FOUND, types.INVALID_PARAMS, types.INVALID_REQUEST})


class Link:
    """One server: started when first needed, again a few times when it ends, ended at close.

    Args:
        name: What it is called.
        settings: How it is reached.
    """

    def __init__(self, name: str, settings: ServerSettings) -> None:
        self.name = name
        self.settings = settings
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._turn: asyncio.Lock | None = None
        self._life: Life | None = None
        self._starts = 0
        self._closed = False

    def pin(self) -> Pinned:
        """Return what the server says of its tools now.

        Raises:
            ToolFault: It cannot be started or asked.
        """
        return pinned(self.name, self._wait(self._listed).values())

    def check(self, definition: Definition) -> None:
        """Ask the server whether a tool still is what it was.

        Raises:
            Refused: It is not.
            ToolFault: The server cannot be started or asked.
        """
        _refuse_changed(self.name, definition, self._wait(self._listed))

    def call(self, definition: Definition, args: JsonObject, *, acts: bool) -> Answer:
        """Call a tool that still is what it was.

        Args:
            definition: What it was when the run began.
            args: Checked against that.
            acts: Whether it has an effect, so that not to hear of it is not to know.

        Raises:
            Refused: The tool is not what it was, or the server does not take the call.
            Transient: It can be tried again: nothing was done.
            Fatal: The server cannot be used any more: nothing was done.
            OutcomeUnknown: The call was made, and what came of it is not known.
        """
        return self._wait(lambda: self._called(definition, args, acts=acts))

    def close(self) -> None:
        """End the server; may be called twice."""
        with self._lock:
            self._closed, loop = True, self._loop
            self._loop = None
        if loop is None:
            return
        ended = asyncio.run_coroutine_threadsafe(self._end(), loop)
        with suppress(TimeoutError):  # its keeper ends it when this process has gone
            ended.result(CLOSING_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)
        if not loop.is_running():
            loop.close()

    def _wait(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run something on the loop of this server; a stop does not wait for it."""
        loop = self._running()
        asked = asyncio.run_coroutine_threadsafe(make(), loop)
        try:
            return awaited(asked.result)
        except Stopped:
            asked.cancel()
            raise

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._closed:
                raise Fatal(f"The MCP server {self.name!r} was ended with its run.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                name = f"mcp-{self.name}"
                self._thread = Thread(target=self._loop.run_forever, name=name, daemon=True)
                self._thread.start()
                self._turn = asyncio.Lock()
            return self._loop

    async def _alive(self) -> Life:
        """Return a connection that can be used; a new one when the last one ended."""
        if self._turn is None:
            raise Fatal(f"The MCP server {self.name!r} is not running.")
        async with self._turn:
            if self._life is not None and self._life.usable:
                return self._life
            why = await self._life.end() if self._life is not None else ""
            self._life = None
            if self._starts > self.settings.restarts:
                raise Fatal(
                    f"The MCP server {self.name!r} ended {self._starts} times: {why}.",
                    advice="Mend the server, then resume.",
                )
            self._starts += 1
            life = Life(self.name, self.settings)
            await life.begin()
            self._life = life
            return life

    async def _listed(self) -> Mapping[str, types.Tool]:
        """Return the tools that the server has now; one that ended is started again for this."""
        try:
            return await self._list(await self._alive())
        except Gone:
            return await self._list_again()

    async def _list_again(self) -> Mapping[str, types.Tool]:
        try:
            return await self._list(await self._alive())
        except Gone as fault:
            raise Transient(f"The MCP server {self.name!r} ended: {self._why()}.") from fault

    async def _list(self, life: Life) -> dict[str, types.Tool]:
        found: dict[str, types.Tool] = {}
        cursor: str | None = None
        try:
            for _ in range(MAX_PAGES):
                params = types.PaginatedRequestParams(cursor=cursor)
                page = await life.ask(
                    life.session.list_tools(params=params), self.settings.start_seconds
                )
                found |= {tool.name: tool for tool in page.tools}
                cursor = page.nextCursor
                if not cursor:
                    break
        except TimeoutError as fault:
            raise Transient(f"The MCP server {self.name!r} does not say what it has.") from fault
        except (McpError, ValueError) as fault:
            raise Fatal(
                f"The MCP server {self.name!r} cannot be asked: {_words(fault)}."
            ) from fault
        if cursor or len(found) > MAX_TOOLS:
            raise Fatal(f"The MCP server {self.name!r} has more than {MAX_TOOLS} tools.")
        return found

    async def _called(self, definition: Definition, args: JsonObject, *, acts: bool) -> Answer:
        _refuse_changed(self.name, definition, await self._listed())
        life = await self._alive()
        try:
            answer = await life.ask(_asked(life, definition, args), self.settings.call_seconds)
        except Gone as fault:
            problem = f"The MCP server {self.name!r} ended during {definition.name!a}"
            told = f"{problem}: {await life.end()}."
            raise (OutcomeUnknown(told) if acts else Transient(told)) from fault
        except TimeoutError as fault:
            told = f"{definition.called!r} did not answer within {self.settings.call_seconds:g} s."
            raise (OutcomeUnknown(told) if acts else Transient(told)) from fault
        except (McpError, ValueError) as fault:
            raise self._failed(definition, fault, acts=acts) from fault
        self._starts = 1  # it works: what went wrong before is no sign of what comes
        return answer_of(answer)

    def _failed(
        self, definition: Definition, fault: McpError | ValueError, *, acts: bool
    ) -> ToolFault | OutcomeUnknown:
        told = f"{definition.called!r} failed: {_words(fault)}."
        if isinstance(fault, McpError) and fault.error.code in _REFUSALS:
            return Refused(told)
        return OutcomeUnknown(told) if acts else Fatal(told)

    def _why(self) -> str:
        return self._life.why if self._life is not None else "it ended"

    async def _end(self) -> None:
        if self._life is not None:
            await self._life.end("it was no longer needed")
        current = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not current]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _refuse_changed(server: str, definition: Definition, found: Mapping[str, types.Tool]) -> None:
    tool = found.get(definition.name)
    try:
        same = tool is not None and digest_of(tool) == definition.digest
    except BadInput:
        same = False
    if not same:
        what = "has no more tool" if tool is None else "no longer says the same of the tool"
        raise Refused(
            f"The MCP server {server!r} {what} {definition.called!r} as when this run began.",
            advice="Look at what it says now; if that is right, start another run.",
        )


def _asked(
    life: Life, definition: Definition, args: JsonObject
) -> Coroutine[Any, Any, types.CallToolResult]:
    """Return the call itself.

    Not by the session's own `call_tool`: that holds the answer to the schema that the server wrote,
    whose patterns may run for ever, and fails by it after the effect has happened.
    """
    params = types.CallToolRequestParams(name=definition.name, arguments=args)
    request = types.ClientRequest(types.CallToolRequest(params=params))
    return life.session.send_request(request, types.CallToolResult)


def _words(fault: Exception) -> str:
    if isinstance(fault, ValidationError):
        return "what it answers is none of the protocol's answers"
    return plain(str(fault), 300)
