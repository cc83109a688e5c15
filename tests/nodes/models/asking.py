"""Askers on a real store, with one model that the test plays."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel

from nodes.models.ask import Asker
from nodes.models.roles import Candidate, Roles
from tools.records import Memory

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def candidate(name: str = "stub", **given: Any) -> Candidate:
    """Return a candidate that is free and on loopback."""
    fields: dict[str, Any] = {
        "model": name,
        "base_url": "http://127.0.0.1:9/v1",
        "input_usd_per_million": 1.0,
        "output_usd_per_million": 2.0,
        "max_output_tokens": 100,
    }
    return Candidate(**fields | given)


def roles(*chain: Candidate) -> Roles:
    """Return the same chain for planner and decider, and another prompt for the verifier."""
    used = chain or (candidate(),)
    return Roles(planner=used, decider=used, verifier=used, summarizer=used, critic=used)


def asker(
    memory: Memory,
    model: BaseChatModel | Callable[[Candidate], BaseChatModel],
    *chain: Candidate,
    **given: Any,
) -> Asker:
    """Return an asker that waits for nothing and names its calls 1, 2, 3."""
    numbers = count(1)
    fields: dict[str, Any] = {
        "sleep": lambda _: None,
        "jitter": lambda: 0.5,
        "new_id": lambda: f"call-{next(numbers)}",
    }
    chat = (lambda _: model) if isinstance(model, BaseChatModel) else model
    return Asker(roles(*chain), chat, memory, lambda: NOON, **fields | given)
