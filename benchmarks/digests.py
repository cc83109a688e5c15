"""How long the digests of a database's content take: the proof that no data changed.

    python -m benchmarks.digests [--json]

Both databases of `benchmarks/expert.py`, the best of three rounds; fails when a million rows take
longer than 10 s.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import telemetry
from graphs.database.sample import build_sample
from tools.database.connection import Database
from tools.database.content import table_digests

ROUNDS = 3
MOST_SECONDS_PER_MILLION = 10.0


@dataclass(frozen=True)
class Digested:
    """What the digests of one database took."""

    database: str
    rows: int
    megabytes: float
    seconds: float
    seconds_per_million_rows: float


def digested(database: Path) -> Digested:
    """Digest all tables of a database a few times and return the best time."""
    best, rows = float("inf"), 0
    for _ in range(ROUNDS):
        with Database(database).reader() as reader:
            started = time.perf_counter()
            rows = sum(table.rows for table in table_digests(reader).values())
            best = min(best, time.perf_counter() - started)
    size = database.stat().st_size / 1e6
    return Digested(
        database.stem, rows, round(size, 1), round(best, 3), round(best / rows * 1e6, 2)
    )


def main() -> int:
    """Build both databases, measure, print; fail when it takes too long."""
    parser = argparse.ArgumentParser(description="Time of the content digests.")
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory(prefix="surefoot-digests-") as name:
        shop = build_sample(Path(name)).database
        found = [digested(path) for path in (shop, telemetry.build(Path(name))[0])]
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2))
    else:
        for one in found:
            print(
                f"{one.database:>10}: {one.rows:,} rows, {one.megabytes} MB, {one.seconds} s, "
                f"{one.seconds_per_million_rows} s per million rows"
            )
    slowest = max(one.seconds_per_million_rows for one in found)
    return 0 if slowest <= MOST_SECONDS_PER_MILLION else 1


if __name__ == "__main__":
    sys.exit(main())
