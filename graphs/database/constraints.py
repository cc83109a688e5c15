"""Constraints of a database: what must be as it was, but for index changes on the journal."""

from collections.abc import Mapping, Sequence

from graphs.database.kept import Kept, bare_digest, created_indexes
from graphs.database.ownership import index_of, made_sql
from graphs.database.quiet import changed_tables
from nodes.state import Check
from tools.contract import EffectRecord, JsonObject
from tools.database.compare import Comparison
from tools.database.schema import Schema
from tools.database.workload import Query


def same_schema(base: Kept, schema: Schema) -> Check:
    """Tables, views and triggers are as they were."""
    problem = "" if bare_digest(schema) == base.schema else "tables, views or triggers changed"
    return _constraint("schema", problem, "tables, views and triggers are as they were")


def only_ours(base: Kept, schema: Schema, effects: Sequence[EffectRecord]) -> Check:
    """Every index is as it was, or as an effect that stands left it, word for word.

    Args:
        base: From before anything was done.
        schema: As it is.
        effects: All that stand, oldest first; where an undo was cut short, both ends are right.
    """
    expected, found = expected_indexes(base.indexes, effects), created_indexes(schema)
    for record in effects:
        if record.state == "undoing":
            expected.pop(index_of(record), None)
            found.pop(index_of(record), None)
    common = sorted(expected.keys() & found.keys())
    parts = {
        "missing": sorted(expected.keys() - found.keys()),
        "not on the journal": sorted(found.keys() - expected.keys()),
        "replaced": [name for name in common if expected[name] not in {"", found[name]}],
    }
    problem = "; ".join(f"{what}: {', '.join(names)}" for what, names in parts.items() if names)
    return _constraint("indexes", problem, "only indexes on the journal changed")


def same_rows(base: Kept, schema: Schema) -> Check:
    """Every table has as many rows as it had."""
    changed = [
        f"{name} had {base.rows[name]} rows, has {table.rows}"
        for name, table in schema.tables.items()
        if name in base.rows and base.rows[name] != table.rows
    ]
    return _constraint("rows", "; ".join(changed), "every table has the rows it had")


def same_content(before: Mapping[str, JsonObject], after: Mapping[str, JsonObject]) -> Check:
    """Every table holds what it held."""
    changed = changed_tables(before, after)
    problem = f"the content of {', '.join(changed)} changed" if changed else ""
    return _constraint("content", problem, "every table's content digest is what it was")


def same_answer(query: Query, found: Comparison, *, unstable: bool) -> Check:
    """A query returns what it returned, as far as its text says what that is.

    Args:
        query: The query.
        found: How its result compares with that of the baseline.
        unstable: Whether it returns something else each time, whatever anyone does.
    """
    name = f"{query.id} {query.name}"
    if found.difference and unstable:
        fine = f"{name}: not compared: the query returns something else each time"
        return _constraint(f"result of {query.id}", "", fine)
    text = f"{name}: {found.difference}" if found.difference else ""
    fine = f"{name}: {found.remark}" if found.remark else f"{query.id} returns what it returned"
    return _constraint(f"result of {query.id}", text, fine)


def left_out(query_id: str, why: str) -> Check:
    """Tell of a query that could not be run from the beginning: nothing to compare."""
    return _constraint(f"result of {query_id}", "", f"left out: {why}")


def expected_indexes(indexes: Mapping[str, str], effects: Sequence[EffectRecord]) -> dict[str, str]:
    """Return the indexes that should be there after these effects, and their SQL."""
    expected = dict(indexes)
    for record in effects:
        if record.action.tool == "create_index":
            expected[index_of(record)] = made_sql(record)
        elif record.action.tool.startswith("drop_"):
            expected.pop(index_of(record), None)
    return expected


def _constraint(name: str, problem: str, fine: str) -> Check:
    return Check(name=name, kind="constraint", holds=not problem, detail=problem or fine)
