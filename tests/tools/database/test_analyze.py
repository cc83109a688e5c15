from pathlib import Path

import pytest

from tests.tools.database.conftest import Execute, dump
from tools.database.analyze import Analyze
from tools.database.connection import Database
from tools.errors import UndoConflict
from tools.toolbox import lint

STATISTICS = "SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY rowid"


@pytest.fixture
def tool(database: Database) -> Analyze:
    return Analyze(database)


def test_declarations_hold_together(tool: Analyze) -> None:
    assert lint(tool) == []


def test_undo_removes_statistics_that_were_not_there(tool: Analyze, path: Path) -> None:
    before, snapshot = dump(path), tool.snapshot({})
    tool.undo({}, snapshot, tool.apply({}, "k"))
    assert dump(path) == before


def test_undo_restores_old_statistics_exactly(tool: Analyze, execute: Execute) -> None:
    execute("ANALYZE")
    execute("UPDATE sqlite_stat1 SET stat = '9 9' WHERE idx = 'by_day'")
    before, snapshot = execute(STATISTICS), tool.snapshot({})
    result = tool.apply({}, "k")
    during = execute(STATISTICS)
    tool.undo({}, snapshot, result)
    assert (during != before, execute(STATISTICS)) == (True, before)


def test_undo_twice_is_undo_once(tool: Analyze, path: Path) -> None:
    before, snapshot = dump(path), tool.snapshot({})
    result = tool.apply({}, "k")
    tool.undo({}, snapshot, result)
    tool.undo({}, snapshot, result)
    assert dump(path) == before


def test_undo_after_a_crash_needs_no_result(tool: Analyze, path: Path) -> None:
    before, snapshot = dump(path), tool.snapshot({})
    tool.apply({}, "k")
    tool.undo({}, snapshot, {"adopted": True})
    assert dump(path) == before


def test_undo_spares_statistics_that_someone_renewed(tool: Analyze, execute: Execute) -> None:
    snapshot = tool.snapshot({})
    result = tool.apply({}, "k")
    execute("DELETE FROM orders WHERE id > 100")
    execute("ANALYZE")
    after = execute(STATISTICS)
    with pytest.raises(UndoConflict, match="no longer as ANALYZE left them"):
        tool.undo({}, snapshot, result)
    assert execute(STATISTICS) == after


def test_undo_after_statistics_were_removed_is_a_conflict(tool: Analyze, execute: Execute) -> None:
    execute("ANALYZE")
    execute("DELETE FROM orders WHERE id > 100")
    snapshot = tool.snapshot({})
    result = tool.apply({}, "k")
    execute("DROP TABLE sqlite_stat1")
    with pytest.raises(UndoConflict, match="removed"):
        tool.undo({}, snapshot, result)


def test_indexes_dropped_or_made_since_do_not_hinder_undo(tool: Analyze, execute: Execute) -> None:
    execute("ANALYZE")
    execute("UPDATE sqlite_stat1 SET stat = '9 9'")
    snapshot = tool.snapshot({})
    result = tool.apply({}, "k")
    execute("DROP INDEX by_day")
    execute("CREATE INDEX late ON orders(customer)")
    execute("INSERT INTO sqlite_stat1 VALUES ('orders', 'late', '4000 20')")
    tool.undo({}, snapshot, result)
    stats = {row[1]: row[2] for row in execute(STATISTICS)}
    assert ("by_day" in stats, stats["big"], stats["late"]) == (False, "9 9", "4000 20")


def test_comparing_tells_before_after_and_changed(tool: Analyze, execute: Execute) -> None:
    snapshot = tool.snapshot({})
    result = tool.apply({}, "k")
    stands = tool.compare({}, snapshot, result)
    execute("UPDATE sqlite_stat1 SET stat = '9 9' WHERE idx = 'by_day'")
    changed = tool.compare({}, snapshot, result)
    execute("DROP TABLE sqlite_stat1")
    gone = tool.compare({}, snapshot, result)
    assert stands is not None
    assert changed is not None
    assert gone is not None
    assert (stands.now == stands.left, changed.now in (changed.left, changed.before)) == (
        True,
        False,
    )
    assert gone.now == gone.before


def test_indexes_dropped_or_made_since_are_not_compared(tool: Analyze, execute: Execute) -> None:
    snapshot = tool.snapshot({})
    result = tool.apply({}, "k")
    execute("DROP INDEX by_day")
    execute("CREATE INDEX late ON orders(customer)")
    execute("INSERT INTO sqlite_stat1 VALUES ('orders', 'late', '4000 20')")
    found = tool.compare({}, snapshot, result)
    assert found is not None
    assert found.now == found.left


def test_statistics_as_they_were_tell_that_nothing_happened(tool: Analyze) -> None:
    assert tool.probe({}, tool.snapshot({}), "k") == "no"


@pytest.mark.parametrize("sql", ["ANALYZE", "DROP TABLE sqlite_stat1"])
def test_changed_statistics_are_not_claimed(tool: Analyze, execute: Execute, sql: str) -> None:
    execute("ANALYZE")
    execute("UPDATE sqlite_stat1 SET stat = '9 9'")
    snapshot = tool.snapshot({})
    execute(sql)
    assert tool.probe({}, snapshot, "k") == "unknown"


def test_preview_changes_nothing(tool: Analyze, path: Path) -> None:
    before = dump(path)
    assert tool.preview({}).before == "no statistics"
    assert dump(path) == before


def test_resources_name_the_database(tool: Analyze) -> None:
    assert tool.resources({}) == {"database:main"}
