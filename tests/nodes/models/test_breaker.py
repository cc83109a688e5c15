"""Models that never answer are left alone, whoever resumes the run."""

from itertools import count
from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from nodes.models.ask import Asker, LeftAlone, NoAnswer, OverBudget
from nodes.models.breaker import MOST_FAILURES, Breaker
from nodes.models.mind import ModelDecider
from nodes.models.prompts import Section, write
from nodes.models.roles import Role
from nodes.models.scripted import ScriptedModel
from nodes.state import Decision
from tests.behaviour.shelf import act, script, shelf_agent, step
from tests.nodes.models.asking import NOON, asker
from tools.records import SpendLimits

DONE = '{"kind": "done", "reasoning": "all there"}'
NONSENSE = ["?"] * 3
"""What one model says until it is given up: an answer and two repairs."""
LIMITS = SpendLimits(max_usd=1.0, max_tokens=1_000_000)


def ask(made: Asker, role: Role = "planner", run: str = "r", *, usd: float = 1.0) -> Decision:
    prompt = write("decider", [Section(label="Objective", value="x", limit=9, trusted=True)])
    limits = LIMITS.model_copy(update={"max_usd": usd})
    return made.ask(run, role, prompt, Decision, limits=limits).value


def fail(made: Asker, times: int, role: Role = "planner") -> None:
    for _ in range(times):
        with pytest.raises(NoAnswer):
            ask(made, role)


def test_models_that_failed_three_times_in_a_row_are_not_asked_again(store: Store) -> None:
    model = ScriptedModel(lines=NONSENSE * MOST_FAILURES)
    made = asker(store, model)
    fail(made, MOST_FAILURES)
    model.assert_complete()
    with pytest.raises(LeftAlone, match="3 times in a row"):
        ask(made)


def test_an_answer_begins_the_count_anew(store: Store) -> None:
    lines = [*NONSENSE * 2, DONE, *NONSENSE * 2, DONE]
    made = asker(store, ScriptedModel(lines=lines), cache_seconds=0)
    fail(made, 2)
    ask(made)
    fail(made, 2)
    assert ask(made).kind == "done"


def test_other_roles_and_runs_are_asked(store: Store) -> None:
    made = asker(store, ScriptedModel(lines=[*NONSENSE * 3, DONE]))
    fail(made, 3)
    assert ask(made, "summarizer").kind == "done"
    assert ask(made, run="other").kind == "done"


def test_calls_that_no_limit_allows_are_no_failures(store: Store) -> None:
    made = asker(store, ScriptedModel(lines=[DONE]))
    for _ in range(MOST_FAILURES):
        with pytest.raises(OverBudget):
            ask(made, usd=0.0)
    assert ask(made).kind == "done"


def test_the_process_that_resumes_leaves_them_alone_too(store: Store, tmp_path: Path) -> None:
    fail(asker(store, ScriptedModel(lines=NONSENSE * 3)), 3)
    with (
        open_store(f"sqlite:///{tmp_path / 'store.db'}", clock=lambda: NOON) as reopened,
        pytest.raises(LeftAlone),
    ):
        ask(asker(reopened, ScriptedModel(lines=[])))


def test_what_another_process_saw_counts(store: Store) -> None:
    ids = (f"other-{number}" for number in count(1))
    one = asker(store, ScriptedModel(lines=NONSENSE))
    other = asker(store, ScriptedModel(lines=NONSENSE * 2), new_id=lambda: next(ids))
    fail(one, 1)
    fail(other, 2)
    with pytest.raises(LeftAlone):
        ask(one)


def decided(store: Store, answers: dict[str, bool], order: str) -> None:
    """Record a round: answers as they came, then the decisions in the order of the plan."""
    for key, answered in answers.items():
        kind, came = ("model_call", "answered") if answered else ("unanswered", "")
        store.ledger.append("r", kind, key, {"role": "decider", "came": came})
    for key in order:
        store.ledger.append("r", "decision", key, {})


@pytest.mark.parametrize("came", ["abcd", "dabc", "dcba"])
def test_decisions_side_by_side_count_in_the_order_of_the_plan(store: Store, came: str) -> None:
    decided(store, {key: key == "a" for key in came}, "abcd")
    assert Breaker().is_open(store.ledger, "r", "decider")


def test_a_round_that_a_crash_cut_short_counts_once(store: Store) -> None:
    for number in range(MOST_FAILURES):
        store.ledger.append("r", "unanswered", "a", {"role": "decider", "asked": number})
    store.ledger.append("r", "decision", "a", {})
    assert not Breaker().is_open(store.ledger, "r", "decider")


def test_run_of_many_steps_pays_for_three_rounds_of_nonsense(store: Store, tmp_path: Path) -> None:
    model = ScriptedModel(lines=NONSENSE * MOST_FAILURES)
    texts = ["1", "2", "3", "4", "goal"]
    playbook = script(step("work", "put"), work=[act("put", name="a", text=t) for t in texts])
    decider = ModelDecider(asker(store, model), playbook)
    run = shelf_agent(store, tmp_path / "w", playbook, decider=decider).run("Let a say goal")
    assert run.status == "verified"
    model.assert_complete()
    told = [entry for entry in run.entries if entry.kind == "degraded"]
    assert len(told) == MOST_FAILURES + 1
    assert told[-1].subject == "decider"
    assert "3 times in a row" in str(told[-1].body["reason"])
