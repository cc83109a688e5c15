"""Stepping through the graph, and one node by itself, as LangGraph users do."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from langgraph.runtime import ExecutionInfo, Runtime

from checkpoints.store import Store
from graphs.agent import build_agent
from nodes.confidence import confidence
from nodes.plan import plan
from nodes.state import Proposal, State
from tests.behaviour.shelf import act, script, shelf_agent, step

CONFIG: Any = {"configurable": {"thread_id": "r"}}


@pytest.mark.parametrize("node", ["plan", "decide", "confidence", "execute", "verify", "finish"])
def test_interrupt_before_any_node_stops_there_and_goes_on(
    store: Store, folder: Path, node: str
) -> None:
    mind = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    made = shelf_agent(store, folder, mind)
    graph = build_agent(context=made.context, checkpointer=store.saver, interrupt_before=[node])
    graph.invoke({"goal": made.goal("Make a say goal").to_json()}, CONFIG)
    assert graph.get_state(CONFIG).next == (node,)
    while graph.get_state(CONFIG).next:
        graph.invoke(None, CONFIG)
    assert store.runs.get("r").status == "verified"


def test_interrupt_before_escalate_stops_before_the_question(store: Store, folder: Path) -> None:
    (folder / "b").write_text("b")
    made = shelf_agent(store, folder, script(step("tidy", "take"), tidy=[act("take", name="b")]))
    graph = build_agent(
        context=made.context, checkpointer=store.saver, interrupt_before=["escalate"]
    )
    graph.invoke({"goal": made.goal("Tidy").to_json()}, CONFIG)
    assert graph.get_state(CONFIG).next == ("escalate",)
    assert (folder / "b").exists()


def test_nodes_are_plain_functions(store: Store, folder: Path) -> None:
    mind = script(step("write", "put"))
    made = shelf_agent(store, folder, mind)
    info = ExecutionInfo(checkpoint_id="", checkpoint_ns="", task_id="t", thread_id="r")
    runtime = Runtime(context=dataclasses.replace(made.context), execution_info=info)
    state = State(goal=made.goal("Write").to_json())
    planned: State = {**state, **plan(state, runtime)}
    decision = act("put", name="a", text="x")
    proposed = Proposal(key="r/write/1", step="write", decision=decision).to_json()
    gated = confidence({**planned, "batch": [proposed]}, runtime)
    assert [item["gate"] for item in gated["batch"]] == ["cleared"]
    assert not (folder / "a").exists()
