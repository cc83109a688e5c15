"""Runs a query and says what it costs and, in the same run, what it returns."""

from time import perf_counter
from typing import Final

from tools.contract import Record
from tools.database.results import ResultSample, Sampler
from tools.database.session import Reader
from tools.database.statements import Statement, parse_query
from tools.database.workload import Query

__all__ = [
    "Measurement",
    "ResultSample",
    "measure",
    "measure_and_sample",
    "sample_result",
]

SLOW_MS: Final = 1000.0
"""Slower queries are run once."""


class Measurement(Record):
    """What one run of a query costs."""

    query: str
    """Its id."""
    ms: float
    """Wall time of the best run, in milliseconds."""
    steps: int
    """Thousands of VM steps; the same for the same plan and data, whatever the machine does."""
    rows: int
    plan: tuple[str, ...]
    """Detail lines of EXPLAIN QUERY PLAN."""


def measure(reader: Reader, query: Query, *, repeats: int = 3, limit_seconds: float) -> Measurement:
    """Run a query and return its cost.

    Args:
        reader: An open reader.
        query: What to run.
        repeats: How many runs the best is taken from; a query slower than `SLOW_MS` runs once.
        limit_seconds: Time that one run may take.

    Raises:
        Transient: A run took too long, or the database is locked.
        ToolFault: The query fails.
    """
    return _measure(reader, query, repeats, limit_seconds, None)


def sample_result(
    reader: Reader, query: Query, *, limit_seconds: float | None = None
) -> ResultSample:
    """Run a query once and return its result.

    Raises:
        ToolFault: As for `measure`.
    """
    sampler = Sampler(parse_query(query.sql).shape)
    _run(reader, parse_query(query.sql), limit_seconds, sampler)
    return sampler.sample()


def measure_and_sample(
    reader: Reader, query: Query, *, repeats: int = 3, limit_seconds: float
) -> tuple[Measurement, ResultSample]:
    """Return cost and result of a query; the first run serves both.

    Raises:
        ToolFault: As for `measure`.
    """
    sampler = Sampler(parse_query(query.sql).shape)
    measurement = _measure(reader, query, repeats, limit_seconds, sampler)
    return measurement, sampler.sample()


def _measure(
    reader: Reader, query: Query, repeats: int, limit_seconds: float, sampler: Sampler | None
) -> Measurement:
    statement = parse_query(query.sql)
    plan = reader.plan(statement)
    best, rows = _run(reader, statement, limit_seconds, sampler)
    steps = reader.steps
    for _ in range(repeats - 1 if best <= SLOW_MS else 0):
        best = min(best, _run(reader, statement, limit_seconds, None)[0])
    return Measurement(query=query.id, ms=round(best, 3), steps=steps, rows=rows, plan=plan)


def _run(
    reader: Reader, statement: Statement, limit_seconds: float | None, sampler: Sampler | None
) -> tuple[float, int]:
    """Return the milliseconds that SQLite took, and the number of rows."""
    count = 0
    started = perf_counter()
    result = reader.open(statement, limit_seconds=limit_seconds)
    spent = perf_counter() - started
    batches = iter(result)
    if sampler:
        sampler.columns = result.columns
    while True:
        started = perf_counter()
        batch = next(batches, None)
        spent += perf_counter() - started
        if batch is None:
            break
        count += len(batch)
        if sampler:
            sampler.add(batch)
    return spent * 1000, count
