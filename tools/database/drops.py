"""The tools that drop an index: our own, or one that was there before."""

from collections.abc import Callable
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.contract import EffectClass, Happened, JsonObject, Preview, Tool
from tools.database import statements
from tools.database.catalog import Index
from tools.database.connection import Database
from tools.database.hypothetical import changed_plans, empty_copy, plan_texts
from tools.database.index_effects import drop_exactly, make_again, stored_index
from tools.database.schema import read_schema
from tools.database.session import Reader
from tools.database.size import estimate_index_bytes
from tools.database.statistics import Statistic, kept, read_statistics, refuse_histograms
from tools.database.workload import Workload
from tools.errors import Refused, UndoConflict
from tools.versions import Versions


class IndexName(BaseModel):
    """Which index."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, description="Exact name of the index.")


class DropIndex(Tool):
    """Drops an ordinary index; undo makes it again word for word, with its statistics."""

    name = "drop_index"
    description = "Drop an ordinary index that the agent did not make, e.g. a redundant one."
    effect: ClassVar[EffectClass] = "reversible"
    args_schema = IndexName
    authority: ClassVar[frozenset[str]] = frozenset({"name"})

    def __init__(self, database: Database, workload: Workload) -> None:
        self._database = database
        self._workload = workload

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the database, the index and its table, when it exists."""
        name = str(args["name"])
        found = self._indexes().get(name)
        tables = {f"table:{found.table}"} if found else set()
        return frozenset({"database:main", f"index:{name}", *tables})

    def known_values(self, args: JsonObject) -> frozenset[str]:
        """Return the names of the live schema's indexes."""
        del args
        return frozenset(self._indexes())

    def target(self, args: JsonObject) -> str:
        """Return the index's definition: a name alone may come to mean another index."""
        found = self._indexes().get(str(args["name"]))
        return f"{found.table}: {found.sql}" if found else ""

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Return all that makes the index: its table, its SQL, its statistics.

        Raises:
            Refused: It may not be dropped, or could not be made again.
        """
        with self._database.reader() as reader:
            index = self._vetted(reader, str(args["name"]))
            statistics = read_statistics(reader) or []
        return {
            "table": index.table,
            "sql": index.sql,
            "statistics": [list(row) for row in statistics if row[1] == index.name],
        }

    def preview(self, args: JsonObject) -> Preview:
        """Return the statement, the size, and the plans before and after.

        Raises:
            Refused: As for `snapshot`.
        """
        name = str(args["name"])
        with self._database.reader() as reader:
            index = self._vetted(reader, name)
            with empty_copy(reader, without=name) as copy:
                plans = changed_plans(reader, copy, self._workload)
                before, after = plan_texts(plans)
            facts = _facts(reader, index)
            statement = statements.drop_index(name, read_schema(reader, count=False))
        return Preview(
            summary=f"Drop the index {name} on {index.table} ({', '.join(index.columns)}); "
            f"{len(plans)} of {len(self._workload.queries)} queries would change their plan.",
            statement=statement.text,
            before=before,
            after=after,
            shows="Query plans",
            facts=facts,
            undo=f"The index is made again: {index.sql}",
        )

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Drop the index.

        Raises:
            Refused: As for `snapshot`.
            Transient: The database is locked; nothing was changed.
            Fatal: The database cannot be written; nothing was changed.
        """
        del key
        name = str(args["name"])
        with self._database.reader() as reader:
            index = self._vetted(reader, name)
        try:
            drop_exactly(self._database, name, index.table, index.sql)
        except UndoConflict as fault:
            raise Refused(fault.what, advice="Look at the schema again.") from fault
        return {"summary": f"Dropped {name} on {index.table}.", "index": name, "sql": index.sql}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Tell whether the index is gone."""
        del key
        with self._database.reader() as reader:
            found = stored_index(reader, str(args["name"]))
        if found is None:
            return "yes"
        return "no" if found == (snapshot.get("table"), snapshot.get("sql")) else "unknown"

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        """Return the index of that name, or that its table is gone."""
        del result
        name, table = str(args["name"]), str(snapshot.get("table"))
        with self._database.reader() as reader:
            found = stored_index(reader, name)
            tables = {row[0] for row in reader.rows(statements.TABLE_NAMES)}
        now = found[1] if found else None if table in tables else f"no table {table!r}"
        before = snapshot.get("sql")
        return Versions(subject=f"index:{name}", before=before, left=None, now=now)

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Make the index again as it was, with its statistics; no-op when it is there.

        Raises:
            UndoConflict: Another index has its name, or its table has changed.
        """
        del result
        statistics: list[Statistic] = kept(snapshot, "statistics") or []
        table, sql = str(snapshot.get("table")), str(snapshot.get("sql"))
        make_again(self._database, str(args["name"]), table, sql, statistics)

    def refuse(self, reader: Reader, index: Index) -> None:
        """Let an index pass that this tool may drop.

        Raises:
            Refused: It may not drop it.
        """
        del index
        refuse_histograms(reader)

    def _vetted(self, reader: Reader, name: str) -> Index:
        schema = read_schema(reader, count=False)
        statements.drop_index(name, schema)
        index = schema.index(name)
        statements.recreate_index(index.sql, name, index.table)
        self.refuse(reader, index)
        return index

    def _indexes(self) -> dict[str, Index]:
        with self._database.reader() as reader:
            return read_schema(reader, count=False).indexes()


class DropOwnIndex(DropIndex):
    """Drops an index that the journal says is ours."""

    name = "drop_own_index"
    description = "Drop an index that the agent itself made in this run or an earlier one."

    def __init__(
        self, database: Database, workload: Workload, *, owns: Callable[[Index], bool]
    ) -> None:
        super().__init__(database, workload)
        self._owns = owns

    def refuse(self, reader: Reader, index: Index) -> None:
        """Let an index pass that the journal knows as ours.

        Raises:
            Refused: It is not ours.
        """
        del reader
        if not self._owns(index):
            raise Refused(
                f"The index {index.name!r} was not made by the agent.",
                advice="Propose drop_index, which asks a person.",
            )


def _facts(reader: Reader, index: Index) -> dict[str, JsonValue]:
    table = read_schema(reader, count=False).table(index.table)
    rows = int(reader.rows(statements.count_rows(table))[0][0])
    names = {column.name for column in table.columns}
    columns = tuple(name for name in map(_bare, index.columns) if name in names)
    size = estimate_index_bytes(reader, table, columns, rows) if columns else 0
    return {"rows": rows, "size_bytes": size, "index_count": len(table.indexes)}


def _bare(column: str) -> str:
    return column.removesuffix(" DESC").split(" COLLATE ")[0]
