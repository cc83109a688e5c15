"""A scripted chat model that plays an evil planner and decider. Lives in tests only."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr


class EvilModel(BaseChatModel):
    """Says its lines in order and then `{"kind": "done"}`; remembers what it was asked."""

    lines: list[str]
    _asked: list[str] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "evil"

    @property
    def asked(self) -> list[str]:
        return self._asked

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self._asked.append("\n".join(message.text for message in messages))
        line = self.lines.pop(0) if self.lines else '{"kind": "done", "reasoning": "tired"}'
        return ChatResult(generations=[ChatGeneration(message=AIMessage(line))])
