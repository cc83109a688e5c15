"""An empty copy of a schema in memory, to see the plans that a change would bring.

Without sqlite_stat4, SQLite plans from the schema and sqlite_stat1 alone, so that an empty copy
with the same statistics gets the plans of the full database.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from tools.database import statements
from tools.database.authorizer import builds_copy
from tools.database.connection import harden
from tools.database.session import Reader
from tools.database.statements import Kind
from tools.database.statistics import has_statistics
from tools.database.workload import Workload
from tools.errors import Refused

SAME: Final = "the same for every query"
_SECONDS: Final = 10.0


class EmptyCopy(Reader):
    """A database in memory with a schema and no rows."""

    kinds: frozenset[Kind] = frozenset(
        {"query", "explain", "catalog", "copy", "create_index", "analyze", "statistics"}
    )

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection, Path(":memory:"), _SECONDS)
        connection.set_authorizer(builds_copy)


@contextmanager
def empty_copy(reader: Reader, *, without: str = "") -> Iterator[EmptyCopy]:
    """Open an empty copy of a database's schema and statistics.

    Virtual tables and triggers are left out.

    Args:
        reader: The database.
        without: Name of an index to leave out.

    Raises:
        ToolFault: The database cannot be read.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None, cached_statements=0)) as memory:
        harden(memory)
        copy = EmptyCopy(memory)
        for kind, name, sql in reader.rows(statements.SCHEMA_ROWS):
            if kind != "trigger" and not (kind == "index" and name == without):
                with suppress(Refused):
                    copy.rows(statements.copy_of_schema(sql))
        if has_statistics(reader):
            _copy_statistics(reader, copy)
        yield copy


def _copy_statistics(reader: Reader, copy: EmptyCopy) -> None:
    copy.rows(statements.ANALYZE)
    copy.rows(statements.CLEAR_STATISTICS)
    for row in reader.rows(statements.STATISTICS):
        copy.rows(statements.ADD_STATISTICS, row)
    copy.rows(statements.LOAD_STATISTICS)


def changed_plans(before: Reader, after: Reader, workload: Workload) -> list[tuple[str, str, str]]:
    """Return id, plan before and plan after of each query whose plan would change.

    Queries that the empty copy cannot plan (they read virtual tables) are left out.
    """
    plans = []
    for query in workload.queries:
        statement = statements.parse_query(query.sql)
        with suppress(Refused):
            old, new = before.plan(statement), after.plan(statement)
            if old != new:
                plans.append((query.id, "\n".join(old), "\n".join(new)))
    return plans


def plan_texts(plans: Sequence[tuple[str, str, str]]) -> tuple[str, str]:
    """Return the plans before and after that change, as text for people."""
    if not plans:
        return SAME, SAME
    before = (f"{query}: {old}" for query, old, _ in plans)
    after = (f"{query}: {new}" for query, _, new in plans)
    return "\n".join(before), "\n".join(after)
