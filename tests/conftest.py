"""What tests of every room share: a PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.postgres import Missing, database, server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Return the URL of a server; tests that need one are skipped, with the reason, without."""
    try:
        with server() as url:
            yield url
    except Missing as why:
        pytest.skip(f"No PostgreSQL to test on: {why}")


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """Return the URL of an empty database."""
    with database(postgres) as url:
        yield url
