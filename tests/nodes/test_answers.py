"""The dialects in which an answer may arrive."""

from datetime import UTC, datetime
from typing import Any

import pytest

from nodes.answers import AnyReply, question, read_reply
from tools.contract import Action, Preview
from tools.records import Review

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ACTION = Action(tool="take", args={"name": "b"})
REVIEW = Review(
    id="rv-1",
    run="r",
    step="tidy",
    key="r/tidy/1",
    kind="action",
    action=ACTION,
    action_hash=ACTION.hash,
    title="Take b",
    why="A rule asks.",
    card={"preview": Preview(summary="Take b", statement="rm b", undo="put back").to_json()},
    created_at=NOW,
    expires_at=NOW,
)


@pytest.mark.parametrize(
    ("said", "decision", "args"),
    [
        ({"decision": "approve"}, "approve", None),
        ({"decision": "edit", "args": {"name": "c"}}, "edit", {"name": "c"}),
        ({"decisions": [{"type": "reject", "message": "no"}]}, "reject", None),
        (
            {
                "decisions": [
                    {"type": "edit", "edited_action": {"name": "take", "args": {"name": "c"}}}
                ]
            },
            "edit",
            {"name": "c"},
        ),
        ({"decisions": [{"type": "edit"}]}, "respond", None),
        (
            {"decisions": [{"type": "edit", "edited_action": {"name": "send", "args": {}}}]},
            "respond",
            None,
        ),
        ([{"type": "accept"}], "approve", None),
        ([{"type": "ignore"}], "reject", None),
        ([{"type": "response", "args": "why?"}], "respond", None),
        (
            [{"type": "edit", "args": {"action": "take", "args": {"name": "c"}}}],
            "edit",
            {"name": "c"},
        ),
        ([], "wake", None),
    ],
)
def test_each_dialect_comes_to_ours(said: Any, decision: str, args: Any) -> None:
    reply = read_reply(AnyReply.model_validate(said), REVIEW)
    assert (reply.decision, reply.args) == (decision, args)


def test_question_speaks_langchain_and_agent_inbox() -> None:
    asked: Any = question(REVIEW)
    request = asked["action_requests"][0]
    assert request["args"] == request["arguments"] == {"name": "b"}
    assert "rm b" in request["description"]


def test_question_offers_only_what_langchain_knows() -> None:
    asked: Any = question(REVIEW)
    offered = asked["review_configs"][0]["allowed_decisions"]
    assert offered == ["approve", "edit", "reject", "respond"]
