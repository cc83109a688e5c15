"""What a stored run relies on, part by part: the rest may change while it waits."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import Field

from checkpoints.store import Store, open_store
from nodes.state import STATE_VERSION, Plan, State
from nodes.upgrade import FIRST, check_upgrade, fingerprint
from tests.behaviour.shelf import Look, NameArgs, Put, Send, ShelfTool, Take, step
from tools.contract import EffectClass
from tools.errors import GraphChanged
from tools.records import RunInfo
from tools.toolbox import Toolbox

EDGES: Mapping[str, Sequence[str]] = {"plan": ["decide", "finish"], "decide": [], "finish": []}
ALL: tuple[type[ShelfTool], ...] = (Look, Put, Take, Send)
AT = datetime(2026, 11, 22, tzinfo=UTC)


class Explained(NameArgs):
    """A name, with more words about it."""

    name: str = Field(description="Which file.")


class Two(NameArgs):
    other: str = ""


class ExplainedTake(Take):
    description = "Remove a file from the shelf, for good."
    args_schema = Explained


class WiderTake(Take):
    args_schema = Two
    content = frozenset({"other"})


class BurningTake(Take):
    effect: ClassVar[EffectClass] = "irreversible"


class WiderSend(Send):
    args_schema = Two
    content = frozenset({"other"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def toolbox(*tools: type[ShelfTool]) -> Toolbox:
    return Toolbox([tool(Path()) for tool in tools])


def plan(store: Store, *tools: str) -> None:
    made = Plan(steps=(step("tidy", *tools),))
    store.ledger.append("r", "plan", "plan", made.to_json() | {"replans": 0})


def refusal(
    store: Store,
    tools: Toolbox,
    edges: Mapping[str, Sequence[str]] = EDGES,
    kept: str = "",
) -> str:
    """Return why a run that was started with `ALL` tools is refused; empty when it is not."""
    info = RunInfo(
        run="r",
        domain="shelf",
        objective="Tidy up",
        status="waiting",
        fingerprint=kept or fingerprint(EDGES, toolbox(*ALL)),
        version="0.1.0",
        created_at=AT,
        updated_at=AT,
    )
    try:
        check_upgrade(info, present=fingerprint(edges, tools), tools=tools, memory=store)
    except GraphChanged as fault:
        return str(fault)
    return ""


@pytest.mark.parametrize(
    "tools",
    [
        ALL,
        (Look, Put, Take),
        (Look, Put, Take, WiderSend),
        (Look, Put, ExplainedTake, Send),
    ],
    ids=["same", "unplanned gone", "unplanned changed", "words changed"],
)
def test_what_the_plan_does_not_call_may_change(
    store: Store, tools: tuple[type[ShelfTool], ...]
) -> None:
    plan(store, "put", "take")
    assert refusal(store, toolbox(*tools)) == ""


@pytest.mark.parametrize(
    ("tools", "reason"),
    [
        ((Look, Put), "the tool 'take' of its plan is gone"),
        ((Look, Put, WiderTake), "the tool 'take' of its plan has another schema or effect"),
        ((Look, Put, BurningTake), "the tool 'take' of its plan has another schema or effect"),
    ],
    ids=["gone", "schema", "effect"],
)
def test_a_tool_of_the_plan_must_be_what_it_was(
    store: Store, tools: tuple[type[ShelfTool], ...], reason: str
) -> None:
    plan(store, "put", "take")
    assert reason in refusal(store, toolbox(*tools))


def test_the_newest_plan_counts(store: Store) -> None:
    plan(store, "put", "take")
    plan(store, "put")
    assert refusal(store, toolbox(Look, Put)) == ""
    plan(store, "take", "look")
    assert "'take'" in refusal(store, toolbox(Look, Put))


def test_a_plan_that_is_kept_as_an_artifact_counts(store: Store) -> None:
    steps = tuple(step(f"s{n}", "take").model_copy(update={"expects": "x" * 500}) for n in range(9))
    body = Plan(steps=steps).to_json()
    store.ledger.append("r", "plan", "plan", {"artifact": store.artifacts.put(body), "bytes": 9})
    assert "'take'" in refusal(store, toolbox(Look, Put))


def test_a_run_without_a_plan_relies_on_no_tool(store: Store) -> None:
    assert refusal(store, toolbox(Look)) == ""


def test_new_nodes_and_edges_are_welcome(store: Store) -> None:
    edges = {**EDGES, "decide": ["review"], "review": ["finish"]}
    assert refusal(store, toolbox(*ALL), edges) == ""


@pytest.mark.parametrize(
    ("edges", "reason"),
    [
        ({"plan": ["decide", "finish"], "finish": []}, "the node 'decide' is gone"),
        ({**EDGES, "plan": ["decide"]}, "the way from 'plan' to 'finish' is gone"),
    ],
    ids=["node", "edge"],
)
def test_nodes_and_edges_must_be_there_still(
    store: Store, edges: Mapping[str, Sequence[str]], reason: str
) -> None:
    assert reason in refusal(store, toolbox(*ALL), edges)


def test_another_version_of_the_state_is_refused(store: Store) -> None:
    kept = fingerprint(EDGES, toolbox(*ALL)).replace(
        f'"state":{STATE_VERSION}', f'"state":{STATE_VERSION + 1}'
    )
    told = refusal(store, toolbox(*ALL), kept=kept)
    assert f"its state is of version {STATE_VERSION + 1}" in told


def test_what_nobody_knows_is_refused_with_the_way_out(store: Store) -> None:
    told = refusal(store, toolbox(*ALL), kept="0" * 64)
    assert "Finish it with version 0.1.0" in told
    assert "`surefoot undo r`" in told


def test_keys_of_the_state_are_removed_only_with_a_new_version() -> None:
    assert set(FIRST["state"]) <= set(State.__annotations__)
    assert FIRST["version"] == STATE_VERSION
