"""Calls a LangChain tool, sync or async, within a time, so that Ctrl-C need not wait for it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from langchain_core.tools import Tool as StringTool

from tools.contract import JsonObject
from tools.stopping import awaited, background

GRACE: Final = 0.2
"""How much longer, in parts of its time, an async tool may take to be cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Calls one tool.

    A sync tool that takes too long is left alone in its thread: Python can end no thread. An async
    one is cancelled.
    """

    tool: BaseTool
    seconds: float
    filled: Mapping[str, Any] = field(default_factory=dict)
    """Values of injected arguments, which no model gives."""

    def call(self, args: JsonObject, key: str) -> Any:  # noqa: ANN401  # whatever the tool returns
        """Return what the tool returned: a message, or what it returned instead.

        Raises:
            TimeoutError: It took too long, or said so itself.
            Exception: Whatever the tool raised; a ToolException when it handled one itself.
        """
        asked = {
            "type": "tool_call",
            "name": self.tool.name,
            "id": key or "preview",
            "args": {**args, **self.filled},
        }
        work = background(lambda: self._run(asked))
        answer = awaited(lambda: work.result(self.seconds * (1 + GRACE)))
        if isinstance(answer, ToolMessage) and answer.status == "error":
            raise ToolException(answer.text)
        return answer

    def _run(self, asked: Mapping[str, Any]) -> Any:  # noqa: ANN401  # whatever the tool returns
        if not _only_async(self.tool):
            try:
                return self.tool.invoke(dict(asked))
            except NotImplementedError:
                if type(self.tool)._arun is BaseTool._arun:  # noqa: SLF001  # the way to know
                    raise
        return asyncio.run(asyncio.wait_for(self.tool.ainvoke(dict(asked)), self.seconds))


def _only_async(tool: BaseTool) -> bool:
    return isinstance(tool, StructuredTool | StringTool) and tool.func is None
