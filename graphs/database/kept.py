"""What the checks keep of a measurement, as JSON, and how they read it back."""

from collections.abc import Mapping
from typing import Any

from tools.contract import JsonObject
from tools.database.content import schema_digest
from tools.database.measure import Measurement, ResultSample
from tools.database.schema import Schema
from tools.database.workload import Query, Workload

Timings = Mapping[str, Measurement]
"""By the id of the query."""


class Kept:
    """Reads what `baseline`, `examine` or `conclude` stored.

    Args:
        stored: As it was stored; an early version kept no SQL of indexes, which is then unknown.
    """

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.schema: str = stored["schema"]
        indexes: Mapping[str, str] | list[str] = stored["indexes"]
        known = dict.fromkeys(indexes, "") if isinstance(indexes, list) else dict(indexes)
        self.indexes: Mapping[str, str] = known
        """SQL by name; empty when it is unknown."""
        self.content: Mapping[str, JsonObject] = stored.get("content", {})
        queries: Mapping[str, Any] = stored["queries"]
        self.timings = {
            name: Measurement.model_validate(item["timing"]) for name, item in queries.items()
        }
        self.samples = {
            name: ResultSample.model_validate(item["sample"])
            for name, item in queries.items()
            if "sample" in item
        }
        self.failed: Mapping[str, str] = stored.get("failed", {})
        """Why some queries could not be measured, by id."""
        self.counter: int = stored.get("counter", 0)
        """The file's change counter."""
        self.disturbed: bool = stored.get("disturbed", False)
        """Whether others wrote while it was measured."""
        self.rows = {name: item["rows"] for name, item in self.content.items()}

    def measured_of(self, workload: Workload) -> list[Query]:
        """Return the queries that could be measured."""
        return [query for query in workload.queries if query.id in self.timings]


def created_indexes(schema: Schema) -> dict[str, str]:
    """Return the SQL of every index that a statement created, by name."""
    indexes = schema.indexes().values()
    return {index.name: index.sql for index in indexes if index.origin == "c"}


def bare_digest(schema: Schema) -> str:
    """Return the digest of the schema without any index that a statement created."""
    return schema_digest(schema, ignoring=frozenset(created_indexes(schema)))


def measured(schema: Schema, timings: Timings) -> JsonObject:
    """Return a measurement as it is stored."""
    return {
        "schema": bare_digest(schema),
        "indexes": dict(created_indexes(schema)),
        "queries": {name: {"timing": timing.to_json()} for name, timing in timings.items()},
    }
