import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import JsonValue

from tests.tools.database.conftest import Execute, dump
from tools.contract import JsonObject
from tools.database.connection import Database
from tools.database.indexes import CreateIndex, DropIndex, DropOwnIndex
from tools.database.marks import marked, unmarked
from tools.database.spec import IndexSpec
from tools.database.statements import parse_query
from tools.database.workload import Workload
from tools.errors import Refused, UndoConflict
from tools.toolbox import lint

ARGS: JsonObject = {"table": "orders", "columns": ["customer", "total DESC"]}
NAME = IndexSpec(table="orders", columns=("customer", "total DESC")).name


@pytest.fixture
def create(database: Database, workload: Workload) -> CreateIndex:
    return CreateIndex(database, workload, dropper=lambda _name, _sql: "")


@pytest.fixture
def drop(database: Database, workload: Workload) -> DropIndex:
    return DropIndex(database, workload)


def test_declarations_hold_together(create: CreateIndex, drop: DropIndex) -> None:
    assert lint(create) + lint(drop) == []


def test_creating_makes_exactly_the_index(create: CreateIndex, execute: Execute) -> None:
    result = create.apply(create.check(ARGS), "k")
    made = execute("SELECT sql FROM sqlite_master WHERE name = ?", NAME)
    sql = marked(f'CREATE INDEX "{NAME}" ON "orders" ("customer", "total" DESC)', "k")
    assert made == [(sql,)]
    assert isinstance(result, dict)
    assert int(str(result["size_bytes"])) > 40_000


def test_undo_brings_the_database_back(create: CreateIndex, path: Path) -> None:
    before, snapshot = dump(path), create.snapshot(ARGS)
    create.undo(ARGS, snapshot, create.apply(ARGS, "k"))
    assert dump(path) == before


def test_undo_twice_is_undo_once(create: CreateIndex, path: Path) -> None:
    before, snapshot = dump(path), create.snapshot(ARGS)
    result = create.apply(ARGS, "k")
    create.undo(ARGS, snapshot, result)
    create.undo(ARGS, snapshot, result)
    assert dump(path) == before


def test_undo_spares_another_index_of_the_name(create: CreateIndex, execute: Execute) -> None:
    snapshot = create.snapshot(ARGS)
    execute(f"CREATE INDEX {NAME} ON customers(city)")
    with pytest.raises(UndoConflict, match="not the one"):
        create.undo(ARGS, snapshot, None)
    assert execute("SELECT tbl_name FROM sqlite_master WHERE name = ?", NAME) == [("customers",)]


def test_probe_tells_before_after_and_other(create: CreateIndex, execute: Execute) -> None:
    snapshot = create.snapshot(ARGS)
    before = create.probe(ARGS, snapshot, "k")
    create.apply(ARGS, "k")
    after = create.probe(ARGS, snapshot, "k")
    execute(f"DROP INDEX {NAME}")
    execute(f"CREATE INDEX {NAME} ON orders(customer)")
    assert (before, after, create.probe(ARGS, snapshot, "k")) == ("no", "yes", "unknown")


def test_a_colleagues_equal_index_is_not_adopted(create: CreateIndex) -> None:
    snapshot = create.snapshot(ARGS)
    create.apply(ARGS, "theirs/tune/1")
    found = {key: create.probe(ARGS, snapshot, key) for key in ("ours/tune/1", "theirs/tune/1")}
    assert found == {"ours/tune/1": "unknown", "theirs/tune/1": "yes"}


def test_undo_spares_a_colleagues_equal_index(create: CreateIndex, execute: Execute) -> None:
    snapshot = create.snapshot(ARGS)
    result = create.apply(ARGS, "ours/tune/1")
    execute(f"DROP INDEX {NAME}")
    create.apply(ARGS, "theirs/tune/1")
    with pytest.raises(UndoConflict, match="not the one"):
        create.undo(ARGS, snapshot, result)


def test_undo_of_an_adopted_index_needs_no_result(create: CreateIndex, path: Path) -> None:
    before, snapshot = dump(path), create.snapshot(ARGS)
    create.apply(ARGS, "k")
    create.undo(ARGS, snapshot, {"adopted": True})
    assert dump(path) == before


def test_undo_of_an_index_that_another_effect_dropped_is_a_conflict(
    database: Database, workload: Workload, execute: Execute
) -> None:
    sql = marked(f'CREATE INDEX "{NAME}" ON "orders" ("customer", "total" DESC)', "k")
    dropped = {(NAME, sql): "two/tidy/1"}
    tool = CreateIndex(database, workload, dropper=lambda name, sql: dropped.get((name, sql), ""))
    snapshot = tool.snapshot(ARGS)
    result = tool.apply(ARGS, "k")
    execute(f"DROP INDEX {NAME}")
    with pytest.raises(UndoConflict, match="dropped by 'two/tidy/1'"):
        tool.undo(ARGS, snapshot, result)


def test_an_index_is_compared_with_what_was_made(create: CreateIndex, execute: Execute) -> None:
    snapshot = create.snapshot(ARGS)
    result = create.apply(ARGS, "k")
    made = marked(f'CREATE INDEX "{NAME}" ON "orders" ("customer", "total" DESC)', "k")
    seen = [create.compare(ARGS, snapshot, result)]
    execute(f"DROP INDEX {NAME}")
    seen.append(create.compare(ARGS, snapshot, result))
    other = f"CREATE INDEX {NAME} ON orders(customer)"
    execute(other)
    seen.append(create.compare(ARGS, snapshot, result))
    assert [(it.before, it.left, it.now) for it in seen if it] == [
        (None, made, made),
        (None, made, None),
        (None, made, other),
    ]


def test_an_adopted_index_is_compared_with_what_was_meant(create: CreateIndex) -> None:
    snapshot = create.snapshot(ARGS)
    create.apply(ARGS, "k")
    found = create.compare(ARGS, snapshot, {"adopted": True})
    assert found is not None
    assert found.now == found.left != found.before


def test_a_dropped_index_is_compared_with_what_was_there(drop: DropIndex, execute: Execute) -> None:
    args: JsonObject = {"name": "by_day"}
    snapshot = drop.snapshot(args)
    drop.apply(args, "k")
    seen = [drop.compare(args, snapshot, None)]
    drop.undo(args, snapshot, None)
    seen.append(drop.compare(args, snapshot, None))
    execute("DROP TABLE orders")
    seen.append(drop.compare(args, snapshot, None))
    assert [(it.left, it.now) for it in seen if it] == [
        (None, None),
        (None, snapshot["sql"]),
        (None, "no table 'orders'"),
    ]


def test_a_name_that_is_taken_is_refused_beforehand(create: CreateIndex, execute: Execute) -> None:
    execute(f"CREATE INDEX {NAME} ON customers(city)")
    with pytest.raises(Refused, match="already, made otherwise"):
        create.snapshot(ARGS)


def test_a_mark_can_be_taken_off_again() -> None:
    sql = 'CREATE INDEX "i" ON "t" ("a")'
    assert (unmarked(marked(sql, "k")), unmarked(sql)) == (sql, sql)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("orders", ["day"]),
        ("orders", ["day", "total DESC"]),
        ("customers", ["name"]),
        ("codes", ["code"]),
        ("orders", ["customer", "customer DESC"]),
        ("orders", ["nothing"]),
        ("cities", ["city"]),
        ("sqlite_stat1", ["tbl"]),
    ],
)
def test_needless_and_impossible_indexes_are_refused(
    create: CreateIndex, table: str, columns: list[JsonValue]
) -> None:
    with pytest.raises(Refused):
        create.snapshot({"table": table, "columns": columns})


@pytest.mark.parametrize("columns", [["day", "total"], ["total"], ["total", "day"]])
def test_an_index_that_differs_from_all_others_is_accepted(
    create: CreateIndex, columns: list[JsonValue]
) -> None:
    assert create.snapshot({"table": "orders", "columns": columns})["existed"] is False


def test_a_table_with_many_indexes_gets_no_more(create: CreateIndex, execute: Execute) -> None:
    for number in range(9):
        execute(f"CREATE INDEX more_{number} ON orders(note, day, total + {number})")
    with pytest.raises(Refused, match="12 indexes already"):
        create.apply(ARGS, "k")


def test_preview_shows_statement_plans_and_size_and_changes_nothing(
    create: CreateIndex, path: Path
) -> None:
    before = dump(path)
    preview = create.preview({"table": "orders", "columns": ["customer"]})
    assert preview.statement.startswith("CREATE INDEX")
    assert "q1: SCAN orders" in preview.before
    assert "q1: SEARCH orders USING INDEX" in preview.after
    assert preview.facts["rows"] == 4000
    assert 30_000 < int(str(preview.facts["size_bytes"])) < 80_000
    assert dump(path) == before


@pytest.mark.parametrize("analyzed", [True, False])
def test_the_previewed_plan_is_the_plan_that_comes(
    create: CreateIndex, database: Database, workload: Workload, execute: Execute, *, analyzed: bool
) -> None:
    if analyzed:
        execute("ANALYZE")
    preview = create.preview(ARGS)
    create.apply(ARGS, "k")
    with database.reader() as reader:
        plan = "\n".join(reader.plan(parse_query(workload.queries[0].sql)))
    assert f"q1: {plan}" in preview.after


def test_resources_name_database_table_and_index(create: CreateIndex) -> None:
    assert create.resources(ARGS) == {"database:main", "table:orders", f"index:{NAME}"}


def test_names_of_the_live_schema_are_known_values(create: CreateIndex) -> None:
    known = create.known_values(ARGS)
    assert {"orders", "customer", "total DESC"} <= known
    assert "name" not in known


def test_dropping_and_undoing_restores_index_and_statistics(
    drop: DropIndex, execute: Execute, path: Path
) -> None:
    execute("ANALYZE")
    before, stats = dump(path), execute("SELECT * FROM sqlite_stat1 ORDER BY 1, 2")
    for name in ("by_day", "big", "lowered"):
        args: JsonObject = {"name": name}
        snapshot = drop.snapshot(args)
        drop.undo(args, snapshot, drop.apply(args, "k"))
    assert execute("SELECT * FROM sqlite_stat1 ORDER BY 1, 2") == stats
    assert sorted(dump(path)) == sorted(before)


def test_dropping_removes_exactly_the_index(drop: DropIndex, execute: Execute) -> None:
    names = "SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY 1"
    before = execute(names)
    drop.apply({"name": "by_day"}, "k")
    assert [row for row in before if row not in execute(names)] == [("by_day",)]


@pytest.mark.parametrize("name", ["one_name", "sqlite_autoindex_codes_1", "orders", "nothing"])
def test_indexes_that_enforce_something_are_not_dropped(drop: DropIndex, name: str) -> None:
    with pytest.raises(Refused):
        drop.snapshot({"name": name})


def test_undoing_a_drop_spares_another_index_of_the_name(drop: DropIndex, execute: Execute) -> None:
    snapshot = drop.snapshot({"name": "by_day"})
    drop.apply({"name": "by_day"}, "k")
    execute("CREATE INDEX by_day ON orders(note)")
    with pytest.raises(UndoConflict, match="Another index"):
        drop.undo({"name": "by_day"}, snapshot, None)


def test_undoing_a_drop_after_the_table_changed_is_a_conflict(
    drop: DropIndex, execute: Execute
) -> None:
    snapshot = drop.snapshot({"name": "lowered"})
    drop.apply({"name": "lowered"}, "k")
    execute("ALTER TABLE customers RENAME COLUMN city TO town")
    with pytest.raises(UndoConflict, match="cannot be made again"):
        drop.undo({"name": "lowered"}, snapshot, None)


def test_undoing_a_drop_twice_is_undoing_it_once(drop: DropIndex, path: Path) -> None:
    before, snapshot = sorted(dump(path)), drop.snapshot({"name": "by_day"})
    drop.apply({"name": "by_day"}, "k")
    drop.undo({"name": "by_day"}, snapshot, None)
    drop.undo({"name": "by_day"}, snapshot, None)
    assert sorted(dump(path)) == before


def test_probe_of_a_drop_tells_before_after_and_other(drop: DropIndex, execute: Execute) -> None:
    args: JsonObject = {"name": "by_day"}
    snapshot = drop.snapshot(args)
    before = drop.probe(args, snapshot, "k")
    drop.apply(args, "k")
    after = drop.probe(args, snapshot, "k")
    execute("CREATE INDEX by_day ON orders(note)")
    assert (before, after, drop.probe(args, snapshot, "k")) == ("no", "yes", "unknown")


def test_a_drop_with_histograms_is_refused(drop: DropIndex, execute: Execute, path: Path) -> None:
    execute("CREATE TABLE histograms(tbl, idx, neq, nlt, ndlt, sample)")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET name = 'sqlite_stat4', tbl_name = 'sqlite_stat4', "
            "sql = replace(sql, 'histograms', 'sqlite_stat4') WHERE name = 'histograms'"
        )
    with pytest.raises(Refused, match="sqlite_stat4"):
        drop.snapshot({"name": "by_day"})


def test_preview_of_a_drop_shows_the_plans(drop: DropIndex, path: Path) -> None:
    before = dump(path)
    preview = drop.preview({"name": "by_day_total"})
    assert preview.statement == 'DROP INDEX "by_day_total"'
    assert ("by_day_total" in preview.before, "(day=?)" in preview.after) == (True, True)
    assert dump(path) == before


def test_only_own_indexes_are_dropped_as_own(database: Database, workload: Workload) -> None:
    tool = DropOwnIndex(database, workload, owns=lambda index: index.name == "by_day")
    with pytest.raises(Refused, match="not made by the agent"):
        tool.apply({"name": "by_day_total"}, "k")
    assert tool.snapshot({"name": "by_day"})["table"] == "orders"
