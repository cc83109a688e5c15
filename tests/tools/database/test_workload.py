from pathlib import Path

import pytest

from tools.database.workload import MAX_FILE_BYTES, parse_workload, read_workload
from tools.errors import BadInput, Refused


def test_queries_are_numbered_named_and_weighed() -> None:
    workload = parse_workload("-- Name: a; b\n--calls:40\nSELECT ';';\nSELECT 2 -- end")
    assert [(q.id, q.name, q.sql, q.calls) for q in workload.queries] == [
        ("q1", "a; b", "SELECT ';'", 40),
        ("q2", "q2", "SELECT 2", 1),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "0 queries"),
        ("-- nothing\n;;", "0 queries"),
        ("SELECT 1;\n\nDELETE FROM t;", "Line 3"),
        ("SELECT * FROM t WHERE a = ?", "typical value"),
        ("SELECT * FROM t WHERE a = :x", "typical value"),
        ("-- calls: many\nSELECT 1", "calls: many"),
        ("-- calls: 0\nSELECT 1", "calls: 0"),
        ("SELECT 'open", "never closed"),
        ("SELECT 1\0", "U\\+0000"),
        ("SELECT 1;" * 501, "501 queries"),
    ],
)
def test_what_cannot_be_used_is_told(text: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        parse_workload(text)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "w.sql"
    file.write_text("SELECT 1", "utf-8-sig")
    assert read_workload(file).queries[0].sql == "SELECT 1"


def test_a_missing_file_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_workload(tmp_path / "none.sql")


def test_another_encoding_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "w.sql").write_bytes("SELECT 'é'".encode("latin-1"))
    with pytest.raises(BadInput, match="UTF-8"):
        read_workload(tmp_path / "w.sql")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "w.sql").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(BadInput, match="larger than"):
        read_workload(tmp_path / "w.sql")


def test_an_unknown_query_is_refused() -> None:
    with pytest.raises(Refused, match="It has q1"):
        parse_workload("SELECT 1").query("q2")
