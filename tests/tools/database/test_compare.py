import math

import pytest

from tests.tools.database.conftest import Execute
from tests.tools.database.test_measure import sampled
from tools.database.compare import compare_results
from tools.database.connection import Database
from tools.database.measure import ResultSample
from tools.database.statements import parse_query


def difference(before: ResultSample, after: ResultSample) -> str:
    return compare_results(before, after).difference


def test_order_does_not_matter_unless_the_query_orders(database: Database) -> None:
    up = sampled(database, "SELECT id FROM orders INDEXED BY by_day WHERE day > ''")
    down = sampled(database, "SELECT id FROM orders NOT INDEXED WHERE day > ''")
    assert (up.rows != down.rows, difference(up, down)) == (True, "")


def test_another_order_of_the_key_is_a_difference(database: Database) -> None:
    one = sampled(database, "SELECT id, 1 AS t FROM orders ORDER BY t, id")
    two = sampled(database, "SELECT id, 1 AS t FROM orders ORDER BY t, id DESC")
    assert difference(one, two) == "the order differs"


@pytest.mark.parametrize("order", ["t", "2", "o.id % 3", "o.id % 3 + 0"])
def test_ties_may_come_in_another_order(database: Database, order: str) -> None:
    sql = "SELECT id, id % 3 AS t FROM orders AS o {} WHERE day > '' ORDER BY " + order
    one = sampled(database, sql.format("INDEXED BY by_day"))
    two = sampled(database, sql.format("NOT INDEXED"))
    found = compare_results(one, two)
    assert (found.difference, "another order" in found.remark) == ("", True)


def test_ties_of_large_results_are_told(database: Database) -> None:
    pairs = "SELECT a.id, b.id AS other FROM customers a, customers b ORDER BY b.name = a.name"
    one, two = sampled(database, pairs), sampled(database, pairs + " , a.id DESC")
    assert (one.complete, "by a key" in compare_results(one, two).remark) == (False, True)


CUT = "SELECT * FROM (SELECT id / 10 AS k, id AS n FROM orders WHERE id {}) ORDER BY k LIMIT 15"


def test_rows_that_tie_at_a_cut_may_be_others(database: Database) -> None:
    one, two = sampled(database, CUT.format("<> 17")), sampled(database, CUT.format("<> 12"))
    assert compare_results(one, two).remark.startswith("LIMIT cuts between")


def test_rows_off_the_cut_may_not_be_others(database: Database) -> None:
    sql = "SELECT id / 4 AS k, id {} AS n FROM orders WHERE id > 3 ORDER BY k LIMIT 10"
    one, two = sampled(database, sql.format("")), sampled(database, sql.format("+ (id = 10) * 500"))
    assert difference(one, two) == "the rows differ"


def test_rows_after_an_offset_may_be_others_that_tie(database: Database) -> None:
    sql = "SELECT id / 9 AS k, id AS n FROM orders WHERE id {} ORDER BY k LIMIT 9 OFFSET 4"
    one, two = sampled(database, sql.format("<> 1")), sampled(database, sql.format("<> 6"))
    assert compare_results(one, two).remark.startswith("LIMIT cuts between")


def test_a_limit_that_cuts_nothing_excuses_nothing(database: Database) -> None:
    one = sampled(database, "SELECT id FROM orders WHERE id < 3 LIMIT 3")
    two = sampled(database, "SELECT id + 1 AS id FROM orders WHERE id < 3 LIMIT 3")
    assert difference(one, two) == "the rows differ"


def test_a_limit_of_one_total_excuses_nothing(database: Database) -> None:
    one = sampled(database, "SELECT sum(id) AS n FROM orders LIMIT 1")
    two = sampled(database, "SELECT sum(id) + 1 AS n FROM orders LIMIT 1")
    assert difference(one, two) == "the rows differ"


def test_a_changed_cell_is_a_difference(database: Database, execute: Execute) -> None:
    before = sampled(database, "SELECT * FROM orders")
    execute("UPDATE orders SET total = total + 0.01 WHERE id = 77")
    assert difference(before, sampled(database, "SELECT * FROM orders")) == "the rows differ"


def test_a_changed_cell_of_a_large_result_is_a_difference(
    database: Database, execute: Execute
) -> None:
    sql = "SELECT a.id, b.name FROM customers a, customers b"
    before = sampled(database, sql)
    execute("UPDATE customers SET name = 'Other' WHERE id = 200")
    assert difference(before, sampled(database, sql)) == "the rows differ"


def test_a_limit_without_order_is_explained(database: Database) -> None:
    one = sampled(database, "SELECT id FROM orders WHERE id > 5 LIMIT 3")
    two = sampled(database, "SELECT id FROM orders WHERE id > 6 LIMIT 3")
    assert "LIMIT without ORDER BY" in compare_results(one, two).remark


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
    assert (difference(sampled(database, one), sampled(database, two)) == "") == same


def test_rounding_noise_in_large_results_does_not_count(database: Database) -> None:
    sql = "SELECT a.id, b.total {} AS t FROM customers a, orders b WHERE b.id <= 50"
    one, two = sampled(database, sql.format("* 3 / 3")), sampled(database, sql.format(""))
    assert (one.complete, difference(one, two)) == (False, "")


def test_samples_survive_json(database: Database) -> None:
    found = sampled(database, "SELECT *, 1e308 * 10 FROM orders")
    assert difference(found, ResultSample.model_validate(found.to_json())) == ""
    assert math.isfinite(found.row_count)


@pytest.mark.parametrize(
    ("sql", "columns", "places"),
    [
        ("SELECT o.id, o.day AS d FROM orders o ORDER BY d, o.id DESC", ("id", "d"), (1, 0)),
        ("SELECT id, day FROM orders ORDER BY 2, 1", ("id", "day"), (1, 0)),
        ("SELECT * FROM orders ORDER BY Day", ("id", "day"), (1,)),
        ("SELECT * FROM orders a, orders b ORDER BY a.day", ("day", "day"), ()),
        ("SELECT a.* FROM orders a, orders b ORDER BY b.day", ("id", "day"), ()),
        ("SELECT a.id AS day FROM orders a ORDER BY a.day", ("day",), ()),
        ("SELECT id FROM orders ORDER BY id, total", ("id",), ()),
        ("SELECT day, count(*) FROM orders GROUP BY day ORDER BY count(*)", ("day", "n"), (1,)),
        ("SELECT id FROM orders UNION SELECT id FROM codes ORDER BY id", ("id",), (0,)),
    ],
)
def test_the_key_of_an_order_is_found_in_the_output_or_not_at_all(
    sql: str, columns: tuple[str, ...], places: tuple[int, ...]
) -> None:
    assert parse_query(sql).shape.places(columns) == places


@pytest.mark.parametrize(
    ("sql", "volatile"),
    [
        ("SELECT random()", True),
        ("SELECT date('now', '-3 days')", True),
        ("SELECT datetime ( )", True),
        ("SELECT current_timestamp", True),
        ("SELECT date(day), 'now or never' FROM orders", False),
    ],
)
def test_queries_that_cannot_repeat_are_known(sql: str, *, volatile: bool) -> None:
    assert parse_query(sql).shape.volatile == volatile
