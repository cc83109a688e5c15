"""A shop so small and so plain that there is one good index for each of its two queries.

One query is called so often that no noise in a measurement changes which of them comes first, the
other often enough that its index is worth having on a machine that is slow or traced.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

ROWS = 10_000
WORKLOAD = """
-- name: by mail
-- calls: 300
SELECT count(*) FROM customers WHERE email = 'u77@shop.example';
-- name: lost
-- calls: 10
SELECT count(*) FROM orders WHERE status = 'lost';
"""
GOOD = {("customers", "email"), ("orders", "status")}


def make_plain_shop(folder: Path) -> Path:
    """Write `shop.db` and `shop.sql`."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "shop.db")) as opened, opened:
        opened.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, note TEXT)")
        opened.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT, note TEXT)")
        people = ((n, f"u{n}@shop.example", "x" * 40) for n in range(ROWS))
        opened.executemany("INSERT INTO customers VALUES (?, ?, ?)", people)
        orders = ((n, "lost" if n % 200 == 0 else "sent", "y" * 40) for n in range(ROWS))
        opened.executemany("INSERT INTO orders VALUES (?, ?, ?)", orders)
    (folder / "shop.sql").write_text(WORKLOAD)
    return folder


def indexed(database: Path) -> set[tuple[str, ...]]:
    """Return table and columns of each index."""
    listed = "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index'"
    columns = "SELECT name FROM pragma_index_info(?)"
    with closing(sqlite3.connect(database)) as opened:
        return {
            (table, *(column for (column,) in opened.execute(columns, (name,))))
            for name, table in opened.execute(listed).fetchall()
        }
