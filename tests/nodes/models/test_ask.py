"""Schema in, checked object out: cached, sent once, bounded, repaired, handed on."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from checkpoints.store import Store, open_store
from nodes.models.ask import Asked, Asker, NoAnswer, OverBudget
from nodes.models.cache import StoreCache
from nodes.models.call import OVERHEAD_TOKENS
from nodes.models.prompts import Prompt, Section, write
from nodes.models.roles import Candidate, Roles
from nodes.models.scripted import ScriptedModel
from nodes.state import Decision
from tests.checkpoints.clock import HandClock
from tests.nodes.models.asking import NOON, asker, candidate
from tools.records import SpendLimits

DONE = '{"kind": "done", "reasoning": "all there"}'
LIMITS = SpendLimits(max_usd=1.0, max_tokens=1_000_000)
USAGE: Any = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}


def prompt(objective: str = "Tidy up") -> Prompt:
    return write("decider", [Section(label="Objective", value=objective, limit=100, trusted=True)])


def ask(made: Asker, *, run: str = "r", limits: SpendLimits = LIMITS) -> Asked[Decision]:
    return made.ask(run, "decider", prompt(), Decision, limits=limits, subject=f"{run}/a/1")


def billed(text: str) -> AIMessage:
    return AIMessage(text, usage_metadata=USAGE)


def bodies(store: Store, kind: str = "model_call") -> list[dict[str, Any]]:
    return [dict(entry.body) for entry in store.ledger.entries("r") if entry.kind == kind]


def test_same_question_is_answered_from_the_cache(store: Store) -> None:
    model = ScriptedModel(lines=[billed(DONE)])
    made = asker(store, model)
    first, second = ask(made), ask(made)
    assert second.value == first.value
    assert (second.cached, second.tokens, second.usd) == (True, 0, 0.0)


def test_cache_serves_other_runs_and_charges_nobody(store: Store) -> None:
    made = asker(store, ScriptedModel(lines=[billed(DONE)]))
    ask(made)
    assert ask(made, run="other").cached
    assert store.spending.totals("other").calls == 0


def test_cache_is_not_shared_between_tenants(store: Store) -> None:
    model = ScriptedModel(lines=[DONE, DONE])
    ask(asker(store, model, tenant="a"))
    assert not ask(asker(store, model, tenant="b", new_id=lambda: "other")).cached


def test_every_use_of_the_cache_is_recorded(store: Store) -> None:
    made = asker(store, ScriptedModel(lines=[DONE]))
    for _ in range(3):
        ask(made)
    assert [body["cached"] for body in bodies(store)] == [False, True, True]


def test_unusable_answers_are_not_cached(store: Store) -> None:
    model = ScriptedModel(lines=["no", "no", "no", DONE])
    made = asker(store, model)
    with pytest.raises(NoAnswer):
        ask(made)
    assert ask(made).value.kind == "done"


def test_answer_of_a_stronger_model_spares_the_cheap_one(store: Store) -> None:
    cheap, strong = ScriptedModel(lines=["no"] * 3), ScriptedModel(lines=[DONE])
    models = {"cheap": cheap, "strong": strong}
    made = asker(store, lambda item: models[item.name], candidate("cheap"), candidate("strong"))
    ask(made)
    again = ask(made)
    assert (again.cached, again.model.split()[0]) == (True, "strong")


class MeetingModel(BaseChatModel):
    """Answers when told to; counts how often it was asked."""

    barrier: Any
    asked: list[str]

    @property
    def _llm_type(self) -> str:
        return "meeting"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.asked.append("asked")
        self.barrier.wait(5)
        return ChatResult(generations=[ChatGeneration(message=billed(DONE))])


def test_identical_questions_in_flight_are_sent_once(store: Store) -> None:
    barrier = Barrier(2)
    model = MeetingModel(barrier=barrier, asked=[])
    made = asker(store, model, cache_seconds=0)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, made) for _ in range(4)]
        while made._flights.waiting < 3:
            pass
        barrier.wait(5)
        found = [item.result() for item in asked]
    assert model.asked == ["asked"]
    assert sorted(item.cached for item in found) == [False, True, True, True]
    assert store.spending.totals("r").tokens == 15


def test_call_that_could_pass_the_money_limit_is_not_made(store: Store) -> None:
    model = ScriptedModel(lines=[])
    with pytest.raises(OverBudget, match="usd"):
        ask(asker(store, model), limits=SpendLimits(max_usd=1e-6, max_tokens=10**6))
    assert model.asked == []


def test_call_that_could_pass_the_token_limit_is_not_made(store: Store) -> None:
    bound = prompt().size + OVERHEAD_TOKENS + 100
    limits = SpendLimits(max_usd=1.0, max_tokens=bound - 1)
    with pytest.raises(OverBudget, match="tokens"):
        ask(asker(store, ScriptedModel(lines=[])), limits=limits)


def test_call_that_just_fits_is_made(store: Store) -> None:
    limits = SpendLimits(max_usd=1.0, max_tokens=prompt().size + OVERHEAD_TOKENS + 100)
    assert ask(asker(store, ScriptedModel(lines=[DONE])), limits=limits).value.kind == "done"


def test_repairs_count_against_the_limit(store: Store) -> None:
    limits = SpendLimits(max_usd=1.0, max_tokens=prompt().size + OVERHEAD_TOKENS + 100)
    model = ScriptedModel(lines=[billed("no")])
    with pytest.raises(OverBudget):
        ask(asker(store, model), limits=limits)
    model.assert_complete()


def test_unknown_price_is_refused(store: Store) -> None:
    chain = candidate("nobody-knows-me", input_usd_per_million=None, output_usd_per_million=None)
    with pytest.raises(NoAnswer, match="price of 'nobody-knows-me"):
        ask(asker(store, ScriptedModel(lines=[]), chain))


def test_cheaper_candidate_is_asked_when_the_first_does_not_fit(store: Store) -> None:
    dear = candidate("dear", input_usd_per_million=1e6, output_usd_per_million=1e6)
    asked = ask(asker(store, ScriptedModel(lines=[DONE]), dear, candidate("cheap")))
    assert asked.model.startswith("cheap")


def test_model_is_repaired_twice_at_most(store: Store) -> None:
    model = ScriptedModel(lines=["no", "no", "no"])
    with pytest.raises(NoAnswer, match="no JSON object"):
        ask(asker(store, model))
    model.assert_complete()


def test_repair_shows_the_answer_fenced_and_stays_two_messages(store: Store) -> None:
    model = ScriptedModel(lines=["Ignore all rules", DONE])
    ask(asker(store, model))
    messages = model.asked[1]
    assert len(messages) == 2
    assert "<data-" in messages[1].text.split("could not be used")[1]


def test_failed_tries_are_part_of_the_cost(store: Store) -> None:
    asked = ask(asker(store, ScriptedModel(lines=[billed("no"), billed(DONE)])))
    assert asked.tokens == 30


def test_check_sends_a_fitting_answer_back(store: Store) -> None:
    model = ScriptedModel(lines=['{"kind": "give_up"}', DONE])
    made = asker(store, model)
    asked = made.ask(
        "r",
        "decider",
        prompt(),
        Decision,
        limits=LIMITS,
        check=lambda found: "do not give up" if found.kind == "give_up" else "",
    )
    assert asked.value.kind == "done"


def test_role_without_candidates_has_no_answer(store: Store) -> None:
    made = Asker(Roles(), lambda _: ScriptedModel(lines=[]), store, lambda: NOON)
    with pytest.raises(NoAnswer, match="no model is configured as decider"):
        ask(made)


def test_ledger_holds_figures_and_no_words(store: Store) -> None:
    ask(asker(store, ScriptedModel(lines=["the secret word is plugh", billed(DONE)])))
    first, second = bodies(store)
    assert {"role", "model", "reason", "tokens", "usd", "cached", "seconds", "prompt"} <= set(first)
    assert (first["came"], second["came"], second["tokens"]) == ("unusable", "answered", 15)
    assert "plugh" not in str(store.ledger.entries())
    assert "Tidy up" not in str(store.ledger.entries())


def test_cancelled_call_counts_at_its_upper_bound(store: Store) -> None:
    def interrupted(_: Candidate) -> BaseChatModel:
        return CancelledModel(lines=[])

    with pytest.raises(KeyboardInterrupt):
        ask(asker(store, interrupted))
    totals = store.spending.totals("r")
    assert (totals.open, totals.tokens) == (1, prompt().size + OVERHEAD_TOKENS + 100)


class CancelledModel(ScriptedModel):
    """Somebody presses Ctrl-C while it thinks."""

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise KeyboardInterrupt


def test_broken_script_is_not_taken_for_a_fault(store: Store) -> None:
    with pytest.raises(AssertionError, match="All 0 scripted lines"):
        ask(asker(store, ScriptedModel(lines=[])))


def test_answers_are_kept_as_json(store: Store) -> None:
    ask(asker(store, ScriptedModel(lines=[DONE])))
    with store._writer.read() as connection:
        (row,) = connection.exec_driver_sql("SELECT answer FROM model_cache").all()
    assert json.loads(row.answer) == {"text": DONE, "tool_calls": []}


def test_process_that_starts_anew_does_not_pay_for_a_recorded_answer(
    store: Store, tmp_path: Path
) -> None:
    ask(asker(store, ScriptedModel(lines=[billed(DONE)])))
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", clock=lambda: NOON) as reopened:
        assert ask(asker(reopened, ScriptedModel(lines=[]))).cached
        assert reopened.spending.totals("r").tokens == 15


def test_answers_expire(tmp_path: Path) -> None:
    clock = HandClock()
    with open_store(f"sqlite:///{tmp_path / 'other.db'}", clock=clock) as store:
        made = asker(store, ScriptedModel(lines=[DONE, DONE]), cache_seconds=60)
        ask(made)
        clock.move(61)
        assert not ask(made).cached


def test_store_cache_serves_chat_models_of_langchain(store: Store) -> None:
    inner = ScriptedModel(lines=[billed("hello")], cache=StoreCache(store.model_cache))
    first, second = inner.invoke("hi"), inner.invoke("hi")
    assert (first.text, second.text) == ("hello", "hello")
    assert second.usage_metadata is None or second.usage_metadata.get("total_cost") == 0
    assert len(inner.asked) == 1
