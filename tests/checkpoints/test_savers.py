"""The saver: LangGraph's semantics, both ways of calling, bounded growth, nothing revived."""

import asyncio
import operator
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import Checkpoint, empty_checkpoint
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, Send, interrupt

from checkpoints.savers import AnyCallSaver
from checkpoints.store import Store, open_store
from tools.errors import StoreFault

CONFIG: RunnableConfig = {"configurable": {"thread_id": "t"}, "recursion_limit": 2_000}
ROOT: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
Call = Callable[[Any, Any], Any]


class Counted(TypedDict, total=False):
    """How far a loop has come."""

    count: int
    goal: int
    answer: str


class Listed(TypedDict, total=False):
    """What parallel branches add to."""

    done: Annotated[list[str], operator.add]


@dataclass
class Gadget:
    """A class that must never be made from stored bytes."""

    name: str


def step(state: Counted) -> Counted:
    return {"count": state.get("count", 0) + 1}


def again(state: Counted) -> str:
    return END if state["count"] >= state["goal"] else "step"


def ask(state: Counted) -> Counted:
    return {"answer": interrupt({"count": state["count"]})}


def loop(saver: AnyCallSaver) -> "CompiledStateGraph[Any, Any, Any, Any]":
    builder = StateGraph(Counted)
    builder.add_node("step", step)
    builder.add_edge(START, "step")
    builder.add_conditional_edges("step", again, ["step", END])
    return builder.compile(checkpointer=saver)


def asking(saver: AnyCallSaver) -> "CompiledStateGraph[Any, Any, Any, Any]":
    builder = StateGraph(Counted)
    builder.add_node("step", step)
    builder.add_node("ask", ask)
    builder.add_edge(START, "step")
    builder.add_conditional_edges("step", lambda state: "step" if again(state) == "step" else "ask")
    builder.add_edge("ask", END)
    return builder.compile(checkpointer=saver)


def sync_call(saver: AnyCallSaver, payload: object) -> object:
    return asking(saver).invoke(payload, CONFIG, durability="sync")


def async_call(saver: AnyCallSaver, payload: object) -> object:
    return asyncio.run(asking(saver).ainvoke(payload, CONFIG, durability="sync"))


def checkpoint(number: int) -> Checkpoint:
    return empty_checkpoint() | {"id": f"{number:04}", "channel_values": {"number": number}}


def put(saver: AnyCallSaver, number: int, thread: str = "t", **metadata: Any) -> None:
    config: RunnableConfig = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
    saver.put(config, checkpoint(number), metadata, {})  # type: ignore[arg-type]  # any metadata


def at(number: int) -> RunnableConfig:
    return {"configurable": ROOT["configurable"] | {"checkpoint_id": f"{number:04}"}}


def names(saver: AnyCallSaver, thread: str = "t") -> list[str]:
    return [item.checkpoint["id"] for item in saver.list({"configurable": {"thread_id": thread}})]


def rows(store: Store, table: str) -> int:
    found: int = store._writer.driver.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return found


def test_checkpoint_comes_back(store: Store) -> None:
    put(store.saver, 1, source="loop")
    found = store.saver.get_tuple(ROOT)
    assert found is not None
    assert (found.checkpoint["channel_values"], found.metadata["source"]) == ({"number": 1}, "loop")


def test_unknown_thread_has_none(store: Store) -> None:
    assert store.saver.get_tuple(ROOT) is None


def test_checkpoints_are_listed_newest_first(store: Store) -> None:
    for number in (1, 3, 2):
        put(store.saver, number)
    assert names(store.saver) == ["0003", "0002", "0001"]


def test_list_is_limited_and_filtered(store: Store) -> None:
    for number in range(4):
        put(store.saver, number, even=number % 2 == 0)
    found = store.saver.list(ROOT, filter={"even": True}, before=at(3), limit=1)
    assert [item.checkpoint["id"] for item in found] == ["0002"]


def test_writes_belong_to_their_checkpoint(store: Store) -> None:
    for number in (1, 2):
        put(store.saver, number)
        store.saver.put_writes(at(number), [("channel", number)], "task")
    found = store.saver.get_tuple(at(1))
    assert found is not None
    assert found.pending_writes == [("task", "channel", 1)]


def test_deleted_thread_is_gone(store: Store) -> None:
    put(store.saver, 1)
    put(store.saver, 1, "other")
    store.saver.delete_thread("t")
    assert (names(store.saver), names(store.saver, "other")) == ([], ["0001"])


def test_asynchronous_methods_do_the_same(store: Store) -> None:
    async def use() -> tuple[list[str], object]:
        saver = store.saver
        await saver.aput(ROOT, checkpoint(1), {"source": "loop"}, {})
        await saver.aput_writes(at(1), [("channel", 1)], "task")
        found = await saver.aget_tuple(ROOT)
        listed = [item.checkpoint["id"] async for item in saver.alist(ROOT)]
        await saver.adelete_thread("t")
        return listed, found.pending_writes if found else None

    assert asyncio.run(use()) == (["0001"], [("task", "channel", 1)])
    assert names(store.saver) == []


@pytest.mark.parametrize("start", [sync_call, async_call])
@pytest.mark.parametrize("resume", [sync_call, async_call])
def test_paused_graph_goes_on_from_a_new_store(url: str, start: Call, resume: Call) -> None:
    with open_store(url) as store:
        paused = start(store.saver, {"goal": 50})
    with open_store(url) as store:
        ended = resume(store.saver, Command(resume="yes"))
    assert paused["__interrupt__"][0].value == {"count": 50}
    assert ended == {"count": 50, "goal": 50, "answer": "yes"}


def test_answered_branches_do_not_run_again(store: Store) -> None:
    ran: list[str] = []

    def work(state: Listed) -> Listed:
        name = state["done"][0]
        ran.append(name)
        return {"done": [f"{name} {interrupt(name)}" if name == "asks" else name]}

    builder = StateGraph(Listed)
    builder.add_node("work", work)
    branches = [Send("work", {"done": [name]}) for name in ("asks", "plain")]
    builder.add_conditional_edges(START, lambda _: branches)
    graph = builder.compile(checkpointer=store.saver)
    graph.invoke({"done": []}, CONFIG, durability="sync")
    ended = graph.invoke(Command(resume="yes"), CONFIG, durability="sync")
    assert (ended["done"], sorted(ran)) == (["asks yes", "plain"], ["asks", "asks", "plain"])


def test_growth_is_bounded_over_a_thousand_supersteps(url: str) -> None:
    with open_store(url, keep=20) as store:
        graph = loop(store.saver)
        graph.invoke({"goal": 200}, CONFIG, durability="sync")
        early = store.path.stat().st_size
        graph.invoke({"goal": 1_000}, CONFIG, durability="sync")
        found = rows(store, "checkpoints"), rows(store, "writes") <= 60
        grown = store.path.stat().st_size - early
    assert (found, grown < 200_000) == ((20, True), True)


def test_newest_are_kept_of_each_thread(url: str) -> None:
    with open_store(url, keep=2) as store:
        for number in range(5):
            put(store.saver, number)
        put(store.saver, 0, "other")
        assert (names(store.saver), names(store.saver, "other")) == (["0004", "0003"], ["0000"])


def test_zero_keeps_all(url: str) -> None:
    with open_store(url, keep=0) as store:
        for number in range(50):
            put(store.saver, number)
        assert len(names(store.saver)) == 50


def test_writes_that_come_before_their_checkpoint_are_kept(url: str) -> None:
    with open_store(url, keep=1) as store:
        put(store.saver, 1)
        store.saver.put_writes(at(3), [("channel", 3)], "task")
        put(store.saver, 2)
        put(store.saver, 3)
        found = store.saver.get_tuple(ROOT)
    assert found is not None
    assert found.pending_writes == [("task", "channel", 3)]


def test_writes_of_dropped_checkpoints_are_dropped(url: str) -> None:
    with open_store(url, keep=2) as store:
        for number in range(5):
            put(store.saver, number)
            store.saver.put_writes(at(number), [("channel", number)], "task")
        assert rows(store, "writes") == 2


def test_thread_with_delta_channels_is_left_whole(url: str) -> None:
    with open_store(url, keep=1) as store:
        for number in range(3):
            put(store.saver, number, counters_since_delta_snapshot={"log": [1, 1]})
        assert len(names(store.saver)) == 3


def test_classes_are_not_revived(store: Store) -> None:
    kind, data = store.saver.serde.dumps_typed({"gadget": Gadget("x"), "plain": [1, "a", None]})
    assert store.saver.serde.loads_typed((kind, data)) == {
        "gadget": {"name": "x"},
        "plain": [1, "a", None],
    }


def test_full_disk_is_a_typed_fault_and_keeps_the_last_checkpoint(store: Store) -> None:
    put(store.saver, 1)
    pages = store._writer.driver.execute("PRAGMA page_count").fetchone()[0]
    store._writer.driver.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreFault, match="is full"):
        put(store.saver, 2, text="x" * 100_000)
    assert names(store.saver) == ["0001"]


def test_failed_write_leaves_the_store_writable(store: Store) -> None:
    put(store.saver, 1)
    pages = store._writer.driver.execute("PRAGMA page_count").fetchone()[0]
    store._writer.driver.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreFault):
        put(store.saver, 2, text="x" * 100_000)
    assert store.ledger.append("run", "tick", "step", {}).seq == 1


def test_closed_saver_is_a_typed_fault(store: Store) -> None:
    saver = store.saver
    store.close()
    with pytest.raises(StoreFault, match="closed"):
        put(saver, 1)


def test_saver_connection_is_closed_with_the_store(url: str) -> None:
    with open_store(url) as store:
        connection = store._writer.driver
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT 1")
