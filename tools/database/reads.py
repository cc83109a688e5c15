"""The tools that look and change nothing."""

from time import monotonic
from typing import ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from tools.contract import EffectClass, JsonObject, Tool
from tools.database.analyze import NoArgs
from tools.database.catalog import Table
from tools.database.connection import Database
from tools.database.measure import measure
from tools.database.schema import read_schema
from tools.database.session import Reader
from tools.database.statements import parse_query
from tools.database.vetting import MAX_SQL_BYTES
from tools.database.workload import Query, Workload
from tools.errors import Refused, Transient

_PROFILE_SECONDS: Final = 240.0
"""A profile ends by then, well before the runner's limit."""


class _ReadTool(Tool):
    """A tool that reads the database."""

    effect: ClassVar[EffectClass] = "read"

    def __init__(self, database: Database, workload: Workload) -> None:
        self._database = database
        self._workload = workload

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the database."""
        del args
        return frozenset({"database:main"})


class InspectSchema(_ReadTool):
    """Lists tables, columns, row counts and indexes."""

    name = "inspect_schema"
    description = "List the tables with their columns, row counts and indexes."
    args_schema = NoArgs

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return the schema.

        Raises:
            ToolFault: The database cannot be read.
        """
        del args, key
        with self._database.reader() as reader:
            schema = read_schema(reader)
        count = len(schema.indexes())
        return {
            "summary": f"{len(schema.tables)} tables with {count} indexes.",
            "tables": [_described(table) for table in schema.tables.values()],
            "others": list[JsonValue](sorted(schema.others)),
        }


class ProfileArgs(BaseModel):
    """Which queries."""

    model_config = ConfigDict(extra="forbid")

    queries: list[str] = Field(
        default_factory=list, max_length=500, description="Ids of queries; empty for all."
    )


class ProfileWorkload(_ReadTool):
    """Runs the workload's queries and measures them."""

    name = "profile_workload"
    description = "Run queries of the workload and report time, work (VM steps), rows and plan."
    args_schema = ProfileArgs
    content: ClassVar[frozenset[str]] = frozenset({"queries"})

    def __init__(
        self, database: Database, workload: Workload, *, limit_seconds: float = 30.0
    ) -> None:
        super().__init__(database, workload)
        self._limit = limit_seconds

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return the cost of each query; one that fails says why and does not stop the others.

        Raises:
            Refused: An id is unknown.
            ToolFault: The database cannot be read.
        """
        del key
        ids = args["queries"]
        wanted = [self._workload.query(str(item)) for item in ids] if isinstance(ids, list) else []
        deadline = monotonic() + _PROFILE_SECONDS
        with self._database.reader() as reader:
            profile = [
                self._profiled(reader, query, deadline)
                for query in wanted or self._workload.queries
            ]
        failed = sum("error" in entry for entry in profile)
        return {
            "summary": f"{len(profile)} queries measured, {failed} of them failed.",
            "queries": list[JsonValue](profile),
        }

    def _profiled(self, reader: Reader, query: Query, deadline: float) -> JsonObject:
        entry: JsonObject = {"query": query.id, "name": query.name, "calls": query.calls}
        left = deadline - monotonic()
        if left <= 0:
            return entry | {"error": "Not measured: the profile's time was over."}
        try:
            found = measure(reader, query, repeats=1, limit_seconds=min(self._limit, left))
        except (Refused, Transient) as fault:
            return entry | {"error": str(fault)}
        return entry | found.to_json()


class ExplainArgs(BaseModel):
    """What to explain; exactly one of the two."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(default="", max_length=20, description="Id of a query of the workload.")
    sql: str = Field(default="", max_length=MAX_SQL_BYTES, description="One SELECT.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if bool(self.query) == bool(self.sql):
            raise ValueError("give either query or sql")
        return self


class Explain(_ReadTool):
    """Shows the plan of a query without running it."""

    name = "explain"
    description = "Show SQLite's plan of a query of the workload, or of one SELECT, unrun."
    args_schema = ExplainArgs
    content: ClassVar[frozenset[str]] = frozenset({"query", "sql"})

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return the plan.

        Raises:
            Refused: The text is not one SELECT, names what does not exist, or the id is unknown.
            ToolFault: The database cannot be read.
        """
        del key
        query = str(args["query"])
        text = self._workload.query(query).sql if query else str(args["sql"])
        statement = parse_query(text)
        with self._database.reader() as reader:
            plan = reader.plan(statement)
        return {"sql": statement.text, "plan": list(plan)}


def _described(table: Table) -> JsonObject:
    return table.model_dump(mode="json", exclude={"sql": True})
