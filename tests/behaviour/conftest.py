from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from tests.behaviour.shelf import Clock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "shelf"
    path.mkdir()
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", clock=clock) as opened:
        yield opened
