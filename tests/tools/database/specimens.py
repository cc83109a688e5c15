"""The tools of the database agent, each on a small shop of its own."""

import sqlite3
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import ClassVar

from pydantic import JsonValue

from tools.contract import Artifacts, JsonObject, Tool
from tools.database.analyze import Analyze
from tools.database.catalog import Index
from tools.database.connection import Database
from tools.database.drops import DropIndex, DropOwnIndex
from tools.database.indexes import CreateIndex
from tools.database.reads import Explain, InspectSchema, ProfileWorkload
from tools.database.simulate import SimulateIndexes, SuggestIndexes
from tools.database.workload import Workload, parse_workload
from tools.specimen import Specimen

SCHEMA = """
CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT);
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer INTEGER, day TEXT, total REAL);
CREATE INDEX by_day ON orders(day);
CREATE INDEX by_day_total ON orders(day, total);
CREATE UNIQUE INDEX one_name ON customers(name);
"""
WORKLOAD = """
SELECT * FROM orders WHERE customer = 7;
SELECT day, total FROM orders WHERE day = '2026-01-05';
"""


def nobody(_name: str, _sql: str) -> str:
    return ""


def _index(table: str, column: str) -> JsonObject:
    return {"table": table, "columns": [column]}


def ours(index: Index) -> bool:
    return index.name == "by_day"


class Shop(Specimen):
    """A shop of 300 orders."""

    @abstractmethod
    def made(self, database: Database, workload: Workload) -> Tool:
        """Return the tool."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.run(SCHEMA)
        people = ", ".join(f"('Customer {n}', 'City {n % 5}')" for n in range(30))
        orders = ", ".join(f"({n % 30}, '2026-01-{n % 28 + 1:02}', {n % 50})" for n in range(300))
        self.run(f"INSERT INTO customers(name, city) VALUES {people}")
        self.run(f"INSERT INTO orders(customer, day, total) VALUES {orders}")

    def run(self, sql: str) -> None:
        with closing(sqlite3.connect(self.folder / "shop.db")) as connection, connection:
            connection.executescript(sql)

    def tool(self, artifacts: Artifacts) -> Tool:
        database = Database(self.folder / "shop.db", busy_seconds=0.5)
        return self.made(database, parse_workload(WORKLOAD))

    def world(self) -> JsonValue:
        """Return all that the database holds; indexes in no order, as making one again moves it."""
        with closing(sqlite3.connect(self.folder / "shop.db")) as connection:
            return [*sorted(line.split(" /*")[0] for line in connection.iterdump())]


class Creates(Shop):
    title = "create_index"

    def made(self, database: Database, workload: Workload) -> Tool:
        return CreateIndex(database, workload, dropper=nobody)

    def actions(self) -> Sequence[JsonObject]:
        return [{"table": "orders", "columns": ["customer", "total DESC"]}]

    def refused(self) -> Sequence[JsonObject]:
        tables = ["nothing", "sqlite_master", "orders; DROP TABLE orders", 'orders" --']
        return [
            *[_index(table, "customer") for table in tables],
            _index("orders", "customer) WHERE 1; --"),
            _index("orders", "day"),
        ]

    def disturb(self, args: JsonObject) -> None:
        with closing(sqlite3.connect(self.folder / "shop.db")) as connection:
            query = "SELECT name FROM sqlite_master WHERE name LIKE 'sf_%'"
            (name,) = connection.execute(query).fetchone()
        self.run(f'DROP INDEX "{name}"; CREATE INDEX "{name}" ON customers(city)')


class Drops(Shop):
    title = "drop_index"

    def made(self, database: Database, workload: Workload) -> Tool:
        return DropIndex(database, workload)

    def actions(self) -> Sequence[JsonObject]:
        return [{"name": "by_day"}]

    def refused(self) -> Sequence[JsonObject]:
        return [{"name": name} for name in ("one_name", "orders", "nothing", "sqlite_x")]

    def disturb(self, args: JsonObject) -> None:
        self.run("CREATE INDEX by_day ON customers(city)")


class DropsItsOwn(Drops):
    title = "drop_own_index"

    def made(self, database: Database, workload: Workload) -> Tool:
        return DropOwnIndex(database, workload, owns=ours)

    def refused(self) -> Sequence[JsonObject]:
        return [*super().refused(), {"name": "by_day_total"}]


class Analyzes(Shop):
    title = "analyze"

    def made(self, database: Database, workload: Workload) -> Tool:
        return Analyze(database)

    def actions(self) -> Sequence[JsonObject]:
        return [{}]

    def disturb(self, args: JsonObject) -> None:
        self.run("UPDATE sqlite_stat1 SET stat = '1 1' WHERE idx = 'by_day'")


class Reads(Shop):
    """A tool that only looks."""

    arguments: ClassVar[Sequence[JsonObject]] = ({},)

    def actions(self) -> Sequence[JsonObject]:
        return self.arguments


class Inspects(Reads):
    title = "inspect_schema"

    def made(self, database: Database, workload: Workload) -> Tool:
        return InspectSchema(database, workload)


class Profiles(Reads):
    title = "profile_workload"

    def made(self, database: Database, workload: Workload) -> Tool:
        return ProfileWorkload(database, workload)


class Explains(Reads):
    title = "explain"

    def made(self, database: Database, workload: Workload) -> Tool:
        return Explain(database, workload)

    arguments = ({"query": "q1"},)


class Suggests(Reads):
    title = "suggest_indexes"

    def made(self, database: Database, workload: Workload) -> Tool:
        return SuggestIndexes(database, workload)


class Simulates(Reads):
    title = "simulate_indexes"

    def made(self, database: Database, workload: Workload) -> Tool:
        return SimulateIndexes(database, workload, seconds=5)
