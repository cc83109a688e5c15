"""Which models think for an agent: the `[models]` table, and the minds made from it."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, JsonValue, model_validator

from checkpoints.store import Store
from nodes.models.prices import Prices, Rate
from nodes.models.roles import Candidate, Roles
from tools.contract import Clock, JsonObject, Record
from tools.records import WEEK_SECONDS

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

    from nodes.models.ask import Asker

ROLES = ("planner", "decider", "verifier", "summarizer", "critic")
THINKING = ("planner", "decider")
"""Roles that the one `model` plays when they have none of their own."""


class ModelSettings(Record):
    """The `[models]` table.

    `model` plays planner and decider; each role may have a model, or a chain of them, of its own:
    a name, or a table with `model`, `base_url`, `key_env`, prices and so on.
    """

    model: str = ""
    base_url: str = ""
    """Server of the models that are given by name only."""
    key_env: str = ""
    """Name of the environment variable that holds their key."""
    roles: Roles = Roles()
    unknown_price: Rate | None = None
    """What a model counts whose price nobody states; without it such a model is refused."""
    record: str = ""
    """File that the traffic is recorded to."""
    replay: str = ""
    """File that the traffic is replayed from; no model is called then."""
    cache_seconds: float = Field(default=WEEK_SECONDS, ge=0.0, allow_inf_nan=False)
    """How long an answer may be used again for exactly the same question; 0 for never."""
    resamples: int = Field(default=0, ge=0, le=4)
    """How often deciders are asked again for the same action, to see whether they agree."""
    tenant: str = Field(default="", max_length=200)
    """Whose cached answers may be used: of those who share a store, each sees only its own."""

    @model_validator(mode="before")
    @classmethod
    def _chains(cls, given: Any) -> Any:  # noqa: ANN401  # whatever the file says
        """Bring names, tables and lists of them to chains of candidates."""
        if not isinstance(given, Mapping) or "roles" in given:
            return given
        rest = {name: value for name, value in given.items() if name not in ROLES}
        common = {name: rest[name] for name in ("base_url", "key_env") if rest.get(name)}
        chains = {}
        for role in ROLES:
            stated = given.get(role) or (rest.get("model") if role in THINKING else None)
            listed = stated if isinstance(stated, list | tuple) else [stated] if stated else []
            chains[role] = [_candidate(one, common) for one in listed]
        return {**rest, "roles": chains}


def _candidate(stated: object, common: Mapping[str, str]) -> object:
    if isinstance(stated, str):
        return {"model": stated, **common}
    return {**common, **stated} if isinstance(stated, Mapping) else stated


class KeptModels(Record):
    """What a run keeps of its models, so that another process goes on with the same."""

    roles: Roles = Roles()
    unknown_price: Rate | None = None
    record: str = ""
    replay: str = ""
    cache_seconds: float = WEEK_SECONDS
    resamples: int = 0
    tenant: str = ""

    @classmethod
    def of(cls, settings: ModelSettings) -> "KeptModels":
        """Return what is to be kept of the settings."""
        return cls.model_validate(settings.model_dump(include={*cls.model_fields}))


def kept_models(settings: JsonObject) -> KeptModels:
    """Read the models from a run's settings; none when it has none."""
    kept: JsonValue = settings.get("models")
    return KeptModels.model_validate(kept) if isinstance(kept, dict) else KeptModels()


def make_asker(kept: KeptModels, store: Store, clock: Clock) -> "Asker":
    """Return what asks the models of a run."""
    from nodes.models.ask import Asker  # noqa: PLC0415  # loads LangChain

    prices = Prices(unknown=kept.unknown_price)
    # An answer out of the cache would be missing on a cassette, and hide that it is missing.
    kept_for = 0.0 if kept.record or kept.replay else kept.cache_seconds
    # Nobody is spared by waiting between the tries of a replay.
    sleep = _no_sleep if kept.replay else time.sleep
    return Asker(
        kept.roles,
        _chat(kept, store),
        store,
        clock,
        prices=prices,
        tenant=kept.tenant,
        cache_seconds=kept_for,
        sleep=sleep,
    )


def _no_sleep(seconds: float) -> None:
    del seconds


def _chat(kept: KeptModels, store: Store) -> Callable[[Candidate], "BaseChatModel"]:
    """Return the factory of chat models: live, recorded, or from a cassette."""
    from nodes.models.cassette import Cassette  # noqa: PLC0415  # loads LangChain
    from nodes.models.openai import OpenAIChats  # noqa: PLC0415  # the same

    if kept.replay:
        return Cassette(Path(kept.replay)).replaying()
    live = OpenAIChats(os.environ)
    store.at_close(live.close)
    if not kept.record:
        return live
    named = {one.key_env or "OPENAI_API_KEY" for role in ROLES for one in _chain(kept, role)}
    secrets = [os.environ[name] for name in sorted(named) if os.environ.get(name)]
    return Cassette(Path(kept.record), secrets=secrets).recording(live)


def _chain(kept: KeptModels, role: str) -> tuple[Candidate, ...]:
    return tuple(getattr(kept.roles, role))
