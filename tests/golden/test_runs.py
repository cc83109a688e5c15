"""Runs that released versions left behind are gone on with, or refused with the way out.

`runs/*.sql` are stores of d494e73, the first released state, made in a work tree of it by
`python -m tests.behaviour.crashing FOLDER "" run` (waiting) and with `"after effect"`
(interrupted), and dumped by `iterdump`. `*-fd21d5d.sql` are the same of fd21d5d, the last one whose
stores are of version 2, and `.postgresql.sql` what it left on PostgreSQL, dumped by `pg_dump
--inserts`. Each release adds its own (by now `echo '["FOLDER", "", "run"]' |
python -m tests.behaviour.crashing`); none is ever made anew.
"""

import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import psycopg
import pytest

from checkpoints.rotation import rotate
from checkpoints.store import Store, open_store
from graphs.database.graph import database_agent
from graphs.session import Agent
from nodes.upgrade import FIRST
from tests.behaviour import shelf
from tests.behaviour.crashing import DyingPut, Replayable
from tests.graphs.cli.conftest import make_shop
from tools.contract import EffectClass, digest
from tools.errors import GraphChanged

KEY = b64encode(bytes(32)).decode()
RUNS = Path(__file__).with_name("runs")
WORLD = {"waiting": {"a": "goal", "b": "b"}, "interrupted": {"a": "useless", "b": "b"}}
"""The files as each run left them."""


@pytest.fixture
def clock() -> shelf.Clock:
    """Return a clock an hour later: no process of then holds anything any more."""
    later = shelf.Clock()
    later.move(hours=1)
    return later


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


@pytest.fixture
def left(request: pytest.FixtureRequest, folder: Path, clock: shelf.Clock) -> Iterator[Store]:
    """Open the store that a run was left in, in its world."""
    path = folder.with_name("store.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((RUNS / f"{request.param}.sql").read_text())
    folder.mkdir()
    furnish(folder, request.param)
    with open_store(f"sqlite:///{path}", clock=clock) as store:
        yield store


def furnish(folder: Path, name: str) -> None:
    """Put into the world what a run left there."""
    for file, text in WORLD[name.partition("-")[0]].items():
        (folder / file).write_text(text)


@pytest.fixture
def agent(left: Store, folder: Path, clock: shelf.Clock, monkeypatch: pytest.MonkeyPatch) -> Agent:
    """Return the agent of then, with a tool that logs what it writes."""
    monkeypatch.setattr(shelf, "Put", DyingPut)
    return now(left, folder, clock)


def now(store: Store, folder: Path, clock: shelf.Clock) -> Agent:
    mind = Replayable(folder.parent)
    return shelf.shelf_agent(store, folder, planner=mind, decider=mind, clock=clock)


def of(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("left", names, indirect=True)


first = of("waiting", "interrupted")
waiting = of("waiting", "waiting-fd21d5d")
interrupted = of("interrupted", "interrupted-fd21d5d")
every = of("waiting", "interrupted", "waiting-fd21d5d", "interrupted-fd21d5d")


@waiting
def test_a_waiting_run_still_asks(agent: Agent) -> None:
    run = agent.open("r").resume()
    assert (run.status, [review.key for review in run.pending]) == ("waiting", ["r/tidy/1"])


@waiting
def test_a_waiting_run_is_answered_and_ends_verified(agent: Agent, folder: Path) -> None:
    assert agent.open("r").approve(reviewer="ada").status == "verified"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "goal"}
    assert not folder.with_name("log").exists(), "an effect of then was repeated"


@interrupted
def test_an_interrupted_run_goes_on_with_every_effect_once(agent: Agent, folder: Path) -> None:
    run = agent.open("r").resume()
    assert run.status == "waiting"
    assert folder.with_name("log").read_text().split() == ["one", "goal"]
    assert run.approve(reviewer="ada").status == "verified"
    assert [record.state for record in run.effects] == ["undone", "applied", "applied", "applied"]


@every
def test_the_record_of_then_is_whole(agent: Agent, left: Store) -> None:
    run = agent.open("r").resume()
    if run.pending:
        run.approve(reviewer="ada")
    assert left.ledger.verify().problems == ()


@first
def test_the_record_says_who_went_on(agent: Agent) -> None:
    run = agent.open("r").resume()
    if run.pending:
        run.approve(reviewer="ada")
    assert [entry.kind for entry in run.entries].count("adopted") == 1


@pytest.mark.parametrize("key", ["", KEY], ids=["plain", "encrypted meanwhile"])
def test_a_run_that_waits_on_postgresql_is_answered_and_ends_verified(
    postgres_url: str, folder: Path, clock: shelf.Clock, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr(shelf, "Put", DyingPut)
    with psycopg.connect(postgres_url) as connection:
        connection.execute((RUNS / "waiting-fd21d5d.postgresql.sql").read_bytes())
    folder.mkdir()
    furnish(folder, "waiting")
    if key:
        with open_store(postgres_url, clock=clock, key=key, for_sealing=True) as store:
            rotate(store)
    with open_store(postgres_url, clock=clock, key=key) as store:
        run = now(store, folder, clock).open("r").approve(reviewer="ada")
        assert (run.status, store.ledger.verify().problems) == ("verified", ())
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "goal"}


@waiting
def test_effects_of_then_are_undone(agent: Agent, folder: Path) -> None:
    run = agent.open("r").approve(reviewer="ada")
    assert [item.outcome for item in run.undo().items] == ["undone"] * 3
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"b": "b"}


class Burning(shelf.Take):
    """Can no longer be undone."""

    effect: ClassVar[EffectClass] = "irreversible"


@first
def test_a_run_whose_tool_is_another_by_now_is_refused_with_the_way_out(
    left: Store, folder: Path, clock: shelf.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "Take", Burning)
    run = now(left, folder, clock).open("r")
    before = run.info
    with pytest.raises(GraphChanged, match="surefoot undo r") as refusal:
        run.resume()
    assert (refusal.value.exit_code, run.info) == (26, before)


@first
def test_a_refused_run_is_not_advanced_by_plain_langgraph_either(
    left: Store, folder: Path, clock: shelf.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "Take", Burning)
    agent = now(left, folder, clock)
    with pytest.raises(GraphChanged):
        agent.graph.invoke(None, agent.open("r").config)
    assert (folder / "b").exists()


DATABASE = "4304bc365d0f7a2a2b025e27fdf40564fa63c18a27d444a028bf54bee8666351"
"""What runs of the database agent of then kept of their graph and tools."""


def test_runs_of_the_database_agent_of_then_are_gone_on_with(tmp_path: Path) -> None:
    make_shop(tmp_path)
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        tools = database_agent(
            database=tmp_path / "shop.db", workload=tmp_path / "shop.sql", store=store
        ).context.tools
    cards = [card.to_json() for card in tools.cards(sorted(tools))]
    assert digest({**FIRST, "tools": [*cards]}) == DATABASE, "a tool's card changed: runs wait"
