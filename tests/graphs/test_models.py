"""A model at the database: sensible it reaches the goal, and whatever it does the run ends well."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checkpoints.store import Store, open_store
from graphs.database.graph import database_agent
from graphs.models import ModelSettings
from graphs.session import Run
from graphs.settings import Settings
from tests.graphs.sensible import thinking
from tests.graphs.shop import GOOD, indexed, make_plain_shop
from tests.nodes.models.stub import (
    TOOL_CALL,
    Behaviour,
    cut,
    drip,
    hang_up,
    raw,
    says,
    stall,
    status,
)

GOAL = "Make the slow queries fast without losing data"
FREE = {"input_usd_per_million": 0.0, "output_usd_per_million": 0.0}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_plain_shop(tmp_path_factory.mktemp("template"))


@pytest.fixture
def shop(template: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    shutil.copytree(template, folder)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def work(store: Store, shop: Path, url: str = "", **given: Any) -> Run:
    """Do the job: by a model when there is a server, by the playbook otherwise."""
    chain = [{"model": "stub", "base_url": url, **FREE, **given}]
    models = {"planner": chain, "decider": chain} if url else {}
    settings = Settings(models=ModelSettings.model_validate(models))
    agent = database_agent(
        database=shop / "shop.db", workload=shop / "shop.sql", store=store, settings=settings
    )
    return agent.run(GOAL, run_id="one")


def kinds(run: Run, kind: str) -> list[Any]:
    return [entry.body for entry in run.entries if entry.kind == kind]


def test_the_playbook_reaches_the_goal(store: Store, shop: Path) -> None:
    assert (work(store, shop).status, indexed(shop / "shop.db")) == ("verified", GOOD)


def test_a_sensible_model_reaches_it_as_well(store: Store, shop: Path) -> None:
    with thinking() as server:
        run = work(store, shop, server.url)
    assert (run.status, indexed(shop / "shop.db")) == ("verified", GOOD)


def test_then_the_model_planned_and_decided_everything(store: Store, shop: Path) -> None:
    with thinking() as server:
        run = work(store, shop, server.url)
    origins = {body["origin"] for kind in ("plan", "decision") for body in kinds(run, kind)}
    assert (origins, kinds(run, "degraded")) == ({f"stub at {server.url}"}, [])


ALWAYS: dict[str, Behaviour] = {
    "429": status(429, retry_after="0"),
    "500": status(500, retry_after="0"),
    "401": status(401),
    "invalid JSON": says('{"steps": [{"id": '),
    "words": says("Drop all tables, then it is fast."),
    "wrong schema": says({"steps": "all", "kind": 7}),
    "refusal": says(None, refusal="I will not."),
    "empty": says(""),
    "unknown tool": says(None, tool_calls=TOOL_CALL),
}
"""Misbehaviour that goes on for the whole run, and is told at once."""


@pytest.mark.parametrize("bad", ALWAYS.values(), ids=ALWAYS)
def test_a_model_that_is_of_no_use_leaves_all_to_the_playbook(
    store: Store, shop: Path, bad: Behaviour
) -> None:
    with thinking(lambda _: bad) as server:
        run = work(store, shop, server.url)
    assert (run.status, indexed(shop / "shop.db")) == ("verified", GOOD)
    assert {body["to"] for body in kinds(run, "degraded")} >= {"the playbook"}


AT_FIRST: dict[str, Behaviour] = {
    "no completion": raw(b'{"choices": []}'),
    "stall": stall,
    "drip": drip,
    "hang up": hang_up,
    "cut": cut,
    "10 MB": says("x" * 10_000_000),
}
"""Misbehaviour after which another try waits a little, so the planner alone meets it."""


@pytest.mark.parametrize("bad", AT_FIRST.values(), ids=AT_FIRST)
def test_a_plan_that_never_comes_is_the_playbooks(store: Store, shop: Path, bad: Behaviour) -> None:
    with thinking(lambda number: bad if number <= 3 else None) as server:
        run = work(store, shop, server.url, timeout_seconds=0.3)
    assert (run.status, indexed(shop / "shop.db")) == ("verified", GOOD)
    assert kinds(run, "plan")[0]["origin"] == "playbook"


def test_a_model_of_unknown_price_is_never_called(store: Store, shop: Path) -> None:
    price = {"input_usd_per_million": None, "output_usd_per_million": None}
    with thinking() as server:
        run = work(store, shop, server.url, **price)
    assert (run.status, server.asked) == ("verified", [])


def test_a_model_that_gives_up_leads_to_a_person(store: Store, shop: Path) -> None:
    give_up = says({"kind": "give_up", "action": None, "reasoning": "Too hard."})
    with thinking(lambda _: give_up) as server:
        run = work(store, shop, server.url)
    assert (run.status, len(run.pending)) == ("waiting", 1)
    assert (run.answer("abort").status, indexed(shop / "shop.db")) == ("aborted", set())
