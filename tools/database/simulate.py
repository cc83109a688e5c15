"""The tools that propose indexes: from the queries' text, and by trying them on a private copy."""

from time import monotonic
from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.contract import EffectClass, JsonObject, Tool
from tools.database.candidates import candidates_for, redundant_indexes
from tools.database.choice import choose
from tools.database.connection import Database
from tools.database.findings import describe
from tools.database.reads import ProfileArgs
from tools.database.schema import read_schema
from tools.database.scratch import blank_copy, full_copy
from tools.database.trials import Trials
from tools.database.workload import Workload

QUERY_SECONDS: Final = 15.0
"""A query that takes longer is stopped, and counts as taking so long."""


class SuggestIndexes(Tool):
    """Proposes candidates from the queries' text alone."""

    name = "suggest_indexes"
    description = "List candidate indexes for queries, and redundant indexes; nothing is tried."
    effect: ClassVar[EffectClass] = "read"
    args_schema = ProfileArgs
    content: ClassVar[frozenset[str]] = frozenset({"queries"})

    def __init__(self, database: Database, workload: Workload) -> None:
        self._database = database
        self._workload = workload

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the database."""
        del args
        return frozenset({"database:main"})

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return the candidates of each query.

        Raises:
            Refused: An id is unknown.
            ToolFault: The database cannot be read.
        """
        del key
        ids = args["queries"]
        wanted = [self._workload.query(str(item)) for item in ids] if isinstance(ids, list) else []
        with self._database.reader() as reader:
            schema = read_schema(reader, count=False)
        found = {
            query.id: candidates_for(query, schema) for query in wanted or self._workload.queries
        }
        distinct = {spec for specs in found.values() for spec in specs}
        redundant = redundant_indexes(schema)
        return {
            "summary": f"{len(distinct)} candidates, {len(redundant)} redundant indexes.",
            "candidates": {
                name: [spec.to_json() for spec in specs] for name, specs in found.items()
            },
            "redundant": [item.to_json() for item in redundant],
        }


class SimulateArgs(BaseModel):
    """How far to go."""

    model_config = ConfigDict(extra="forbid")

    max_indexes: int = Field(default=10, ge=1, le=50, description="At most so many are chosen.")


class SimulateIndexes(Tool):
    """Tries candidates on a private copy and chooses by what was measured there."""

    name = "simulate_indexes"
    description = "Try candidate indexes on a private copy; return those that measurably help."
    effect: ClassVar[EffectClass] = "read"
    args_schema = SimulateArgs
    content: ClassVar[frozenset[str]] = frozenset({"max_indexes"})

    def __init__(self, database: Database, workload: Workload, *, seconds: float = 120.0) -> None:
        self._database = database
        self._workload = workload
        self._seconds = seconds

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the database."""
        del args
        return frozenset({"database:main"})

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return baseline, choice and what was rejected; `partial` when time ran out.

        Raises:
            BadInput: The database cannot be used.
            Transient: It is locked.
            Fatal: There is too little room for a copy.
        """
        del key
        limit = int(str(args["max_indexes"]))
        deadline = monotonic() + self._seconds
        with full_copy(self._database) as full, blank_copy(full) as blank:
            schema = read_schema(full)
            trials = Trials(
                full=full,
                blank=blank,
                schema=schema,
                queries=self._workload.queries,
                limit_seconds=QUERY_SECONDS,
                deadline=deadline,
            )
            failed = trials.baseline(self._workload.queries)
            candidates = {
                name: candidates_for(query, schema) for name, query in trials.queries.items()
            }
            choice = choose(trials, candidates, max_indexes=limit)
            found = describe(trials, choice, self._workload, failed)
        redundant = redundant_indexes(schema)
        return found | {"redundant": [item.to_json() for item in redundant]}
