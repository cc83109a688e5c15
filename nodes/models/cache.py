"""Answers to exactly the same question, from the store; plain JSON, no object is ever revived.

LangChain's own caches revive objects from what they read, and report the tokens of a hit as if
they were spent again. This one keeps text and tool calls only, so a hit costs nothing.
"""

from collections.abc import Sequence
from typing import Any

from langchain_core.caches import BaseCache
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, Generation
from pydantic import JsonValue

from nodes.models.likelihood import KEPT, likelihood_of
from nodes.models.prompts import Prompt
from nodes.models.roles import Candidate
from tools.contract import canonical, digest
from tools.records import WEEK_SECONDS, ModelCache
from tools.results import jsonable


class StoreCache(BaseCache):
    """An exact-match cache for chat models on a store.

    Args:
        answers: Where the answers are kept.
        tenant: Whose answers they are; nobody else sees them.
        seconds: How long an answer is good for; 0 keeps none.
    """

    def __init__(
        self, answers: ModelCache, *, tenant: str = "", seconds: float = WEEK_SECONDS
    ) -> None:
        self._answers = answers
        self._tenant = tenant
        self._seconds = seconds

    def lookup(self, prompt: str, llm_string: str) -> Sequence[Generation] | None:
        """Return the answer to a question that was asked before, without its usage."""
        found = self._answers.find(self._key(prompt, llm_string)) if self._seconds else None
        if found is None:
            return None
        message = AIMessage.model_validate(
            {
                "content": found["text"],
                "tool_calls": found["tool_calls"],
                "response_metadata": {KEPT: found.get(KEPT)},
            }
        )
        return [ChatGeneration(message=message)]

    def update(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Keep an answer; one that is not a single chat message is not kept."""
        if not self._seconds or len(return_val) != 1:
            return
        made = return_val[0]
        if isinstance(made, ChatGeneration) and isinstance(made.message, AIMessage):
            calls = jsonable(list(made.message.tool_calls))
            kept: dict[str, JsonValue] = {"text": made.message.text, "tool_calls": calls}
            likelihood = likelihood_of(made.message)
            if likelihood is not None:
                kept[KEPT] = likelihood
            self._answers.keep(self._key(prompt, llm_string), kept, seconds=self._seconds)

    def clear(self, **kwargs: Any) -> None:  # noqa: ANN401  # LangChain's signature
        """Forget all answers, of every tenant."""
        del kwargs
        self._answers.clear()

    def _key(self, prompt: str, llm_string: str) -> str:
        return digest({"tenant": self._tenant, "prompt": prompt, "model": llm_string})


def question(candidate: Candidate, prompt: Prompt) -> tuple[str, str]:
    """Return what identifies a question to a model: messages, and model with its parameters."""
    asked = canonical({"system": prompt.system, "user": prompt.user})
    model: dict[str, JsonValue] = {
        "model": candidate.model,
        "base_url": candidate.base_url,
        "structured": candidate.structured,
        "max_output_tokens": candidate.max_output_tokens,
        "temperature": candidate.temperature,
        **({"logprobs": True} if candidate.logprobs else {}),
        "schema": prompt.schema,
        "prompt": f"{prompt.name}@{prompt.version}",
    }
    return asked, canonical(model)
