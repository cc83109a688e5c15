"""The planner's statistics (sqlite_stat1) as rows that can be kept and put back."""

from typing import Final

from tools.contract import JsonObject
from tools.database import statements
from tools.database.session import Reader, Writer
from tools.errors import Refused

MAX_ROWS: Final = 2_000
Statistic = tuple[str, str | None, str]
"""Table, index (None for a table without one) and what ANALYZE found."""


def has_statistics(reader: Reader) -> bool:
    """Tell whether sqlite_stat1 exists."""
    return ("sqlite_stat1",) in reader.rows(statements.STATISTICS_TABLES)


def read_statistics(reader: Reader) -> list[Statistic] | None:
    """Return the rows of sqlite_stat1, or None when it does not exist.

    Raises:
        Refused: There are more than can be kept for undo.
    """
    if not has_statistics(reader):
        return None
    rows = [(row[0], row[1], row[2]) for row in reader.rows(statements.STATISTICS)]
    if len(rows) > MAX_ROWS:
        raise Refused(
            f"sqlite_stat1 has {len(rows)} rows; at most {MAX_ROWS} can be kept for undo."
        )
    return rows


def refuse_histograms(reader: Reader) -> None:
    """Let a database pass whose statistics we can put back.

    Raises:
        Refused: It has sqlite_stat4, whose binary samples are not kept.
    """
    if ("sqlite_stat4",) in reader.rows(statements.STATISTICS_TABLES):
        raise Refused(
            "The database has sqlite_stat4 statistics, which could not be restored.",
            advice="Leave its statistics as they are.",
        )


def add_statistics(writer: Writer, rows: list[Statistic]) -> None:
    """Insert rows into sqlite_stat1."""
    for row in rows:
        writer.rows(statements.ADD_STATISTICS, row)


def kept(snapshot: JsonObject, field: str) -> list[Statistic] | None:
    """Return statistics from JSON, or None when there are none."""
    rows = snapshot.get(field)
    if not isinstance(rows, list):
        return None
    return [
        (str(row[0]), None if row[1] is None else str(row[1]), str(row[2]))
        for row in rows
        if isinstance(row, list)
    ]
