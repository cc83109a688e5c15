"""How many bytes an index takes: what one would need, and what a file holds."""

from tools.database import statements
from tools.database.catalog import Table
from tools.database.session import Reader, Value

_SAMPLE_ROWS = 1_000
_CELL_OVERHEAD = 3
_ROWID_BYTES = 4
_PAGE_FILL = 0.95


def bytes_used(reader: Reader) -> int:
    """Return the bytes of the file that hold something; free pages do not count.

    Raises:
        ToolFault: The database cannot be read.
    """
    pages, free, size = (
        int(reader.rows(statement)[0][0])
        for statement in (statements.PAGE_COUNT, statements.FREE_PAGES, statements.PAGE_SIZE)
    )
    return (pages - free) * size


def estimate_index_bytes(reader: Reader, table: Table, columns: tuple[str, ...], rows: int) -> int:
    """Return about how many bytes an index would take, from the first rows of its table.

    Args:
        reader: An open reader.
        table: The table to be indexed.
        columns: Exact names.
        rows: Number of rows of the table.

    Raises:
        ToolFault: The table cannot be read.
    """
    sample = reader.rows(statements.first_rows(table, columns, _SAMPLE_ROWS))
    if not sample:
        return 0
    cells = sum(1 + _stored_bytes(value) for row in sample for value in row)
    entry = cells / len(sample) + _CELL_OVERHEAD + _ROWID_BYTES
    return int(rows * entry / _PAGE_FILL)


def _stored_bytes(value: Value) -> int:
    """Return the bytes of a value in SQLite's record format, its header apart."""
    if value is None or value in (0, 1):
        return 0
    if isinstance(value, int):
        needed = (value.bit_length() + 8) // 8
        return next(size for size in (1, 2, 3, 4, 6, 8) if needed <= size)
    if isinstance(value, float):
        return 8
    raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    return len(raw)
