"""How much a store takes, and giving back to the disk what was deleted from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field
from sqlalchemy import Connection, inspect, text

from checkpoints.databases import BUSY_SECONDS
from checkpoints.schema import metadata
from checkpoints.writer import Writer
from tools.contract import Record
from tools.errors import StoreFault

WORTH_IT = 0.05
"""The share of a file that must be unused before it is written anew."""
_WAIT_MILLISECONDS = 2_000
POSTGRES_TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
"""LangGraph's own."""


class Shrinking(Record):
    """What became of a store's file."""

    before_bytes: int = Field(ge=0)
    after_bytes: int = Field(ge=0)
    skipped: str = ""
    """Why it was left as it is; empty when it was written anew."""


def used_bytes(connection: Connection, *, on_server: bool) -> int:
    """Return how much the content of a store takes, without what was deleted from it."""
    if not on_server:
        pages, free, size = _pages(connection)
        return (pages - free) * size
    names = [name for name in inspect(connection).get_table_names() if name.islower()]
    queries = (
        text(f'SELECT coalesce(sum(pg_column_size(t)), 0) FROM "{name}" t') for name in names
    )
    return sum(int(connection.execute(query).scalar_one()) for query in queries)


def shrink(writer: Writer, *, busy: str = "") -> Shrinking:
    """Write a store's file anew without what was deleted, where that is worth it and possible.

    Args:
        writer: The store's connection.
        busy: Why now is no time for it; empty when it is.

    Raises:
        StoreFault: The store cannot be read.
    """
    path = writer.database.path
    if path is None:
        size = _on_server(writer)
        return Shrinking(
            before_bytes=size,
            after_bytes=size,
            skipped="PostgreSQL uses the space again by itself.",
        )
    before = _on_disk(path)
    skipped = busy or _skip(writer)
    if not skipped:
        try:
            _vacuum(writer)
        except StoreFault as fault:
            skipped = f"{fault.what} The store is whole; prune again later."
    return Shrinking(before_bytes=before, after_bytes=_on_disk(path), skipped=skipped)


def rewrite(writer: Writer) -> Shrinking:
    """Write a store anew, so that nothing is left on its pages of what was changed or deleted.

    Raises:
        StoreFault: Another process uses it.
    """
    path = writer.database.path
    before = _on_disk(path) if path is not None else _on_server(writer)
    _vacuum(writer)
    after = _on_disk(path) if path is not None else _on_server(writer)
    return Shrinking(before_bytes=before, after_bytes=after)


def _on_server(writer: Writer) -> int:
    with writer.read() as connection:
        return used_bytes(connection, on_server=True)


def _on_disk(path: Path) -> int:
    """Return what a file takes, with what SQLite has not moved into it yet."""
    return sum(part.stat().st_size for part in (path, Path(f"{path}-wal")) if part.exists())


def _skip(writer: Writer) -> str:
    with writer.read() as connection:
        pages, free, _ = _pages(connection)
    return "" if free >= pages * WORTH_IT else f"Less than {WORTH_IT:.0%} of the file is unused."


def _vacuum(writer: Writer) -> None:
    if writer.database.path is None:
        names = ", ".join((*metadata.tables, *POSTGRES_TABLES))
        with writer.outside():
            writer.driver.execute(f"VACUUM FULL {names}")
        return
    with writer.outside(), _impatient(writer):
        writer.driver.execute("VACUUM")
        # In WAL mode the file itself is only rewritten here; it fails when another reads the old.
        busy = writer.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StoreFault("Another process reads the store.")


@contextmanager
def _impatient(writer: Writer) -> Iterator[None]:
    """Do not wait half a minute for others who use the store."""
    writer.driver.execute(f"PRAGMA busy_timeout={_WAIT_MILLISECONDS}")
    try:
        yield
    finally:
        writer.driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")


def _pages(connection: Connection) -> tuple[int, int, int]:
    """Return pages, unused ones of them, and bytes of a page."""
    names = ("page_count", "freelist_count", "page_size")
    pages, free, size = (
        int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in names
    )
    return pages, free, size
