"""What a LangChain tool is without an adapter: what a model says is what is called."""

from collections.abc import Callable
from typing import Any

from langchain_core.tools import BaseTool

from tools.contract import JsonObject


def naive(tool: BaseTool, **_: Any) -> Callable[[JsonObject], Any]:
    return tool.invoke
