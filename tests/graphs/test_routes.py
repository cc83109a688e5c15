"""Where a state leads: one row per case."""

from typing import Any

import pytest

from graphs import routes
from nodes.state import MAX_REFUSED, Decision, Plan, Progress, Proposal, State, Step

PLAN = Plan(steps=(Step(id="one", title="one", tools=("look",)),)).to_json()


def proposal(gate: str) -> dict[str, Any]:
    made = {"key": "r/one/1", "step": "one", "decision": Decision(kind="done"), "gate": gate}
    return Proposal.model_validate(made).to_json()


def state(
    *gates: str, status: str = "pending", refused: int = 0, waiting: bool = False, **more: Any
) -> State:
    progress = Progress.model_validate({"status": status, "refused": refused})
    made = State(
        plan=PLAN,
        progress={"one": progress.to_json()},
        batch=[proposal(gate) for gate in gates],
        waiting=[proposal("waiting")] if waiting else [],
    )
    return made | more  # type: ignore[return-value]  # tests name channels freely


@pytest.mark.parametrize(
    ("found", "leads"),
    [
        (state(), "decide"),
        (state(waiting=True), "escalate"),
        (state(outcome="denied", waiting=True), "finish"),
    ],
)
def test_after_plan(found: State, leads: str) -> None:
    assert routes.after_plan(found) == leads


@pytest.mark.parametrize(
    ("found", "leads"),
    [
        (state("cleared"), "execute"),
        (state("cleared", waiting=True), "execute"),
        (state("again"), "decide"),
        (state("denied"), "decide"),
        (state("denied", refused=MAX_REFUSED), "execute"),
        (state("again", halted="over budget"), "execute"),
        (state(waiting=True), "escalate"),
        (state(status="done"), "execute"),
    ],
)
def test_after_confidence(found: State, leads: str) -> None:
    assert routes.after_confidence(found) == leads


@pytest.mark.parametrize(
    ("found", "leads"),
    [
        (state("approved"), "confidence"),
        (state(halted="aborted by ada"), "confidence"),
        (state(replan="ada asked"), "plan"),
        (state(), "decide"),
        (state(waiting=True), "escalate"),
        (state(status="done"), "decide"),
    ],
)
def test_after_escalate(found: State, leads: str) -> None:
    assert routes.after_escalate(found) == leads


@pytest.mark.parametrize(
    ("found", "leads"),
    [
        (state(outcome="verified"), "finish"),
        (state(replan="failed: one"), "plan"),
        (state(), "decide"),
        (state(waiting=True), "escalate"),
        (state(status="done"), "finish"),
    ],
)
def test_after_verify(found: State, leads: str) -> None:
    assert routes.after_verify(found) == leads
