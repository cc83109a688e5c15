"""Answers of earlier runs, put into a store as a gate and a person would have put them."""

from datetime import timedelta

from graphs.session import Agent
from nodes.calibration.history import Judgement
from tests.behaviour.shelf import Clock
from tools.contract import Action
from tools.records import Answer, AnswerKind, Review


def teach(  # noqa: PLR0913  # all that may speak against counting an answer
    agent: Agent,
    clock: Clock,
    count: int,
    *,
    tool: str = "take",
    decision: AnswerKind = "approve",
    seconds: float = 60.0,
    mind: str = "",
    confidence: float = 0.9,
    run: str = "earlier",
    effect: str = "reversible",
) -> None:
    """Answer so many questions about one tool, each so long after it was asked."""
    for number in range(count):
        action = Action(tool=tool, args={"name": f"n{number}"})
        judged = Judgement(
            mind=mind or agent.context.history.mind,
            features=(confidence, 0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 0.5),
            resources=("file:b", "file:c"),
        )
        name = f"rv-{run}-{tool}-{decision}-{confidence}-{number:04}"
        review = Review(
            id=name,
            run=run,
            step="w",
            key=f"{run}/w/{name}",
            kind="action",
            action=action,
            action_hash=action.hash,
            title="Take it?",
            why="A person lets files go.",
            card={"tool": tool, "effect": effect, "judged": judged.to_json(), "untrusted": []},
            created_at=clock.now,
            expires_at=clock.now + timedelta(days=1),
        )
        agent.store.reviews.open(review)
        clock.move(seconds=seconds)
        agent.store.reviews.answer(name, Answer(decision=decision, reviewer="ada"))
