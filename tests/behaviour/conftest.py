from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from tests.behaviour.shelf import Clock
from tests.postgres import database


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


@pytest.fixture(scope="module", params=("postgresql", "sqlite"))
def server_store(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of an empty store on a server; empty for a file beside what it works on."""
    if request.param == "sqlite":
        yield ""
        return
    with database(request.getfixturevalue("postgres")) as url:
        yield url
