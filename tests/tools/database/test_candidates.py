import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from graphs.database.sample import build_sample
from tools.database.candidates import (
    MAX_COLUMNS,
    MAX_PER_QUERY,
    candidates_for,
    redundant_indexes,
)
from tools.database.catalog import Schema
from tools.database.connection import Database
from tools.database.schema import read_schema
from tools.database.workload import Query, read_workload

TABLES = """
CREATE TABLE person(
  id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, city TEXT, born TEXT, pay REAL);
CREATE TABLE visit(id INTEGER PRIMARY KEY, person_id INTEGER, day TEXT, kind TEXT, cents INTEGER);
CREATE TABLE pair(a INTEGER, b INTEGER, c INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE wide(a, b, c, d, e, f, g, h, i, j);
CREATE VIEW cities AS SELECT city FROM person;
"""


def schema_of(folder: Path, sql: str) -> Schema:
    file = folder / "some.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(sql)
    with Database(file).reader() as reader:
        return read_schema(reader)


@pytest.fixture
def schema(tmp_path: Path) -> Schema:
    return schema_of(tmp_path, TABLES)


def found(sql: str, schema: Schema) -> list[tuple[str, ...]]:
    query = Query(id="q1", name="q1", sql=sql)
    return [(spec.table, *spec.columns) for spec in candidates_for(query, schema)]


def test_an_equality_gives_a_covering_and_a_narrow_index(schema: Schema) -> None:
    assert found("SELECT born FROM person WHERE city = 'Oslo'", schema) == [
        ("person", "city", "born"),
        ("person", "city"),
    ]


def test_equalities_come_before_the_range(schema: Schema) -> None:
    sql = "SELECT id FROM visit WHERE day >= '2025-01-01' AND kind = 'x' AND person_id IN (1, 2)"
    assert found(sql, schema)[0] == ("visit", "kind", "person_id", "day")


@pytest.mark.parametrize(
    "condition",
    ["day > 'a'", "day BETWEEN 'a' AND 'b'", "'a' <= day", "day LIKE '2025%'", "day GLOB '2025*'"],
)
def test_a_range_can_be_searched(schema: Schema, condition: str) -> None:
    assert ("visit", "day") in found(f"SELECT * FROM visit WHERE {condition}", schema)


@pytest.mark.parametrize(
    "condition", ["day LIKE '%5'", "abs(cents) = 5", "day || 'x' = 'y'", "day LIKE kind", "1"]
)
def test_what_no_index_serves_gives_nothing_to_search(schema: Schema, condition: str) -> None:
    sql = f"SELECT * FROM visit, wide WHERE {condition} AND wide.a = 1 AND person_id + 1 = 2"
    assert not [one for one in found(sql, schema) if one[0] == "visit" and len(one) == 2]


def test_an_order_follows_the_equalities(schema: Schema) -> None:
    sql = "SELECT id FROM visit WHERE kind = 'x' ORDER BY day, cents LIMIT 5"
    assert ("visit", "kind", "day", "cents") in found(sql, schema)


def test_a_descending_order_with_rowid_needs_no_descending_index(schema: Schema) -> None:
    sql = "SELECT id FROM visit WHERE kind = 'x' ORDER BY day DESC, id DESC LIMIT 5"
    assert ("visit", "kind", "day") in found(sql, schema)


def test_mixed_directions_keep_their_difference(schema: Schema) -> None:
    sql = "SELECT id FROM visit ORDER BY day DESC, cents LIMIT 5"
    assert ("visit", "day DESC", "cents") in found(sql, schema)


def test_a_rowid_tie_break_against_the_order_is_respected(schema: Schema) -> None:
    sql = "SELECT id FROM visit WHERE kind = 'x' ORDER BY day DESC, id LIMIT 5"
    assert ("visit", "kind", "day DESC") in found(sql, schema)


def test_an_order_by_alias_or_number_is_followed(schema: Schema) -> None:
    sql = "SELECT day AS d, cents FROM visit ORDER BY d, 2"
    assert ("visit", "day", "cents") in found(sql, schema)


def test_groups_lead_a_covering_index(schema: Schema) -> None:
    sql = "SELECT kind, sum(cents) FROM visit GROUP BY kind"
    assert found(sql, schema) == [("visit", "kind", "cents"), ("visit", "kind")]


def test_both_sides_of_a_join_are_offered(schema: Schema) -> None:
    sql = "SELECT p.city FROM wide w JOIN person p ON p.name = w.a WHERE w.b = 3"
    tables = {(one[0], one[1]) for one in found(sql, schema)}
    assert {("person", "name"), ("wide", "a"), ("wide", "b")} <= tables


def test_using_is_a_join(schema: Schema) -> None:
    sql = "SELECT 1 FROM wide JOIN pair USING (c)"
    assert ("pair", "c") in {one[:2] for one in found(sql, schema)}


def test_the_key_of_a_correlated_subquery_is_an_equality(schema: Schema) -> None:
    sql = """SELECT id FROM person AS p WHERE NOT EXISTS (
        SELECT 1 FROM visit AS v WHERE v.person_id = p.id AND v.kind = 'x')"""
    assert ("visit", "person_id", "kind") in found(sql, schema)


def test_a_common_table_expression_is_looked_into(schema: Schema) -> None:
    sql = """WITH recent AS (SELECT person_id FROM visit WHERE kind = 'x')
        SELECT count(*) FROM recent JOIN person ON person.id = recent.person_id"""
    assert ("visit", "kind", "person_id") in found(sql, schema)


def test_a_cte_that_hides_a_table_is_not_taken_for_it(schema: Schema) -> None:
    sql = "WITH visit AS (SELECT 1 AS kind) SELECT kind FROM visit WHERE kind = 1"
    assert found(sql, schema) == []


def test_both_halves_of_a_union_are_looked_into(schema: Schema) -> None:
    sql = "SELECT id FROM visit WHERE kind = 'x' UNION ALL SELECT id FROM person WHERE city = 'y'"
    assert {one[:2] for one in found(sql, schema)} == {("visit", "kind"), ("person", "city")}


def test_each_arm_of_an_or_gets_its_own(schema: Schema) -> None:
    sql = "SELECT * FROM person WHERE city = 'x' OR born = 'y'"
    assert {("person", "city"), ("person", "born")} <= set(found(sql, schema))


def test_names_are_matched_as_sqlite_does(schema: Schema) -> None:
    assert ("person", "city") in found('SELECT * FROM "PERSON" P WHERE p.CITY = 1', schema)


def test_ambiguous_and_unknown_names_are_left_out(schema: Schema) -> None:
    assert found("SELECT 1 FROM pair JOIN wide WHERE c = 3 AND nowhere = 4", schema) == []


def test_a_view_is_left_out(schema: Schema) -> None:
    assert found("SELECT city FROM cities WHERE city = 'x'", schema) == []


def test_the_rowid_needs_no_index(schema: Schema) -> None:
    assert found("SELECT * FROM person WHERE id = 5", schema) == []


def test_the_primary_key_needs_no_index(schema: Schema) -> None:
    assert ("pair", "a") not in found("SELECT count(*) FROM pair WHERE a = 5", schema)


def test_an_index_that_exists_is_not_offered(tmp_path: Path) -> None:
    schema = schema_of(tmp_path, TABLES + "CREATE INDEX k ON visit(kind, day);")
    assert ("visit", "kind") not in found("SELECT * FROM visit WHERE kind = 'x'", schema)


def test_a_partial_index_does_not_count_as_existing(tmp_path: Path) -> None:
    schema = schema_of(tmp_path, TABLES + "CREATE INDEX k ON visit(kind) WHERE cents > 5;")
    assert ("visit", "kind") in found("SELECT * FROM visit WHERE kind = 'x'", schema)


def test_no_index_is_wider_than_the_limit(schema: Schema) -> None:
    sql = "SELECT * FROM wide WHERE a = 1 ORDER BY b"
    assert found(sql, schema) == [("wide", "a", "b"), ("wide", "a")]


def test_long_chains_of_conditions_do_no_harm(schema: Schema) -> None:
    sql = "SELECT id FROM visit WHERE " + " AND ".join(f"cents <> {n}" for n in range(900))
    assert found(sql + " AND kind = 'x'", schema)[-1] == ("visit", "kind")


def test_the_sample_workload_has_bounded_candidates(tmp_path: Path) -> None:
    paths = build_sample(tmp_path, orders=100)
    with Database(paths.database).reader() as reader:
        schema = read_schema(reader)
    lists = [candidates_for(query, schema) for query in read_workload(paths.workload).queries]
    assert all(len(found) <= MAX_PER_QUERY for found in lists)
    assert all(len(spec.columns) <= MAX_COLUMNS for found in lists for spec in found)


def redundant_in(folder: Path, *statements: str) -> dict[str, str]:
    schema = schema_of(folder, TABLES + ";".join(statements))
    return {item.name: item.covered_by for item in redundant_indexes(schema)}


def test_a_strict_beginning_is_redundant(tmp_path: Path) -> None:
    made = ("CREATE INDEX long ON visit(kind, day)", "CREATE INDEX short ON visit(kind)")
    assert redundant_in(tmp_path, *made) == {"short": "long"}


def test_of_two_copies_one_stays(tmp_path: Path) -> None:
    made = ("CREATE INDEX b ON visit(kind)", "CREATE INDEX a ON visit(kind)")
    assert redundant_in(tmp_path, *made) == {"b": "a"}


def test_a_copy_of_a_unique_index_is_redundant_and_not_the_unique_one(tmp_path: Path) -> None:
    made = ("CREATE UNIQUE INDEX longer ON visit(kind)", "CREATE INDEX a ON visit(kind)")
    assert redundant_in(tmp_path, *made) == {"a": "longer"}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX other ON visit(kind DESC)",
        "CREATE INDEX other ON visit(day, kind)",
        "CREATE INDEX other ON visit(kind) WHERE cents > 1",
        "CREATE INDEX other ON visit(lower(kind))",
        "CREATE INDEX other ON visit(kind COLLATE NOCASE)",
        "CREATE UNIQUE INDEX other ON visit(kind)",
        "CREATE INDEX other ON person(city)",
    ],
)
def test_what_does_more_or_other_work_is_not_redundant(tmp_path: Path, statement: str) -> None:
    assert redundant_in(tmp_path, "CREATE INDEX k ON visit(kind, day)", statement) == {}


def test_the_sample_has_one_redundant_index(tmp_path: Path) -> None:
    with Database(build_sample(tmp_path, orders=50).database).reader() as reader:
        names = [item.name for item in redundant_indexes(read_schema(reader))]
    assert names == ["idx_orders_customer"]
