"""Builds the sample shop that the demo, the notebooks and the benchmarks work on."""

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from graphs.database.shop import Shop
from tools.errors import BadInput

DEFAULT_ORDERS: Final = 75_000
"""Gives about half a million rows in nine tables."""

APPLICATION_ID: Final = 0x53465350
"""`SFSP` in the database's header: a file that carries it was made here."""

WORKLOAD_MARK: Final = "-- Surefoot sample workload"


@dataclass(frozen=True, slots=True)
class SamplePaths:
    """Where the sample is."""

    database: Path
    workload: Path


def build_sample(folder: Path, *, seed: int = 7, orders: int = DEFAULT_ORDERS) -> SamplePaths:
    """Write `shop.db` and `shop.sql` into a folder; an earlier sample there is replaced.

    Args:
        folder: Created when missing.
        seed: The same seed and size give the same content.
        orders: Number of orders; about seven rows per order in all.

    Raises:
        BadInput: A file of that name is there which is not a sample of ours, or the folder
            cannot be written; nothing was changed.
    """
    paths = SamplePaths(database=folder / "shop.db", workload=folder / "shop.sql")
    _refuse_foreign(paths)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".shop-", dir=folder) as scratch:
            made = SamplePaths(Path(scratch) / "shop.db", Path(scratch) / "shop.sql")
            _write_database(made.database, Shop(seed=seed, orders=orders))
            made.workload.write_text(_resource("shop_workload.sql"), encoding="utf-8")
            _move(made, paths)
    except OSError as fault:
        raise BadInput(
            f"The sample cannot be written to {str(folder)!r}: {fault.strerror or fault}.",
            advice="Choose a folder that you may write to.",
        ) from fault
    return paths


def _refuse_foreign(paths: SamplePaths) -> None:
    for path, ours in ((paths.database, _is_our_database), (paths.workload, _is_our_workload)):
        if (path.exists() or path.is_symlink()) and not ours(path):
            raise BadInput(
                f"{str(path)!r} is there already and is not a sample of ours.",
                advice="Move it away or choose another folder.",
            )


def _is_our_database(path: Path) -> bool:
    """Read the header's application id (bytes 68 to 71) without opening the file in SQLite."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        header = file.read(72)
    return header[68:72] == APPLICATION_ID.to_bytes(4, "big")


def _is_our_workload(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(WORKLOAD_MARK)) == WORKLOAD_MARK.encode()


def _write_database(path: Path, shop: Shop) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.executescript(f"BEGIN; {_resource('shop_schema.sql')}")
        for table, rows in shop.tables().items():
            columns = len(database.execute(f"PRAGMA table_info({table})").fetchall())
            places = ", ".join("?" * columns)
            database.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
        database.execute("COMMIT")


def _move(made: SamplePaths, paths: SamplePaths) -> None:
    """Put the files in place; an old journal beside the database must not meet the new one."""
    for suffix in ("-journal", "-wal", "-shm"):
        paths.database.with_name(paths.database.name + suffix).unlink(missing_ok=True)
    made.workload.replace(paths.workload)
    made.database.replace(paths.database)


def _resource(name: str) -> str:
    return files("graphs.database").joinpath(name).read_text(encoding="utf-8")
