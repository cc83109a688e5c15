import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import pytest

from tools.database.candidates import candidates_for
from tools.database.choice import choose
from tools.database.connection import Database
from tools.database.schema import read_schema
from tools.database.scratch import blank_copy, full_copy
from tools.database.simulate import SimulateIndexes, SuggestIndexes
from tools.database.spec import IndexSpec
from tools.database.trials import Trials
from tools.database.workload import Workload, parse_workload
from tools.errors import BadInput, Refused, Transient
from tools.toolbox import lint

LOOKUP = "-- name: lookup\nSELECT v, w FROM big WHERE k = 77;"
FAST = "-- name: fast\nSELECT v FROM big WHERE id = 9;"
JOIN = """-- name: join
SELECT s.name, count(*) FROM small AS s JOIN big AS b ON b.ref = s.id
WHERE s.name IN ('n3', 'n5') GROUP BY s.name ORDER BY s.name;"""
HOPELESS = "-- name: hopeless\nSELECT * FROM big WHERE v LIKE '%xyz%';"
ODD = '-- name: odd\nSELECT count(*) FROM "odd ""name" WHERE "a b" = \'x7\';'


GROUPS = """SELECT serial, count(*) AS n FROM reading WHERE metric = 'temp' AND value > 92
GROUP BY serial ORDER BY n DESC, serial LIMIT 10;"""
RANGES = """SELECT metric, avg(value) FROM reading
WHERE serial = 'D7' AND at BETWEEN 100 AND 9000 GROUP BY metric ORDER BY metric;"""
LATEST = "SELECT at, value FROM reading WHERE serial = 'D4' AND metric = 'temp' ORDER BY at DESC;"


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("pattern") / "data.db"
    draw = Random(3)  # noqa: S311  # test data
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(
            """CREATE TABLE big(id INTEGER PRIMARY KEY, k INT, ref INT, v TEXT, w REAL, flag INT);
            CREATE TABLE small(id INTEGER PRIMARY KEY, name TEXT);
            CREATE TABLE "odd ""name"("a b" TEXT, "select" INT);"""
        )
        connection.executemany(
            "INSERT INTO big(k, ref, v, w, flag) VALUES (?, ?, ?, ?, ?)",
            [
                (draw.randrange(5000), draw.randrange(400), f"value {n} " * 4, n / 7, n % 2)
                for n in range(40_000)
            ],
        )
        connection.executemany(
            "INSERT INTO small(name) VALUES (?)", [(f"n{n}",) for n in range(400)]
        )
        connection.executemany(
            'INSERT INTO "odd ""name" VALUES (?, ?)', [(f"x{n}", n) for n in range(30_000)]
        )
    return file


@pytest.fixture
def file(pattern: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(pattern, tmp_path / "data.db"))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def simulate(
    file: Path, *queries: str, seconds: float = 60.0, max_indexes: int = 10
) -> dict[str, Any]:
    tool = SimulateIndexes(Database(file), parse_workload("\n".join(queries)), seconds=seconds)
    found = tool.apply(tool.check({"max_indexes": max_indexes}), "key")
    assert isinstance(found, dict)
    return found


def chosen(found: dict[str, Any]) -> list[tuple[str, ...]]:
    return [(item["table"], *item["columns"]) for item in found["chosen"]]


def change(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)


def test_the_index_of_a_lookup_is_chosen(file: Path) -> None:
    assert [one[:2] for one in chosen(simulate(file, LOOKUP))] == [("big", "k")]


def test_each_chosen_index_is_used_when_it_is_made(file: Path) -> None:
    found = simulate(file, LOOKUP, JOIN, ODD)
    workload = parse_workload(f"{LOOKUP} {JOIN} {ODD}")
    with closing(sqlite3.connect(file)) as connection:
        for item in found["chosen"]:
            columns = ", ".join(f'"{column}"' for column in item["columns"])
            table = item["table"].replace('"', '""')
            connection.execute(f'CREATE INDEX {item["name"]} ON "{table}"({columns})')
        plans = str(
            [
                connection.execute(f"EXPLAIN QUERY PLAN {query.sql}").fetchall()
                for query in workload.queries
            ]
        )
    assert found["chosen"]
    assert all(item["name"] in plans for item in found["chosen"])


def test_the_baseline_tells_work_and_plan(file: Path) -> None:
    [entry] = simulate(file, LOOKUP)["baseline"]
    assert (entry["query"], entry["name"], entry["rows"] > 0) == ("q1", "lookup", True)
    assert entry["steps"] >= 40_000 * 3 // 1000
    assert entry["plan"] == ["SCAN big"]


def test_a_prediction_names_the_queries_that_gain(file: Path) -> None:
    [item] = simulate(file, FAST, LOOKUP, HOPELESS)["chosen"]
    assert (item["queries"], item["query_ids"]) == (["lookup"], ["q2"])
    assert item["predicted_ms_after"] < item["predicted_ms_before"]
    assert item["size_bytes"] > 40_000 * 2


def test_what_is_fast_or_hopeless_gets_no_index(file: Path) -> None:
    assert chosen(simulate(file, FAST, HOPELESS)) == []


def test_a_rejected_candidate_has_its_reason(file: Path) -> None:
    found = simulate(file, LOOKUP, JOIN)
    assert found["rejected"]
    assert all(item["reason"] for item in found["rejected"])


def test_no_more_indexes_than_wanted_are_chosen(file: Path) -> None:
    assert len(chosen(simulate(file, LOOKUP, JOIN, ODD, max_indexes=1))) == 1


def test_quoted_names_are_handled(file: Path) -> None:
    assert chosen(simulate(file, ODD)) == [('odd "name', "a b")]


def test_redundant_indexes_are_named(file: Path) -> None:
    change(file, "CREATE INDEX a ON big(k); CREATE INDEX b ON big(k, v);")
    [item] = simulate(file, FAST)["redundant"]
    assert (item["name"], item["covered_by"]) == ("a", "b")


def test_the_database_stays_as_it_was(file: Path) -> None:
    before = hashlib.sha256(file.read_bytes()).digest()
    simulate(file, LOOKUP, JOIN)
    assert hashlib.sha256(file.read_bytes()).digest() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_database_in_wal_mode_works(file: Path) -> None:
    change(file, "PRAGMA journal_mode = WAL")
    assert chosen(simulate(file, LOOKUP))


def test_nothing_is_left_in_the_temporary_folder(file: Path, temporary: Path) -> None:
    simulate(file, LOOKUP)
    assert list(temporary.iterdir()) == []


def test_an_error_leaves_nothing_in_the_temporary_folder(file: Path, temporary: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        tool = SimulateIndexes(Database(file, busy_seconds=0.01), parse_workload(LOOKUP))
        with pytest.raises(Transient):
            tool.apply(tool.check({}), "key")
    assert list(temporary.iterdir()) == []


def test_a_missing_database_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        simulate(tmp_path / "none.db", LOOKUP)


def test_a_query_that_fails_does_not_stop_the_others(file: Path) -> None:
    found = simulate(file, "SELECT * FROM nowhere;", LOOKUP)
    assert "error" in found["baseline"][0]
    assert [one[:2] for one in chosen(found)] == [("big", "k")]


def test_without_time_the_result_is_partial(file: Path) -> None:
    found = simulate(file, LOOKUP, seconds=0.0)
    assert (found["partial"], found["chosen"]) == (True, [])
    assert "error" in found["baseline"][0]


def test_a_query_on_a_full_text_table_is_measured_and_left_alone(file: Path) -> None:
    change(file, "CREATE VIRTUAL TABLE words USING fts5(t); INSERT INTO words VALUES ('hay');")
    found = simulate(file, "SELECT count(*) FROM words WHERE words MATCH 'hay';", LOOKUP)
    assert found["baseline"][0]["rows"] == 1
    assert [one[:2] for one in chosen(found)] == [("big", "k")]


@pytest.fixture
def trials(file: Path) -> Iterator[Trials]:
    """Trials of a lookup and a query whose good index SQLite sees only after ANALYZE."""
    change(file, "CREATE INDEX by_flag ON big(flag); CREATE INDEX by_k ON big(k);")
    workload = parse_workload(
        f"{FAST} SELECT count(v) FROM big WHERE flag = 1 AND k BETWEEN 70 AND 72; {JOIN}"
    )
    with full_copy(Database(file)) as full, blank_copy(full) as blank:
        made = Trials(
            full=full,
            blank=blank,
            schema=read_schema(full),
            queries=workload.queries,
            limit_seconds=10.0,
            deadline=monotonic() + 60,
        )
        made.baseline(workload.queries)
        yield made


def test_analyze_is_advised_when_it_helps(trials: Trials) -> None:
    choice = choose(trials, {}, max_indexes=5)
    assert choice.steps == ()
    assert choice.analyzed is not None
    assert "by_flag" in trials.timings(frozenset())["q2"].plan[0]
    assert "by_k" in choice.analyzed["q2"].plan[0]


def test_analyze_is_not_advised_when_it_changes_nothing(file: Path) -> None:
    assert simulate(file, LOOKUP)["analyze"] is False


def test_a_query_whose_plan_stays_is_not_measured_again(trials: Trials) -> None:
    index = frozenset({IndexSpec(table="big", columns=("ref",))})
    before, after = trials.timings(frozenset()), trials.timings(index)
    assert [name for name in before if after[name] is not before[name]] == ["q3"]


def test_the_blank_copy_plans_as_the_full_one(trials: Trials) -> None:
    index = frozenset({IndexSpec(table="big", columns=("ref", "k DESC"))})
    for indexes in (frozenset[IndexSpec](), index):
        found = trials.timings(indexes)
        assert all(found[name].plan == trials.plan(name, indexes) for name in found)


def test_an_index_that_cannot_be_built_is_refused_for_good(trials: Trials) -> None:
    impossible = frozenset({IndexSpec(table="big", columns=("nothing",))})
    with pytest.raises(Refused, match="no column"):
        trials.timings(impossible)


def workload_and_tool(file: Path) -> tuple[Workload, SuggestIndexes]:
    workload = parse_workload(f"{LOOKUP} {JOIN}")
    return workload, SuggestIndexes(Database(file), workload)


def test_suggestions_are_the_candidates_of_each_query(file: Path) -> None:
    workload, tool = workload_and_tool(file)
    found = tool.apply(tool.check({"queries": ["q1"]}), "key")
    with Database(file).reader() as reader:
        expected = candidates_for(workload.query("q1"), read_schema(reader))
    assert isinstance(found, dict)
    assert found["candidates"] == {"q1": [spec.to_json() for spec in expected]}


def test_suggestions_for_an_unknown_query_are_refused(file: Path) -> None:
    _, tool = workload_and_tool(file)
    with pytest.raises(Refused, match="q9"):
        tool.apply(tool.check({"queries": ["q9"]}), "key")


def test_the_tools_are_declared_soundly(file: Path) -> None:
    workload, suggest = workload_and_tool(file)
    assert lint(suggest) + lint(SimulateIndexes(Database(file), workload)) == []


GOOD = ("serial", "metric", "at", "value")
"""Does no harm by itself, as the others do while there are no statistics."""


def telemetry(folder: Path) -> Path:
    file = folder / "telemetry.db"
    draw = Random(5)  # noqa: S311  # test data
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE reading(serial TEXT, at INT, metric TEXT, value REAL)")
        connection.executemany(
            "INSERT INTO reading VALUES (?, ?, ?, ?)",
            [
                (f"D{draw.randrange(300)}", n, draw.choice(("temp", "flow")), draw.gauss(60, 15))
                for n in range(40_000)
            ],
        )
    return file


def test_made_one_by_one_each_index_is_used_at_once(tmp_path: Path) -> None:
    file = telemetry(tmp_path)
    found = simulate(file, GROUPS, RANGES, LATEST)
    assert found["chosen"]
    with closing(sqlite3.connect(file)) as connection:
        for item in found["chosen"]:
            columns = ", ".join(item["columns"])
            connection.execute(f"CREATE INDEX {item['name']} ON {item['table']}({columns})")
            plans = [
                str(connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())
                for sql in (GROUPS, RANGES, LATEST)
            ]
            assert any(item["name"] in plan for plan in plans)


def test_a_database_with_statistics_is_planned_with_them(file: Path) -> None:
    change(file, "ANALYZE")
    assert [one[:2] for one in chosen(simulate(file, LOOKUP))] == [("big", "k")]


def test_when_time_runs_out_early_what_is_chosen_still_helps(file: Path) -> None:
    found = simulate(file, LOOKUP, JOIN, ODD, seconds=0.15)
    assert all(item["predicted_ms_after"] < item["predicted_ms_before"] for item in found["chosen"])
