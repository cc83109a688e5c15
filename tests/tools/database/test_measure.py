import math

import pytest

from tests.tools.database.conftest import Execute
from tools.database.connection import Database
from tools.database.measure import (
    Measurement,
    ResultSample,
    measure,
    measure_and_sample,
    same_result,
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


def test_order_does_not_matter_unless_the_query_orders(database: Database) -> None:
    up = sampled(database, "SELECT id FROM orders INDEXED BY by_day WHERE day > ''")
    down = sampled(database, "SELECT id FROM orders NOT INDEXED WHERE day > ''")
    assert (up.rows != down.rows, same_result(up, down)) == (True, "")


def test_ties_in_another_order_are_told(database: Database) -> None:
    one = sampled(database, "SELECT id, 1 AS t FROM orders ORDER BY t, id")
    two = sampled(database, "SELECT id, 1 AS t FROM orders ORDER BY t, id DESC")
    assert "tie in ORDER BY" in same_result(one, two)


def test_ties_of_large_results_are_told(database: Database) -> None:
    pairs = "SELECT a.id, b.id AS other FROM customers a, customers b ORDER BY b.name = a.name"
    one, two = sampled(database, pairs), sampled(database, pairs + " , a.id DESC")
    assert (one.complete, "tie in ORDER BY" in same_result(one, two)) == (False, True)


def test_a_changed_cell_is_a_difference(database: Database, execute: Execute) -> None:
    before = sampled(database, "SELECT * FROM orders")
    execute("UPDATE orders SET total = total + 0.01 WHERE id = 77")
    assert same_result(before, sampled(database, "SELECT * FROM orders")) == "the rows differ"


def test_a_changed_cell_of_a_large_result_is_a_difference(
    database: Database, execute: Execute
) -> None:
    sql = "SELECT a.id, b.name FROM customers a, customers b"
    before = sampled(database, sql)
    execute("UPDATE customers SET name = 'Other' WHERE id = 200")
    assert same_result(before, sampled(database, sql)) == "the rows differ"


def test_a_limit_without_order_is_explained(database: Database) -> None:
    one = sampled(database, "SELECT id FROM orders WHERE id > 5 LIMIT 3")
    two = sampled(database, "SELECT id FROM orders WHERE id > 6 LIMIT 3")
    assert "LIMIT without ORDER BY" in same_result(one, two)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("SELECT 0.1 + 0.2 AS a", "SELECT 0.3 AS a", True),
        ("SELECT 1e-17 AS a", "SELECT 0.0 AS a", True),
        ("SELECT 0.3 AS a", "SELECT 0.3001 AS a", False),
        ("SELECT 1 AS a", "SELECT 1.0 AS a", False),
        ("SELECT '1' AS a", "SELECT 1 AS a", False),
        ("SELECT NULL AS a", "SELECT 0 AS a", False),
        ("SELECT x'41' AS a", "SELECT 'A' AS a", False),
        ("SELECT 1 AS a", "SELECT 1 AS b", False),
        ("SELECT 1 AS a", "SELECT 1 AS a UNION ALL SELECT 1", False),
        ("SELECT 1 AS a UNION ALL SELECT 1", "SELECT 1 AS a UNION ALL SELECT 2", False),
    ],
)
def test_floats_may_differ_by_rounding_and_nothing_else(
    database: Database, *, one: str, two: str, same: bool
) -> None:
    assert (same_result(sampled(database, one), sampled(database, two)) == "") == same


def test_rounding_noise_in_large_results_does_not_count(database: Database) -> None:
    sql = "SELECT a.id, b.total {} AS t FROM customers a, orders b WHERE b.id <= 50"
    one, two = sampled(database, sql.format("* 3 / 3")), sampled(database, sql.format(""))
    assert (one.complete, same_result(one, two)) == (False, "")


def test_samples_survive_json(database: Database) -> None:
    found = sampled(database, "SELECT *, 1e308 * 10 FROM orders")
    assert same_result(found, ResultSample.model_validate(found.to_json())) == ""
    assert math.isfinite(found.row_count)
