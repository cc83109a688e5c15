"""Cassettes: real traffic with models, recorded once and replayed exactly.

One JSON line for each request and what came of it, an answer or a fault, with its secrets stripped.
Faults come again in a replay, so that it degrades as the recording did. Measured times aside, one
that asks anything else fails at once and shows how it differs from the nearest request on the tape.
"""

import difflib
import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from nodes.models.faults import CallFault, TapedFault, call_faults, diagnose
from nodes.models.likelihood import KEPT, likelihood_of
from nodes.models.measured import alike, masked, pieces
from nodes.models.roles import Candidate
from tools.contract import JsonObject, canonical
from tools.errors import ExitCode, SurefootError
from tools.results import jsonable
from tools.stopping import check_stop

ChatFactory = Callable[[Candidate], BaseChatModel]

STRIPPED = "[stripped]"
_SECRETS = re.compile(
    r"\b(?:sk-|lsv2_|gh[pousr]_|xox[a-z]-|AKIA)[A-Za-z0-9_-]{12,}|[Bb]earer\s+[A-Za-z0-9._~+/-]{8,}"
)
"""What looks like a key. Deliberately narrow: a tape in which names are replaced is of no use."""
_SHORTEST_SECRET = 6
_DIFF_LINES = 40


class CassetteMiss(SurefootError):
    """A replayed run asked something that is not on its cassette: the cassette does not fit."""

    exit_code: ExitCode = 2


class Cassette:
    """A file of recorded traffic; usable from any thread.

    Args:
        path: The file, JSON lines.
        secrets: Values that must not reach it, besides what looks like a key.
    """

    def __init__(self, path: Path, *, secrets: Iterable[str] = ()) -> None:
        self._path = path
        self._secrets = [item for item in secrets if len(item) >= _SHORTEST_SECRET]
        self._lock = Lock()

    def recording(self, chat: ChatFactory) -> ChatFactory:
        """Return a factory of chat models that record what comes of asking those of `chat`."""
        return lambda candidate: _Taped(candidate=candidate, play=_Recorder(self, chat(candidate)))

    def replaying(self) -> ChatFactory:
        """Return a factory of chat models that answer from the tape, and from nothing else.

        Raises:
            SurefootError: There is no such file, or it is not a cassette.
        """
        player = _Player(self, self._read())
        return lambda candidate: _Taped(candidate=candidate, play=player)

    def requests(self) -> list[JsonObject]:
        """Return what was asked, in the order in which it ended.

        Raises:
            SurefootError: There is no such file, or it is not a cassette.
        """
        return [item["request"] for item in self._read()]

    def strip(self, value: JsonObject) -> JsonObject:
        """Return a value without its secrets."""
        text = canonical(value)
        for secret in self._secrets:
            text = text.replace(json.dumps(secret)[1:-1], STRIPPED)
        stripped: JsonObject = json.loads(_SECRETS.sub(STRIPPED, text))
        return stripped

    def write(self, request: JsonObject, came: JsonObject) -> None:
        """Add one request and what came of it: `{"answer": ...}` or `{"fault": ...}`."""
        line = canonical(self.strip({"request": request, **came}))
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _read(self) -> list[dict[str, JsonObject]]:
        try:
            lines = self._path.read_text("utf-8").splitlines()
            found = [json.loads(line) for line in lines if line.strip()]
            return [{"request": {**item["request"]}, "came": _came(item)} for item in found]
        except (OSError, ValueError, LookupError, TypeError) as fault:
            raise SurefootError(
                f"{str(self._path)!r} cannot be read as a cassette.",
                advice="Record it again, or name another file.",
            ) from fault


Play = Callable[[JsonObject, list[BaseMessage], dict[str, Any]], AIMessage]


class _Recorder:
    """Asks the real model and keeps what came of it."""

    def __init__(self, cassette: Cassette, model: BaseChatModel) -> None:
        self._cassette = cassette
        self._model = model

    def __call__(
        self, request: JsonObject, messages: list[BaseMessage], parameters: dict[str, Any]
    ) -> AIMessage:
        try:
            said = self._model.invoke(messages, **parameters)
        except call_faults() as error:
            self._write(request, {"fault": diagnose(error, datetime.now(UTC)).to_json()})
            raise
        self._write(request, {"answer": _answer(said)})
        return said

    def _write(self, request: JsonObject, came: JsonObject) -> None:
        """Keep what the run heard; a call that it no longer waited for never came to an end."""
        check_stop()
        self._cassette.write(request, came)


class _Player:
    """Lets come of each request what came of it, of the same request in the same order."""

    def __init__(self, cassette: Cassette, taped: list[dict[str, JsonObject]]) -> None:
        self._cassette = cassette
        self._taped = taped
        self._lock = Lock()
        self._left = [(pieces(item["request"]), item["came"]) for item in taped]

    def __call__(
        self, request: JsonObject, messages: list[BaseMessage], parameters: dict[str, Any]
    ) -> AIMessage:
        del messages, parameters
        asked = self._cassette.strip(request)
        with self._lock:
            came = self._take(pieces(asked))
        if came is None:
            raise self._miss(asked)
        if "fault" in came:
            raise TapedFault(CallFault.model_validate(came["fault"]))
        return AIMessage.model_validate(came["answer"])

    def _take(self, asked: list[str]) -> JsonObject | None:
        """Return what came first of a request like this, which is then used up."""
        for at, (recorded, came) in enumerate(self._left):
            if alike(recorded, asked):
                del self._left[at]
                return came
        return None

    def _miss(self, asked: JsonObject) -> CassetteMiss:
        known = [_pretty(item["request"]) for item in self._taped]
        wanted, parts = _pretty(asked), pieces(asked)
        count = sum(alike(pieces(item["request"]), parts) for item in self._taped)
        if count:
            return CassetteMiss(
                f"This request is on the cassette {count} times and was asked more."
            )
        if not known:
            return CassetteMiss("The cassette is empty.")
        nearest = max(known, key=lambda text: _likeness(text, wanted))
        lines = difflib.unified_diff(
            nearest.splitlines(), wanted.splitlines(), "recorded", "asked", lineterm="", n=1
        )
        shown = "\n".join(line[:200] for line in [*lines][:_DIFF_LINES])
        return CassetteMiss(
            f"This request is not on the cassette. Against the nearest one:\n{shown}\n",
            advice="Record the cassette again when the difference is meant.",
        )


class _Taped(BaseChatModel):
    """A chat model between the asker and a cassette."""

    candidate: Candidate
    play: Play

    @property
    def _llm_type(self) -> str:
        return "taped"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401  # LangChain's signature
    ) -> ChatResult:
        del run_manager
        request: JsonObject = {
            "model": self.candidate.identity,
            "messages": [{"type": item.type, "text": item.text} for item in messages],
            "tools": jsonable(kwargs.get("tools", [])),
            "parameters": jsonable(
                {key: value for key, value in kwargs.items() if key != "tools"}
                | {"stop": stop, "temperature": self.candidate.temperature}
            ),
        }
        message = self.play(request, messages, kwargs)
        return ChatResult(generations=[ChatGeneration(message=message)])


def _answer(said: AIMessage) -> JsonObject:
    """Return what of an answer a replay needs."""
    refusal = said.additional_kwargs.get("refusal")
    finish = said.response_metadata.get("finish_reason")
    likelihood = likelihood_of(said)
    return {
        "content": said.text,
        "tool_calls": jsonable(list(said.tool_calls)),
        "invalid_tool_calls": jsonable(list(said.invalid_tool_calls)),
        "usage_metadata": jsonable(said.usage_metadata),
        "additional_kwargs": {"refusal": jsonable(refusal)} if refusal else {},
        "response_metadata": {"finish_reason": jsonable(finish)}
        | ({} if likelihood is None else {KEPT: likelihood}),
    }


def _came(item: dict[str, Any]) -> JsonObject:
    """Return what came of a request on the tape.

    Raises:
        LookupError: It does not say.
        ValueError: It cannot be replayed.
    """
    if "fault" in item:
        return {"fault": CallFault.model_validate(item["fault"]).to_json()}
    return {"answer": item["answer"]}


def _pretty(request: Any) -> str:  # noqa: ANN401  # any JSON
    """Return a request in short lines without what was measured, so that a diff can be read."""
    text = json.dumps(request, indent=1, sort_keys=True).replace("\\n", "\n")
    return masked(text).replace("},{", "},\n{").replace(',\\\\\\"', ',\n\\\\\\"')


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one.splitlines(), other.splitlines()).ratio()
