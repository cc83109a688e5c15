"""A small shop, as a real SQLite file."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tools.database.connection import Database
from tools.database.workload import Workload, parse_workload

Execute = Callable[..., list[tuple[object, ...]]]

SHOP = """
CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT COLLATE NOCASE);
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer INTEGER, day TEXT, total REAL, note BLOB);
CREATE TABLE "odd ""name"(" a b" TEXT, "select" INTEGER, "größe" REAL,
  PRIMARY KEY("select", " a b")) WITHOUT ROWID;
CREATE TABLE codes(code TEXT UNIQUE, meaning TEXT);
CREATE INDEX by_day ON orders(day);
CREATE INDEX by_day_total ON orders(day, total DESC);
CREATE UNIQUE INDEX one_name ON customers(name);
CREATE INDEX big ON orders(total) WHERE total > 100;
CREATE INDEX lowered ON customers(lower(name), city);
CREATE VIEW cities AS SELECT DISTINCT city FROM customers;
CREATE TRIGGER quiet AFTER DELETE ON codes BEGIN SELECT 1; END;
"""
WORKLOAD = """
-- name: one customer's orders
-- calls: 40
SELECT * FROM orders WHERE customer = 7;
SELECT city, sum(total) FROM orders JOIN customers c ON c.id = customer GROUP BY city;
SELECT day, total FROM orders WHERE day = '2026-01-05' ORDER BY total DESC;
"""


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a shop that no test changes."""
    file = tmp_path_factory.mktemp("pattern") / "shop.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(SHOP)
        connection.executemany(
            "INSERT INTO customers(name, city) VALUES (?, ?)",
            [(f"Customer {number}", f"City {number % 9}") for number in range(200)],
        )
        connection.executemany(
            "INSERT INTO orders(customer, day, total, note) VALUES (?, ?, ?, ?)",
            [
                (number * 7 % 200, f"2026-01-{number % 28 + 1:02}", number * 0.37 % 150, b"\x00n")
                for number in range(4000)
            ],
        )
        connection.executemany(
            'INSERT INTO "odd ""name" VALUES (?, ?, ?)',
            [(f"x{number}", number, number / 3) for number in range(50)],
        )
    return file


@pytest.fixture
def path(pattern: Path, tmp_path: Path) -> Path:
    """Return a shop of the test's own."""
    return Path(shutil.copy(pattern, tmp_path / "shop 100%?#.db"))


@pytest.fixture
def database(path: Path) -> Database:
    """Return the shop."""
    return Database(path, busy_seconds=0.05)


@pytest.fixture
def execute(path: Path) -> Execute:
    """Return a way to do anything to the shop, as its owner would."""

    def run(sql: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("PRAGMA synchronous = OFF")
            return connection.execute(sql, values).fetchall()

    return run


@pytest.fixture
def workload() -> Workload:
    """Return three queries on the shop."""
    return parse_workload(WORKLOAD)


def dump(path: Path) -> list[str]:
    """Return everything that a database holds, as SQL."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())
