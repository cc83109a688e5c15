"""At the soft limit of money or tokens a person says how to go on."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import JsonValue

from checkpoints.store import Store
from graphs.render.story import read_story
from graphs.render.trail import keys_of, sections, trail
from graphs.session import Run
from nodes.context import PlanRequest, Situation
from nodes.guards.budget import spend_limits
from nodes.state import Decision, Plan
from tests.behaviour.shelf import Script, act, script, shelf_agent, step


@dataclass
class Spender:
    """Pays 60 cents for each decision, as long as the store lets it."""

    store: Store
    script: Script
    refused: list[str] = field(default_factory=list)

    def plan(self, request: PlanRequest) -> Plan | None:
        return self.script.plan(request)

    def decide(self, situation: Situation) -> Decision:
        call = f"{situation.run}-{situation.ordinal}"
        entry = self.store.spending.reserve(
            call,
            run=situation.run,
            role="decider",
            model="m",
            tokens=1000,
            usd=0.6,
            limits=spend_limits(situation.goal.budget),
        )
        if entry.state == "refused":
            self.refused.append(call)
        else:
            self.store.spending.settle(call, tokens=1000, usd=0.6)
        return self.script.decide(situation)


@pytest.fixture
def spender(store: Store) -> Spender:
    numbers = [*(str(n) for n in range(5)), "goal"]
    lines = [act("put", name="a", text=text) for text in numbers]
    return Spender(store, script(step("write", "put"), write=lines))


@pytest.fixture
def asking(store: Store, folder: Path, spender: Spender) -> Run:
    agent = shelf_agent(store, folder, planner=spender, decider=spender)
    goal = agent.goal("Write")
    budget = goal.budget.model_copy(update={"max_usd": 2.0})
    return agent.run(goal.model_copy(update={"budget": budget}), run_id="r")


def test_soft_limit_asks_before_the_hard_one_ends_it(asking: Run, spender: Spender) -> None:
    assert [review.kind for review in asking.pending] == ["limit"]
    assert spender.refused == []
    assert len(asking.effects) == 3


def test_yes_raises_the_limit_and_goes_on(asking: Run, spender: Spender) -> None:
    asking.approve(reviewer="ada")
    asking.approve(reviewer="ada")
    assert asking.status == "verified"
    assert spender.refused == []


def test_limits_can_be_named(asking: Run) -> None:
    asking.edit({"max_usd": 100}, reviewer="ada")
    assert asking.status == "verified"


def changed(run: Run) -> list[tuple[JsonValue, JsonValue]]:
    bodies = [entry.body for entry in run.entries if entry.kind == "limit"]
    return [(body["before"], body["after"]) for body in bodies]


def test_a_raised_limit_is_on_the_ledger_with_old_and_new_values(asking: Run) -> None:
    asking.edit({"max_usd": 100, "max_tokens": 7000}, reviewer="ada")
    old = {"max_usd": 2.0, "max_tokens": 2_000_000}
    assert changed(asking) == [(old, {"max_usd": 100.0, "max_tokens": 7000})]


def test_a_refused_raise_is_on_the_ledger_with_what_was_spent(asking: Run) -> None:
    asking.reject(reviewer="ada")
    ((_, after),) = changed(asking)
    assert after == {"max_usd": pytest.approx(1.8), "max_tokens": 3000}


def test_a_raised_limit_is_a_row_of_the_timeline(asking: Run, store: Store) -> None:
    asking.edit({"max_usd": 100}, reviewer="ada")
    (row,) = (row for row in read_story(store, "r").rows if row.kind == "limit")
    assert (row.who, row.came) == (
        "edited by ada",
        "from $2 and 2,000,000 tokens to $100 and 2,000,000 tokens",
    )


def test_why_limit_tells_question_answer_and_limits(asking: Run, store: Store) -> None:
    asking.edit({"max_usd": 100}, reviewer="ada")
    entries = read_story(store, "r").entries
    (found,) = (trail(entries, key) for key in keys_of(entries, "limit"))
    assert found is not None
    told = dict(sections(found))
    assert list(told) == ["Asked", "Answered", "Limits"]
    assert "to $100 and" in told["Limits"][0]


def test_no_finishes_without_paying_more(asking: Run, store: Store, spender: Spender) -> None:
    asking.reject(reviewer="ada")
    assert asking.status == "verified"
    assert store.spending.totals("r").usd == pytest.approx(1.8)
    assert len(spender.refused) == 4


def test_stop_ends_the_run(asking: Run) -> None:
    asking.answer("abort", reviewer="ada")
    assert asking.status == "aborted"


def test_limits_that_are_no_numbers_end_the_run_without_harm(asking: Run) -> None:
    asking.edit({"max_usd": "lots"}, reviewer="ada")
    assert asking.status == "failed"
    assert "no numbers" in asking.info.reason
