"""Agents with scripted minds on a small shop, and a way to meddle with it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import JsonValue

from checkpoints.store import Store, open_store
from graphs.assembly import assemble
from graphs.database.domain import POLICY, database_domain, database_settings
from graphs.session import Agent
from nodes.state import Decision
from tests.behaviour.shelf import Script, act
from tools.policy import Policy

SCHEMA = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INT, total INT, status TEXT, note TEXT);
CREATE INDEX by_customer ON orders (customer);
CREATE INDEX by_customer_total ON orders (customer, total);
"""
QUERIES = """
-- name: by total
SELECT count(*) FROM orders WHERE total = 7;
-- name: by note
SELECT id, status FROM orders WHERE note = 'note 77';
SELECT sum(total) FROM orders WHERE customer = 12;
"""


@dataclass(frozen=True)
class Shop:
    """A database, its workload, and whatever somebody else does to it."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "shop.db"

    def execute(self, sql: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(sql)

    def indexes(self) -> dict[str, str]:
        with closing(sqlite3.connect(self.path)) as connection:
            return dict(
                connection.execute(
                    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
                )
            )

    def ours(self) -> list[str]:
        return [name for name in self.indexes() if name.startswith("sf_")]


def make_shop(folder: Path, *, queries: str = QUERIES) -> Shop:
    folder.mkdir(exist_ok=True)
    shop = Shop(folder)
    with closing(sqlite3.connect(shop.path)) as connection, connection:
        connection.executescript(SCHEMA)
        rows = [
            (n, n % 50, n * 7 % 1000, ("new", "paid", "lost")[n % 3], f"note {n}")
            for n in range(1, 12_001)
        ]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", rows)
    (folder / "shop.sql").write_text(queries)
    return shop


def agent(store: Store, shop: Shop, mind: Script | None, *, drops: bool = False) -> Agent:
    """Return an agent with a scripted mind, or with the playbook.

    Args:
        store: Where its runs are kept.
        shop: What it works on.
        mind: Planner and decider; the playbook when None.
        drops: Whether it may drop indexes that are not its own.
    """
    text = POLICY.read_text().replace('verdict = "ask"', 'verdict = "allow"')
    policy = Policy.from_toml(text, source="test") if drops else None
    kept = database_settings(
        store, database=shop.path, workload=shop.folder / "shop.sql", policy=policy
    )
    domain = database_domain(kept, store)
    if mind is not None:
        domain = replace(domain, planner=mind, decider=mind)
    return assemble(domain, store)


def create(*columns: str) -> Decision:
    """Return the decision to make an index on orders."""
    return act("create_index", table="orders", columns=list[JsonValue](columns))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return make_shop(tmp_path / "shop")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened
