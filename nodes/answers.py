"""The dialects in which a person's answer may arrive, brought to one `Answer`.

Ours, LangChain's `HITLResponse`, and the older Agent Inbox list, so that their user interfaces
work unchanged. LangGraph validates an answer against `AnyReply` before it is saved.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, RootModel

from tools.contract import JsonObject
from tools.records import Answer, AnswerKind, Review


class Reply(BaseModel):
    """Our own dialect. `wake` carries no answer: look into the store, others may have answered."""

    model_config = ConfigDict(extra="forbid")

    decision: AnswerKind | Literal["wake"]
    review: str = ""
    """Which review is answered; empty means the one that the interrupt shows."""
    reviewer: str = ""
    message: str = Field(default="", max_length=4000)
    args: JsonObject | None = None
    action_hash: str = ""


class EditedAction(BaseModel):
    """LangChain's edited action."""

    name: str
    args: JsonObject


class HitlDecision(BaseModel):
    """One decision in LangChain's human-in-the-loop dialect."""

    type: Literal["approve", "edit", "reject", "respond"]
    edited_action: EditedAction | None = None
    message: str = Field(default="", max_length=4000)


class HitlReply(BaseModel):
    """LangChain's `HITLResponse`: exactly one decision, because we ask one question at a time."""

    decisions: list[HitlDecision] = Field(min_length=1, max_length=1)


class InboxReply(BaseModel):
    """One `HumanResponse` of the older Agent Inbox."""

    type: Literal["accept", "ignore", "response", "edit"]
    args: JsonValue = None


class AnyReply(RootModel[Reply | HitlReply | list[InboxReply]]):
    """An answer in any dialect; the schema that LangGraph holds answers against."""


def read_reply(said: AnyReply, review: Review) -> Reply:
    """Bring any dialect to ours.

    Args:
        said: What came back from the interrupt.
        review: The review that the interrupt showed.
    """
    if isinstance(said.root, Reply):
        return said.root
    if isinstance(said.root, HitlReply):
        return _from_hitl(said.root.decisions[0], review)
    return _from_inbox(said.root, review)


def _from_hitl(said: HitlDecision, review: Review) -> Reply:
    if said.type != "edit":
        return Reply(decision=said.type, message=said.message)
    same = said.edited_action is not None and review.action is not None
    if not same or said.edited_action is None or review.action is None:
        return Reply(decision="respond", message="The edit named no action.")
    if said.edited_action.name != review.action.tool:
        text = f"The edit names another tool, {said.edited_action.name[:60]!r}."
        return Reply(decision="respond", message=text)
    return Reply(decision="edit", args=said.edited_action.args)


def _from_inbox(said: list[InboxReply], review: Review) -> Reply:
    if len(said) != 1:
        return Reply(decision="wake")
    kind, args = said[0].type, said[0].args
    if kind == "edit" and isinstance(args, dict):
        inner = args.get("args")
        name = str(args.get("action", review.action.tool if review.action else ""))
        edited = EditedAction(name=name, args=inner if isinstance(inner, dict) else {})
        return _from_hitl(HitlDecision(type="edit", edited_action=edited), review)
    if kind == "accept":
        return Reply(decision="approve")
    if kind == "ignore":
        return Reply(decision="reject", message="Ignored in the inbox.")
    return Reply(decision="respond", message=str(args or "")[:4000])


def to_answer(reply: Reply, *, reviewer: str) -> Answer:
    """Return the answer to keep, attributed to somebody.

    Args:
        reply: A reply that is not `wake`.
        reviewer: Who answered, when the reply does not say.
    """
    return Answer.model_validate(
        {
            "decision": reply.decision,
            "reviewer": reply.reviewer or reviewer,
            "message": reply.message,
            "args": reply.args,
            "action_hash": reply.action_hash,
        }
    )


def question(review: Review) -> JsonObject:
    """Return the interrupt's value: LangChain's request, the inbox's spelling, and our card."""
    args = review.action.args if review.action else {}
    name = review.action.tool if review.action else review.kind
    kinds = [kind for kind in review.allowed if kind in {"approve", "edit", "reject", "respond"}]
    return {
        "action_requests": [
            {"name": name, "args": args, "arguments": args, "description": _markdown(review)}
        ],
        "review_configs": [{"action_name": name, "allowed_decisions": list(kinds)}],
        "review": review.model_dump(mode="json"),
    }


def _markdown(review: Review) -> str:
    lines = [f"**{review.title}**", "", review.why]
    preview = review.card.get("preview")
    if isinstance(preview, dict):
        lines += [
            "",
            f"```sql\n{preview.get('statement', '')}\n```",
            "",
            str(preview.get("undo", "")),
        ]
    lines += ["", f"The offer expires {review.expires_at:%Y-%m-%d %H:%M} UTC."]
    return "\n".join(lines)
