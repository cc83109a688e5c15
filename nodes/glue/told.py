"""What came of one call, as the ledger tells it: a result, a refusal, a failure, a no."""

from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from nodes.confidence import PASSING
from nodes.glue.interpreter import Answer
from tools.contract import JsonObject
from tools.records import Memory

LOST: Final = "It was not done: nobody answered, or the plan has changed."


@dataclass(slots=True)
class Told:
    """Takes the entries that follow a call, and knows at the end what came of it.

    Args:
        key: The call.
    """

    key: str
    result: str = ""
    """Artifact of what it returned."""
    adopted: bool = False
    """Whether it happened, but what it returned is not known."""
    fault: Exception | None = None
    doubt: bool = False
    """Whether only a person can tell."""

    def take(self, kind: str, subject: str, body: JsonObject) -> None:
        """Add one entry; what does not concern the call changes nothing."""
        if kind == "answer" and body.get("key") == self.key:
            self._on_answer(body)
        elif subject != self.key:
            return
        elif kind == "gate" and body.get("gate") in {"again", "denied"}:
            fault = TimeoutError if body.get("rule") == PASSING else PermissionError
            self._fail(fault(f"{body['gate']}: {body['reason']}"))
        elif kind == "observation":
            self._on_observation(body)
        elif kind == "effect" and self.doubt:
            self._on_settled(body)
        elif kind == "undo" and body.get("came") in {"undone", "gone already"}:
            self._fail(RuntimeError(f"it was undone: {body.get('why')}"))

    def answer(self, memory: Memory) -> Answer:
        """Return what the program gets."""
        if self.fault is not None:
            return Answer(fault=self.fault)
        if self.result:
            return Answer(value=memory.artifacts.get(self.result))
        if self.adopted:
            return Answer(value={"adopted": True})
        return Answer(fault=PermissionError(LOST))

    def _fail(self, fault: Exception) -> None:
        self.result, self.adopted, self.fault = "", False, fault

    def _on_answer(self, body: JsonObject) -> None:
        if body.get("decision") in {"reject", "respond"} and not self.doubt:
            said = f": {body['message']}" if body.get("message") else ""
            self._fail(PermissionError(f"{body['decision']}ed by {body.get('reviewer')}{said}"))

    def _on_observation(self, body: JsonObject) -> None:
        status, summary = body.get("status"), str(body.get("summary"))
        if status == "ok":
            self.result, self.fault = str(body.get("artifact")), None
            return
        kinds: dict[JsonValue, type[Exception]] = {
            "refused": PermissionError,
            "transient": TimeoutError,
        }
        self.doubt = status == "in_doubt"
        self._fail(kinds.get(status, RuntimeError)(summary))

    def _on_settled(self, body: JsonObject) -> None:
        """Take what a person said of an effect that nobody could tell."""
        if body.get("state") == "applied":
            self.adopted, self.fault = True, None
        elif body.get("state") == "failed":
            self._fail(RuntimeError("it did not happen"))
