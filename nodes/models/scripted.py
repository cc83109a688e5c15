"""A chat model that says what it was told to say, for tests and examples.

Strict: asked once too often it fails, and so does a script that was not said to its end.
"""

from threading import Lock
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr


class ScriptBroken(AssertionError):
    """A scripted model was asked more, or less, than its script says."""


class ScriptedModel(BaseChatModel):
    """Says its lines in order; usable from any thread.

    Args:
        lines: Texts, or whole messages when usage or tool calls matter.
    """

    lines: list[str | AIMessage]
    _asked: list[list[BaseMessage]] = PrivateAttr(default_factory=list)
    _lock: Any = PrivateAttr(default_factory=Lock)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def asked(self) -> list[list[BaseMessage]]:
        """The messages of each call, in order."""
        return list(self._asked)

    def assert_complete(self) -> None:
        """Fail when lines were not said.

        Raises:
            ScriptBroken: Something is left.
        """
        left = len(self.lines) - len(self._asked)
        if left > 0:
            raise ScriptBroken(f"{left} of {len(self.lines)} scripted lines were not asked for.")

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401  # LangChain's signature
    ) -> ChatResult:
        del stop, run_manager, kwargs
        with self._lock:
            at = len(self._asked)
            if at >= len(self.lines):
                raise ScriptBroken(f"All {at} scripted lines are said; this call has none.")
            self._asked.append(messages)
        line = self.lines[at]
        message = AIMessage(line) if isinstance(line, str) else line
        return ChatResult(generations=[ChatGeneration(message=message)])
