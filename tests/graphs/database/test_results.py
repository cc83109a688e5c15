import pytest

from graphs.database.checks import DatabaseChecks
from nodes.state import Check
from tests.graphs.database.conftest import Shop
from tools.database.connection import Database
from tools.database.workload import parse_workload


def checks(shop: Shop, sql: str) -> DatabaseChecks:
    return DatabaseChecks(
        database=Database(shop.path), workload=parse_workload(sql), effects_of=lambda _: ()
    )


def result_after(shop: Shop, sql: str, change: str) -> Check:
    """Return the check of the only query's result after a change."""
    made = checks(shop, sql)
    baseline = made.baseline()
    shop.execute(change)
    return next(one for one in made.conclude(baseline, []).checks if one.name == "result of q1")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id, random() FROM orders WHERE id < 5",
        "SELECT strftime('%f', 'now'), id FROM orders WHERE id < 5",
    ],
)
def test_a_query_that_never_repeats_is_not_compared(shop: Shop, sql: str) -> None:
    found = result_after(shop, sql, "SELECT 1")
    assert (found.holds, "something else each time" in found.detail) == (True, True)


def test_a_view_that_never_repeats_is_not_compared(shop: Shop) -> None:
    shop.execute("CREATE VIEW dice AS SELECT random() AS n")
    assert result_after(shop, "SELECT n FROM dice", "SELECT 1").holds


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id, status FROM orders WHERE status = 'lost' ORDER BY total LIMIT 10",
        "SELECT id, total FROM orders WHERE status = 'lost' ORDER BY total",
        "SELECT id FROM orders WHERE status = 'lost' LIMIT 5",
    ],
)
def test_rows_that_the_query_leaves_open_may_change(shop: Shop, sql: str) -> None:
    found = result_after(shop, sql, "CREATE INDEX late ON orders (status, total DESC, note)")
    assert (found.holds, "rows" in found.detail) == (True, True)


def test_a_real_difference_is_a_broken_constraint(shop: Shop) -> None:
    sql = "SELECT id, note FROM orders WHERE status = 'lost' ORDER BY id LIMIT 5"
    found = result_after(shop, sql, "UPDATE orders SET note = 'x' WHERE id = 2")
    assert (found.kind, found.holds) == ("constraint", False)
