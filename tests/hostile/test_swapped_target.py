"""An approval covers the thing that was shown, not whatever has its name later."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from checkpoints.store import Store
from graphs.session import Run
from tests.behaviour.shelf import act, script, step
from tests.hostile.test_evil_database import agent, make


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make(tmp_path)


@pytest.fixture
def asking(store: Store, shop: Path) -> Run:
    mind = script(step("tidy", "drop_index"), tidy=[act("drop_index", name="by_customer")])
    return agent(store, shop, mind, mind).run("Tidy")


def swap(shop: Path) -> None:
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute("DROP INDEX by_customer")
        connection.execute("CREATE INDEX by_customer ON orders (total, id)")
        connection.commit()


def indexes(shop: Path) -> set[str]:
    with closing(sqlite3.connect(shop)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
        return {row[0] for row in found}


def test_yes_for_an_index_that_became_another_is_asked_anew(asking: Run, shop: Path) -> None:
    first = asking.pending[0].id
    swap(shop)
    asking.approve()
    assert "by_customer" in indexes(shop)
    assert [review.id for review in asking.pending] != [first]


def test_yes_for_the_index_that_was_shown_drops_it(asking: Run, shop: Path) -> None:
    asking.approve()
    assert "by_customer" not in indexes(shop)
