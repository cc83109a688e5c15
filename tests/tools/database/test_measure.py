import pytest

from tools.database.connection import Database
from tools.database.measure import (
    Measurement,
    ResultSample,
    measure,
    measure_and_sample,
    sample_result,
)
from tools.database.workload import parse_workload
from tools.errors import Refused, Transient


def sampled(database: Database, sql: str) -> ResultSample:
    with database.reader() as reader:
        return sample_result(reader, parse_workload(sql).queries[0])


def measured(database: Database, sql: str) -> Measurement:
    with database.reader() as reader:
        return measure(reader, parse_workload(sql).queries[0], limit_seconds=10)


def test_a_measurement_tells_rows_and_plan(database: Database) -> None:
    found = measured(database, "SELECT * FROM orders WHERE day = '2026-01-05'")
    assert (found.query, found.rows) == ("q1", 143)
    assert found.plan[0].startswith("SEARCH orders USING INDEX")


def test_steps_are_the_same_each_time(database: Database) -> None:
    sql = "SELECT customer, count(*) FROM orders GROUP BY customer"
    assert measured(database, sql).steps == measured(database, sql).steps > 10


def test_an_endless_query_is_stopped_and_named(database: Database) -> None:
    sql = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    query = parse_workload(sql).queries[0]
    with database.reader() as reader, pytest.raises(Transient, match="WITH RECURSIVE c"):
        measure(reader, query, limit_seconds=0.05)


def test_a_failing_query_says_what_sqlite_says(database: Database) -> None:
    with pytest.raises(Refused, match="no such column: missing"):
        measured(database, "SELECT missing FROM orders")


def test_one_run_gives_cost_and_result(database: Database) -> None:
    query = parse_workload("SELECT count(*) AS n FROM orders").queries[0]
    with database.reader() as reader:
        cost, result = measure_and_sample(reader, query, repeats=1, limit_seconds=5)
    assert (cost.rows, result.columns, result.rows) == (1, ("n",), ((4000,),))


def test_an_empty_result_keeps_its_columns(database: Database) -> None:
    found = sampled(database, "SELECT id AS a, day FROM orders WHERE id < 0")
    assert (found.columns, found.row_count, found.rows) == (("a", "day"), 0, ())


def test_odd_cells_become_json(database: Database) -> None:
    found = sampled(database, "SELECT x'00ff', 9e999, CAST(x'61ff' AS TEXT), NULL, 1, 0.5")
    assert found.to_json()["rows"] == [
        [{"blob": "00ff", "bytes": 2}, {"float": "inf"}, "a\\xff", None, 1, 0.5]
    ]


def test_large_results_are_kept_in_part_and_digested_whole(database: Database) -> None:
    found = sampled(database, "SELECT a.id FROM customers a, customers b LIMIT 6000")
    assert (found.row_count, len(found.rows), found.complete) == (6000, 5000, False)
