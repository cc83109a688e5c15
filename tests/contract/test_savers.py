"""LangGraph's own conformance suite, on both savers; what they cannot do they refuse."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.serde.event_hooks import register_serde_event_listener

from checkpoints.store import Store, open_store
from nodes.state import Goal
from tests.behaviour.shelf import Clock, act, script, shelf_agent, step

KINDS = ("postgresql", "sqlite")
CAPABILITIES = {"put", "put_writes", "get_tuple", "list", "delete_thread", "prune"}


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url, keep=0, clock=Clock()) as opened:
        yield opened


def conform(store: Store) -> dict[str, list[str]]:
    """Return what failed of each capability that the saver says it has."""

    @checkpointer_test(name="surefoot")
    async def made() -> AsyncIterator[Any]:
        yield store.saver

    report = asyncio.run(validate(made))
    return {name: found.failures or [] for name, found in report.results.items() if found.detected}


def test_saver_passes_the_conformance_suite(store: Store) -> None:
    assert conform(store) == {name: [] for name in CAPABILITIES}


def put(store: Store, number: int, thread: str = "t", **metadata: Any) -> RunnableConfig:
    config: RunnableConfig = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
    checkpoint = empty_checkpoint() | {
        "id": f"{number:04}",
        "channel_values": {"text": str(number)},
        "channel_versions": {"text": f"{number}.1"},
    }
    versions: dict[str, str | int | float] = {"text": f"{number}.1"}
    return store.saver.put(config, checkpoint, metadata, versions)  # type: ignore[arg-type]  # any metadata


def names(store: Store, thread: str = "t") -> list[str]:
    listed = store.saver.list({"configurable": {"thread_id": thread}})
    return [item.checkpoint["id"] for item in listed]


def test_newest_is_kept_with_its_values_and_writes(store: Store) -> None:
    for number in range(3):
        store.saver.put_writes(put(store, number), [("channel", number)], "task")
    store.saver.prune(["t"])
    found = store.saver.get_tuple({"configurable": {"thread_id": "t"}})
    assert found is not None
    assert (names(store), found.checkpoint["channel_values"]) == (["0002"], {"text": "2"})
    assert found.pending_writes == [("task", "channel", 2)]


def test_other_threads_are_left_alone(store: Store) -> None:
    for number in range(2):
        put(store, number)
        put(store, number, "other")
    store.saver.prune(["t"], strategy="delete")
    assert (names(store), names(store, "other")) == ([], ["0001", "0000"])


def test_nothing_is_pruned_when_one_thread_cannot_be(store: Store) -> None:
    for number in range(2):
        put(store, number)
        put(store, number, "delta", counters_since_delta_snapshot={"log": [1, 1]})
    with pytest.raises(NotImplementedError, match="'delta'"):
        store.saver.prune(["t", "delta"])
    assert (len(names(store)), len(names(store, "delta"))) == (2, 2)


@pytest.mark.parametrize(
    ("threads", "strategy", "error"), [("t", "delete", TypeError), (["t"], "some", ValueError)]
)
def test_what_makes_no_sense_is_refused(
    store: Store, threads: Any, strategy: str, error: type[Exception]
) -> None:
    put(store, 1)
    with pytest.raises(error):
        store.saver.prune(threads, strategy=strategy)
    assert names(store) == ["0001"]


@contextmanager
def listened() -> Iterator[list[Any]]:
    """Gather what LangGraph's serializer complains about."""
    told: list[Any] = []
    stop: Callable[[], None] = register_serde_event_listener(told.append)
    try:
        yield told
    finally:
        stop()


def test_paused_run_goes_on_from_what_a_prune_left(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "b").write_text("b")
    mind = script(step("tidy", "take"), tidy=[act("take", name="b")])
    run = shelf_agent(store, folder, mind).run("Tidy", run_id="r")
    store.saver.prune(["r"])
    assert len(names(store, "r")) == 1
    run.approve()
    assert not (folder / "b").exists()


def test_no_type_of_a_whole_run_is_blocked_or_unknown(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "b").write_text("b")
    mind = script(
        step("write", "put"),
        step("tidy", "take", needs=("write",)),
        write=[act("put", name="a", text="useless"), act("put", name="a", text="goal")],
        tidy=[act("take", name="b")],
    )
    with listened() as told:
        run = shelf_agent(store, folder, mind).run("Make a say goal", run_id="r")
        kept = [*store.saver.list(run.config)]
        run.approve()
        kept += store.saver.list(run.config)
    assert (told, run.status, len(kept) > 5) == ([], "verified", True)


def test_type_that_is_not_allowed_is_noticed(store: Store) -> None:
    serde = store.saver.serde
    with listened() as told:
        serde.loads_typed(serde.dumps_typed({"goal": Goal(objective="Tidy")}))
    assert [(event["kind"], event["name"]) for event in told] == [("msgpack_blocked", "Goal")]
