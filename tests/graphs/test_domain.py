"""What a domain tells its models: from a text or a file, read when a model is there to read it."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import pytest

from checkpoints.store import Store, open_store
from graphs.assembly import assemble
from graphs.database.domain import CONSTRAINTS, database_domain, database_settings
from graphs.domain import Domain
from graphs.models import KeptModels, ModelSettings, make_asker
from nodes.models.mind import ModelDecider, ModelPlanner
from nodes.models.prompts import INSTRUCTIONS_CHARACTERS
from tests.graphs.shop import make_plain_shop
from tests.nodes.models.asking import NOON
from tools.errors import BadInput

MODELS: dict[str, Any] = {"model": "m", "base_url": "http://127.0.0.1:9/v1"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture
def domain(store: Store, tmp_path: Path) -> Domain:
    shop = make_plain_shop(tmp_path / "shop")
    kept = database_settings(store, database=shop / "shop.db", workload=shop / "shop.sql")
    return database_domain(kept, store)


def saying(domain: Domain, instructions: str | Traversable, **models: Any) -> Domain:
    kept = KeptModels.of(ModelSettings.model_validate(models)).to_json()
    return replace(domain, instructions=instructions, settings={**domain.settings, "models": kept})


def test_databases_bring_instructions_and_constraints(domain: Domain) -> None:
    brief = domain.brief()
    assert brief.instructions.startswith("You make the queries of a workload faster")
    assert brief.constraints == CONSTRAINTS


def test_planner_and_decider_are_told_them(store: Store, domain: Domain) -> None:
    context = assemble(saying(domain, "Be brief.", **MODELS), store).context
    assert isinstance(context.planner, ModelPlanner)
    assert isinstance(context.decider, ModelDecider)
    assert context.planner.brief.instructions == "Be brief."
    assert context.decider.brief.constraints == CONSTRAINTS


def test_without_a_model_nothing_is_read(store: Store, domain: Domain, tmp_path: Path) -> None:
    made = assemble(saying(domain, tmp_path / "missing.md"), store)
    assert made.context.planner is domain.planner


def test_a_judge_may_come_alone(store: Store, domain: Domain) -> None:
    verifier = {"model": "m", "base_url": "http://127.0.0.1:9/v1"}
    context = assemble(saying(domain, "Be brief.", verifier=verifier), store).context
    assert context.judge is not None
    assert context.planner is domain.planner


def test_a_file_that_is_missing_is_named(store: Store, domain: Domain, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"'database' cannot be read: .*missing\.md"):
        assemble(saying(domain, tmp_path / "missing.md", **MODELS), store)


def test_instructions_too_long_for_every_prompt_are_refused(domain: Domain) -> None:
    with pytest.raises(BadInput, match="6001 characters"):
        replace(domain, instructions="x" * (INSTRUCTIONS_CHARACTERS + 1)).brief()


def test_cache_is_kept_as_the_settings_say(store: Store) -> None:
    said = ModelSettings.model_validate({**MODELS, "cache_seconds": 60, "tenant": "ada"})
    made = make_asker(KeptModels.of(said), store, lambda: NOON)
    assert (made.cache_seconds, made.tenant) == (60, "ada")
