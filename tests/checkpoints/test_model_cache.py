"""Answers of models: kept for a time, as plain JSON."""

from checkpoints.store import Store
from tests.checkpoints.clock import HandClock


def test_answer_comes_back(store: Store) -> None:
    store.model_cache.keep("k", {"text": "yes"}, seconds=60)
    assert store.model_cache.find("k") == {"text": "yes"}


def test_newer_answer_replaces_an_older_one(store: Store) -> None:
    store.model_cache.keep("k", {"text": "yes"}, seconds=60)
    store.model_cache.keep("k", {"text": "no"}, seconds=60)
    assert store.model_cache.find("k") == {"text": "no"}


def test_expired_answer_is_gone(store: Store, clock: HandClock) -> None:
    store.model_cache.keep("k", {"text": "yes"}, seconds=60)
    clock.move(60)
    assert store.model_cache.find("k") is None


def test_unknown_question_has_no_answer(store: Store) -> None:
    assert store.model_cache.find("k") is None


def test_cleared_cache_is_empty(store: Store) -> None:
    store.model_cache.keep("k", {"text": "yes"}, seconds=60)
    store.model_cache.clear()
    assert store.model_cache.find("k") is None
