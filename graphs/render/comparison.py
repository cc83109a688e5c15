"""Before and after, query by query: the part of a report that people read first."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from tools.contract import JsonObject, Record

if TYPE_CHECKING:
    from tools.database.workload import Workload


class QueryRow(Record):
    """One query's time before and after."""

    id: str
    name: str
    calls: int = 1
    """How often it runs, against the others."""
    before_ms: float
    after_ms: float

    @property
    def factor(self) -> float:
        """How many times faster it is now."""
        return self.before_ms / self.after_ms if self.after_ms > 0 else 1.0


def compare(baseline: JsonObject, measured: JsonObject, workload: "Workload") -> list[QueryRow]:
    """Return a row for each query that was measured before and after.

    Args:
        baseline: The world before anything was done, as the checks keep it.
        measured: The world as last examined.
        workload: Names and weights.
    """
    was, now = _times(baseline), _times(measured)
    return [
        QueryRow(
            id=query.id,
            name=query.name,
            calls=query.calls,
            before_ms=was[query.id],
            after_ms=now[query.id],
        )
        for query in workload.queries
        if query.id in was and query.id in now
    ]


def total(rows: Sequence[QueryRow]) -> QueryRow:
    """Return the sum over all calls."""
    return QueryRow(
        id="total",
        name="all calls" if any(row.calls > 1 for row in rows) else "all queries",
        calls=sum(row.calls for row in rows),
        before_ms=sum(row.before_ms * row.calls for row in rows),
        after_ms=sum(row.after_ms * row.calls for row in rows),
    )


def factor_text(row: QueryRow) -> str:
    """Return the change in words: `12 x faster`, `same`, `1.4 x slower`."""
    factor, more_ms = row.factor, row.after_ms - row.before_ms
    if factor > _FASTER and -more_ms > _FASTER_MS:
        return f"{factor:,.1f} x faster"
    if factor < 1 / _SLOWER and more_ms > _SLOWER_MS:
        return f"{1 / factor:,.1f} x slower"
    return "same"


_FASTER, _FASTER_MS = 1.15, 0.05
_SLOWER, _SLOWER_MS = 1.3, 2.0
"""Smaller differences are noise; the checks of the database call the same slower."""


def _times(stored: JsonObject) -> Mapping[str, float]:
    queries = stored.get("queries")
    if not isinstance(queries, dict):
        return {}
    found = {name: _ms(item) for name, item in queries.items()}
    return {name: ms for name, ms in found.items() if ms is not None}


def _ms(item: JsonValue) -> float | None:
    timing = item.get("timing") if isinstance(item, dict) else None
    ms = timing.get("ms") if isinstance(timing, dict) else None
    return float(ms) if isinstance(ms, int | float) else None
