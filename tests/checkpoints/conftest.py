"""A store in a real file, with a clock that tests move."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from tests.checkpoints.clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def store(url: str, clock: HandClock) -> Iterator[Store]:
    with open_store(url, clock=clock) as opened:
        yield opened
