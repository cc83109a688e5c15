"""The tool that makes an index."""

from collections.abc import Callable
from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.contract import EffectClass, Happened, JsonObject, Preview, Tool
from tools.database import statements
from tools.database.catalog import Schema, Table
from tools.database.connection import Database
from tools.database.drops import DropIndex, DropOwnIndex
from tools.database.hypothetical import changed_plans, empty_copy, plan_texts
from tools.database.index_effects import drop_exactly, find_made, make_index, stored_index
from tools.database.marks import marked, unmarked
from tools.database.schema import read_schema
from tools.database.session import Reader
from tools.database.size import estimate_index_bytes
from tools.database.spec import IndexSpec
from tools.database.workload import Workload
from tools.errors import Refused, UndoConflict
from tools.versions import Versions

__all__ = ["CreateIndex", "DropIndex", "DropOwnIndex"]

MAX_INDEXES: Final = 12
"""A table with so many indexes gets no more: each slows every write."""


class CreateIndexArgs(BaseModel):
    """Where the index goes."""

    model_config = ConfigDict(extra="forbid")

    table: str = Field(min_length=1, max_length=200, description="Exact name of the table.")
    columns: list[str] = Field(
        min_length=1,
        max_length=8,
        description="Columns in order, each `name` or `name DESC`.",
    )


class CreateIndex(Tool):
    """Creates one ordinary index under a name derived from table and columns.

    Args:
        database: Where.
        workload: Its plans are shown before and after.
        dropper: Tells, by name and SQL of an index, which effect dropped it; empty when none did.
    """

    name = "create_index"
    description = "Create an index on columns of a table; its name is derived from them."
    effect: ClassVar[EffectClass] = "reversible"
    args_schema = CreateIndexArgs
    authority: ClassVar[frozenset[str]] = frozenset({"table", "columns"})
    transactional = True

    def __init__(
        self, database: Database, workload: Workload, *, dropper: Callable[[str, str], str]
    ) -> None:
        self._database = database
        self._workload = workload
        self._dropper = dropper

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the database, the table and the index to be."""
        spec = _spec(args)
        return frozenset({"database:main", f"table:{spec.table}", f"index:{spec.name}"})

    def known_values(self, args: JsonObject) -> frozenset[str]:
        """Return the names of the live schema's tables and of the columns of the one meant."""
        with self._database.reader() as reader:
            schema = read_schema(reader, count=False)
        table = schema.tables.get(str(args.get("table")))
        columns = [column.name for column in table.columns] if table else []
        return frozenset({*schema.tables, *columns, *(f"{name} DESC" for name in columns)})

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Return the index to be and the statement that makes it, but for the effect's mark.

        Raises:
            Refused: Table or column are unknown, or the index is not needed.
        """
        spec = _spec(args)
        with self._database.reader() as reader:
            schema = read_schema(reader, count=False)
        _refuse_needless(spec, schema)
        return {"index": spec.name, "existed": False, "sql": _text(spec, schema)}

    def preview(self, args: JsonObject) -> Preview:
        """Return the statement, its size, and the plans before and after.

        Raises:
            Refused: As for `snapshot`.
        """
        spec = _spec(args)
        with self._database.reader() as reader:
            schema = read_schema(reader, count=False)
            table = _refuse_needless(spec, schema)
            statement = statements.create_index(spec, schema)
            facts = _facts(reader, spec, table)
            with empty_copy(reader) as copy:
                copy.rows(statement)
                plans = changed_plans(reader, copy, self._workload)
                before, after = plan_texts(plans)
        return Preview(
            summary=f"Create an index on {spec.table} ({', '.join(spec.columns)}); "
            f"{len(plans)} of {len(self._workload.queries)} queries would change their plan.",
            statement=statement.text,
            before=before,
            after=after,
            shows="Query plans",
            facts=facts,
            undo="The index is dropped again; no data is touched.",
        )

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Create the index.

        Raises:
            Refused: As for `snapshot`.
            Transient: The database is locked, or it took too long; nothing was changed.
            Fatal: The database cannot be written; nothing was changed.
        """
        spec = _spec(args)
        with self._database.reader() as reader:
            _refuse_needless(spec, read_schema(reader, count=False))
        sql, grown = make_index(self._database, spec, key)
        return {
            "summary": f"Created {spec.name} on {spec.table} ({', '.join(spec.columns)}).",
            "index": spec.name,
            "table": spec.table,
            "columns": list(spec.columns),
            "sql": sql,
            "size_bytes": grown,
        }

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Tell whether the index exists as meant, with the mark of this very effect."""
        spec = _spec(args)
        sql = marked(str(snapshot.get("sql")), key)
        return find_made(self._database, spec.name, spec.table, sql)

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        """Return the index of that name, or which effect dropped it."""
        spec = _spec(args)
        sql = self._made(spec, snapshot, result)
        with self._database.reader() as reader:
            found = stored_index(reader, spec.name)
        dropper = "" if found else self._dropper(spec.name, sql)
        now = found[1] if found else f"dropped by {dropper!r}" if dropper else None
        return Versions(subject=f"index:{spec.name}", before=None, left=sql, now=now)

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Drop the index; no-op when somebody else dropped it.

        Raises:
            UndoConflict: The index of that name is not the one that was made, or another effect
                dropped it, whose own undo would bring it back.
        """
        spec = _spec(args)
        sql = self._made(spec, snapshot, result)
        there = drop_exactly(self._database, spec.name, spec.table, sql)
        dropper = "" if there else self._dropper(spec.name, sql)
        if dropper:
            raise UndoConflict(
                f"The index {spec.name!r} was dropped by {dropper!r}.",
                advice="Undo that first: afterwards it would bring the index back.",
            )

    def _made(self, spec: IndexSpec, snapshot: JsonObject, result: JsonValue) -> str:
        """Return the SQL of the index; when the result was lost what was meant, with any mark."""
        if isinstance(result, dict) and result.get("sql"):
            return str(result["sql"])
        sql = str(snapshot.get("sql"))
        with self._database.reader() as reader:
            found = stored_index(reader, spec.name)
        return found[1] if found and unmarked(found[1]) == sql else sql


def _spec(args: JsonObject) -> IndexSpec:
    return IndexSpec.model_validate(args)


def _text(spec: IndexSpec, schema: Schema) -> str:
    return statements.create_index(spec, schema).text


def _refuse_needless(spec: IndexSpec, schema: Schema) -> Table:
    """Return the table if it can do with the index.

    Raises:
        Refused: Table or column are unknown, an index serves already, or there are too many.
    """
    table = schema.table(spec.table)
    columns = [table.split_column(column)[0] for column in spec.columns]
    if len(set(columns)) < len(columns):
        raise Refused(f"The index on {spec.table!r} names a column twice: {', '.join(columns)}.")
    if len(table.indexes) >= MAX_INDEXES:
        raise Refused(f"The table {spec.table!r} has {len(table.indexes)} indexes already.")
    if spec.name in schema.indexes():
        raise Refused(f"There is an index {spec.name!r} already, made otherwise.")
    for index in table.indexes:
        if not index.partial and index.columns[: len(spec.columns)] == spec.columns:
            raise Refused(
                f"The index {index.name!r} on {spec.table!r} begins with "
                f"{', '.join(spec.columns)} already.",
                advice="Choose other columns.",
            )
    return table


def _facts(reader: Reader, spec: IndexSpec, table: Table) -> dict[str, JsonValue]:
    columns = tuple(table.split_column(column)[0] for column in spec.columns)
    rows = int(reader.rows(statements.count_rows(table))[0][0])
    return {
        "rows": rows,
        "size_bytes": estimate_index_bytes(reader, table, columns, rows),
        "index_count": len(table.indexes),
    }
