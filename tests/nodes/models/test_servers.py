"""ChatOpenAI against a server that misbehaves: each fault is survived, counted and recorded."""

import json
import math
from contextlib import suppress
from typing import Any

import pytest

from checkpoints.store import Store
from nodes.models.ask import Asked, Asker, NoAnswer
from nodes.models.openai import OpenAIChats
from nodes.models.prompts import Section, write
from nodes.models.roles import Candidate
from nodes.state import Decision
from tests.nodes.models.asking import asker, candidate
from tests.nodes.models.stub import (
    KEY,
    KEYS,
    TOOL_CALL,
    Behaviour,
    Stub,
    completion,
    cut,
    drip,
    hang_up,
    raw,
    says,
    stall,
    status,
    stub,
)
from tools.records import SpendLimits

DONE = {"kind": "done", "reasoning": "all there", "confidence": 1.0}
LIMITS = SpendLimits(max_usd=1.0, max_tokens=1_000_000)
PROMPT = write("decider", [Section(label="Objective", value="Tidy up", limit=100, trusted=True)])


def make(store: Store, server: Stub, **given: Any) -> Asker:
    fields: dict[str, Any] = {"timeout_seconds": 0.2, "key_env": "STUB_KEY"}
    chain = candidate("stub", base_url=server.url, **fields | given)
    return asker(store, server.chats, chain)


def ask(made: Asker) -> Asked[Decision]:
    return made.ask("r", "decider", PROMPT, Decision, limits=LIMITS)


def calls(store: Store) -> list[tuple[str, str]]:
    return [
        (str(entry.body["came"]), str(entry.body["reason"]))
        for entry in store.ledger.entries("r")
        if entry.kind == "model_call"
    ]


def test_answer_is_settled_at_what_was_billed(store: Store) -> None:
    with stub(says(DONE)) as server:
        asked = ask(make(store, server))
    assert asked.value.reasoning == "all there"
    assert asked.usd == pytest.approx(20e-6)
    assert store.spending.totals("r").tokens == asked.tokens == 15


def test_request_is_two_messages_with_the_schema(store: Store) -> None:
    with stub(says(DONE)) as server:
        ask(make(store, server, structured="json_mode"))
    body = server.asked[0]
    assert [item["role"] for item in body["messages"]] == ["system", "user"]
    assert body["response_format"] == {"type": "json_object"}
    assert body["max_tokens"] == 100


@pytest.mark.parametrize("wanted", [True, False])
def test_server_is_asked_how_probable_its_words_are_where_wanted(
    store: Store, *, wanted: bool
) -> None:
    answer = completion(json.dumps(DONE))
    tokens = [{"token": "a", "logprob": math.log(0.5), "bytes": [97], "top_logprobs": []}]
    answer["choices"][0]["logprobs"] = {"content": tokens, "refusal": None}
    with stub(raw(json.dumps(answer).encode())) as server:
        asked = ask(make(store, server, logprobs=wanted))
    assert server.asked[0].get("logprobs", False) is wanted
    assert asked.likelihood == pytest.approx(0.5)


PASSING: dict[str, tuple[Behaviour, int]] = {
    "429 with a wait": (status(429, retry_after="0.01"), 15),
    "500": (status(500), 15),
    "503 with a date": (status(503, retry_after="Sun, 22 Nov 2026 12:00:01 GMT"), 15),
}


@pytest.mark.parametrize(("fault", "tokens"), PASSING.values(), ids=PASSING.keys())
def test_passing_fault_is_tried_again_and_costs_nothing(
    store: Store, fault: Behaviour, tokens: int
) -> None:
    with stub(fault, says(DONE)) as server:
        asked = ask(make(store, server))
    assert asked.value.kind == "done"
    assert store.spending.totals("r").tokens == tokens
    assert [came for came, _ in calls(store)] == ["failed", "answered"]


UNKNOWN: dict[str, Behaviour] = {
    "stall": stall,
    "connection closed": hang_up,
    "body cut off": cut,
    "body that drips": drip,
    "10 MB": raw(b" " * 10_000_000),
    "body is no JSON": raw(b"<html>gateway</html>", content_type="text/html"),
    "body is broken JSON": raw(b'{"choices": ['),
    "no choices": raw(b'{"id": "c1", "object": "chat.completion", "model": "m"}'),
    "null choices": raw(b'{"id": "c1", "choices": null}'),
    "body is a list": raw(b"[1, 2]"),
    "choices of nonsense": raw(b'{"id": "c1", "choices": [7]}'),
    "empty choices": raw(b'{"id": "c1", "choices": []}'),
}


@pytest.mark.parametrize("fault", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_fault_that_may_be_billed_counts_at_its_upper_bound(store: Store, fault: Behaviour) -> None:
    with stub(fault, says(DONE)) as server:
        asked = ask(make(store, server, timeout_seconds=0.2))
    assert asked.value.kind == "done"
    first = next(charge for charge in store.spending.of_run("r") if charge.call == "call-1")
    assert (first.state, first.tokens) == ("settled", first.reserved_tokens)


UNUSABLE: dict[str, tuple[Behaviour, str]] = {
    "prose": (says("I cannot say."), "it holds no JSON object"),
    "wrong schema": (says({"kind": "fly"}), "kind"),
    "refusal": (says(None, refusal="I will not."), "refused"),
    "empty": (says(""), "empty"),
    "null": (says(None), "empty"),
    "1 MB": (says("x" * 1_000_000), "longer"),
    "unknown tool": (says(None, tool_calls=TOOL_CALL), "'rm_rf'"),
    "content of nonsense": (says('{"kind": "done", "confidence": 1e999}'), "no JSON may hold"),
}


@pytest.mark.parametrize(("answer", "named"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_unusable_answer_is_shown_its_problem_and_paid(
    store: Store, answer: Behaviour, named: str
) -> None:
    with stub(answer, says(DONE)) as server:
        asked = ask(make(store, server, timeout_seconds=5.0))
    assert asked.value.kind == "done"
    assert asked.tokens == 30
    assert named in calls(store)[0][1]
    assert named in server.asked[1]["messages"][1]["content"]
    assert len(server.asked[1]["messages"]) == 2


def test_answer_without_usage_counts_at_its_upper_bound(store: Store) -> None:
    with stub(says(DONE, usage=False)) as server:
        ask(make(store, server))
    (charge,) = store.spending.of_run("r")
    assert charge.tokens >= charge.reserved_tokens


@pytest.mark.parametrize("usage", [{"prompt_tokens": -1, "completion_tokens": 0}, {}, [], "many"])
def test_nonsense_usage_counts_at_its_upper_bound(store: Store, usage: Any) -> None:
    body = completion('{"kind": "done"}') | {"usage": usage}
    answer = raw(json.dumps(body).encode())
    with stub(*[answer] * 3) as server, suppress(NoAnswer):
        ask(make(store, server))
    assert all(item.tokens >= item.reserved_tokens for item in store.spending.of_run("r"))


def test_server_that_asks_for_hours_is_given_up(store: Store) -> None:
    with stub(status(429, retry_after="3600"), says(DONE)) as server, pytest.raises(NoAnswer):
        ask(make(store, server))
    assert len(server.asked) == 1


def test_client_waits_as_long_as_it_was_asked_to(store: Store) -> None:
    waits: list[float] = []
    with stub(status(429, retry_after="7"), says(DONE)) as server:
        chain = candidate("stub", base_url=server.url)
        made = asker(store, server.chats, chain, sleep=waits.append)
        ask(made)
    assert waits == [pytest.approx(7.35)]


def test_fault_that_stays_ends_in_no_answer(store: Store) -> None:
    with stub(*[status(500)] * 3) as server, pytest.raises(NoAnswer, match="answered 500"):
        ask(make(store, server))
    assert store.spending.totals("r").calls == 0


@pytest.mark.parametrize("code", [400, 401, 403, 404])
def test_lasting_fault_is_not_tried_again(store: Store, code: int) -> None:
    with stub(status(code)) as server, pytest.raises(NoAnswer, match=str(code)):
        ask(make(store, server))
    assert len(server.asked) == 1


def test_server_without_structured_output_is_asked_for_text(store: Store) -> None:
    refused = status(400, "response_format is not supported")
    with stub(refused, says(DONE), says(DONE)) as server:
        made = make(store, server)
        ask(made)
        ask_again = write("decider", [Section(label="Objective", value="More", limit=9)])
        made.ask("r", "decider", ask_again, Decision, limits=LIMITS)
    assert ["response_format" in body for body in server.asked] == [True, False, False]
    degraded = [entry.body for entry in store.ledger.entries("r") if entry.kind == "degraded"]
    assert [body["reason"] for body in degraded] == ["the server answered 400"]


def test_nobody_listening_costs_nothing(store: Store) -> None:
    with stub() as server:
        made = make(store, server)
    with pytest.raises(NoAnswer):
        ask(made)
    assert store.spending.totals("r").calls == 0


def test_next_candidate_takes_over_and_it_is_recorded(store: Store) -> None:
    with stub(status(401)) as cheap, stub(says(DONE)) as strong:
        chain = (
            candidate("cheap", base_url=cheap.url),
            candidate("strong", base_url=strong.url),
        )
        asked = ask(asker(store, cheap.chats, *chain))
    assert asked.model == f"strong at {strong.url}"
    (body,) = [entry.body for entry in store.ledger.entries("r") if entry.kind == "degraded"]
    assert body["to"] == asked.model


def test_key_reaches_the_server_and_nothing_else(store: Store) -> None:
    with stub(status(401, f"Incorrect API key provided: {KEY}"), says(DONE)) as server:
        made = make(store, server)
        with pytest.raises(NoAnswer):
            ask(made)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert KEY not in str(store.ledger.entries())
    assert KEY not in repr(made)


def test_missing_key_is_a_reason_and_no_crash(store: Store) -> None:
    chain = Candidate(model="openai:gpt-5.4-mini")
    with pytest.raises(NoAnswer, match="'OPENAI_API_KEY'"):
        ask(asker(store, OpenAIChats({}), chain))


def test_server_of_ones_own_gets_no_key_that_is_not_meant_for_it(store: Store) -> None:
    with stub(says(DONE)) as server:
        chain = candidate("stub", base_url=server.url)
        ask(asker(store, server.chats, chain))
    assert KEYS["OPENAI_API_KEY"] not in str(server.headers)
