import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from graphs.database.sample import SamplePaths, build_sample
from tools.database.workload import read_workload
from tools.errors import BadInput


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SamplePaths:
    return build_sample(tmp_path_factory.mktemp("shop"), orders=600)


def test_the_same_seed_gives_the_same_file(sample: SamplePaths, tmp_path: Path) -> None:
    again = build_sample(tmp_path, orders=600)
    assert again.database.read_bytes() == sample.database.read_bytes()


def test_another_seed_gives_other_rows(sample: SamplePaths, tmp_path: Path) -> None:
    other = build_sample(tmp_path, orders=600, seed=8)
    sql = "SELECT sum(total_cents) FROM orders"
    assert rows(other.database, sql) != rows(sample.database, sql)


def test_it_is_a_sound_database(sample: SamplePaths) -> None:
    assert rows(sample.database, "PRAGMA integrity_check") == [("ok",)]


def test_its_references_hold(sample: SamplePaths) -> None:
    assert rows(sample.database, "PRAGMA foreign_key_check") == []


def test_an_order_costs_what_its_items_cost(sample: SamplePaths) -> None:
    wrong = """SELECT id FROM orders AS o WHERE total_cents <>
        (SELECT sum(quantity * unit_price_cents) FROM order_items WHERE order_id = o.id)"""
    assert rows(sample.database, wrong) == []


def test_customers_are_skewed(sample: SamplePaths) -> None:
    sql = """SELECT sum(n) FROM (SELECT count(*) AS n FROM orders GROUP BY customer_id
        ORDER BY n DESC LIMIT 20)"""
    [(orders_of_the_best_tenth,)] = rows(sample.database, sql)
    assert isinstance(orders_of_the_best_tenth, int)
    assert orders_of_the_best_tenth > 600 // 4


def test_every_query_of_the_workload_runs(sample: SamplePaths) -> None:
    queries = read_workload(sample.workload).queries
    counted = [rows(sample.database, f"SELECT count(*) FROM ({query.sql})") for query in queries]
    assert len(counted) >= 12


def test_a_sample_is_replaced(tmp_path: Path) -> None:
    paths = build_sample(tmp_path, orders=60)
    with closing(sqlite3.connect(paths.database)) as connection, connection:
        connection.execute("CREATE INDEX extra ON orders(status)")
    build_sample(tmp_path, orders=60)
    assert rows(paths.database, "SELECT 1 FROM sqlite_master WHERE name = 'extra'") == []


def test_a_stale_journal_is_not_left_beside_a_new_sample(tmp_path: Path) -> None:
    paths = build_sample(tmp_path, orders=60)
    stale = tmp_path / "shop.db-wal"
    stale.write_bytes(b"stale")
    build_sample(tmp_path, orders=60)
    assert sorted(tmp_path.iterdir()) == sorted([paths.database, paths.workload])


@pytest.mark.parametrize("name", ["shop.db", "shop.sql"])
def test_a_file_of_someone_else_is_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(BadInput):
        build_sample(tmp_path, orders=60)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_link_to_nowhere_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "shop.db").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadInput):
        build_sample(tmp_path, orders=60)


def test_a_folder_that_cannot_be_made_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        build_sample(tmp_path / "file" / "folder", orders=60)
