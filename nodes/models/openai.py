"""Chat models of OpenAI and of every server that speaks its protocol."""

from collections.abc import Mapping
from contextlib import ExitStack
from threading import Lock
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from pydantic import SecretStr

from nodes.models.prompts import Prompt
from nodes.models.roles import Candidate, Structured
from tools.errors import BadInput

_OPENAI_URL = "https://api.openai.com/v1"
_OPENAI_KEY = "OPENAI_API_KEY"


class OpenAIChats:
    """Makes chat models and keeps them, one for each candidate; usable from any thread.

    Args:
        environment: Where the keys are, by the names that candidates give.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._lock = Lock()
        self._open = ExitStack()
        self._made: dict[Candidate, BaseChatModel] = {}

    def __call__(self, candidate: Candidate) -> BaseChatModel:
        """Return the chat model of a candidate.

        Raises:
            BadInput: The environment holds no key of the name that it gives.
        """
        with self._lock:
            if candidate not in self._made:
                self._made[candidate] = self._make(candidate)
            return self._made[candidate]

    def close(self) -> None:
        """Close all connections; may be called twice."""
        with self._lock:
            self._made.clear()
            self._open.close()

    def _make(self, candidate: Candidate) -> BaseChatModel:
        _key(candidate, self._environment)
        from nodes.models.client import BoundedClient  # noqa: PLC0415  # takes a second to load

        client = BoundedClient(seconds=candidate.timeout_seconds)
        self._open.callback(client.close)
        return chat_for(candidate, self._environment, client=client)


def chat_for(
    candidate: Candidate, environment: Mapping[str, str], *, client: object = None
) -> BaseChatModel:
    """Return the chat model of a candidate; it neither retries nor caches: the asker does.

    Args:
        candidate: The model.
        environment: Where its key is, by the name that the candidate gives.
        client: The HTTP client to use; the library's own when None.

    Raises:
        BadInput: The environment holds no key of that name.
    """
    from langchain_openai import ChatOpenAI  # noqa: PLC0415  # takes a second to load

    return ChatOpenAI(
        model=candidate.name,
        base_url=candidate.base_url or environment.get("OPENAI_BASE_URL") or _OPENAI_URL,
        api_key=SecretStr(_key(candidate, environment)),
        timeout=candidate.timeout_seconds,
        temperature=candidate.temperature,
        max_retries=0,
        cache=False,
        use_responses_api=False,
        http_client=client,
    )


def parameters(candidate: Candidate, prompt: Prompt, structured: Structured) -> dict[str, Any]:
    """Return how a request holds the answer to a length and a form.

    They travel in `extra_body`: as an argument of its own, `response_format` makes the client
    parse the answer and throw away what was billed but cannot be parsed.
    """
    limit = "max_tokens" if candidate.base_url else "max_completion_tokens"
    body: dict[str, Any] = {limit: candidate.max_output_tokens}
    if candidate.logprobs:
        body["logprobs"] = True
    if structured == "json_schema":
        form = {"name": "answer", "schema": prompt.schema, "strict": prompt.strict}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    elif structured == "json_mode":
        body["response_format"] = {"type": "json_object"}
    return {"extra_body": body}


def _key(candidate: Candidate, environment: Mapping[str, str]) -> str:
    name = candidate.key_env or ("" if candidate.base_url else _OPENAI_KEY)
    if not name:
        return "none"
    key = environment.get(name, "")
    if not key:
        raise BadInput(
            f"The environment variable {name!r}, which {candidate.identity!r} needs, is not set.",
            advice=f"Set {name}, or configure another model.",
        )
    return key
