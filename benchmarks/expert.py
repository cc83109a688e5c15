"""Compares our index advice with that of the `sqlite3` shell's `.expert`, by measurement.

Run `python -m benchmarks.expert [--json]` in the repository's root. Both get a fresh copy of the
same database; `.expert` is asked about each query and all its advice is applied, ours is what
`simulate_indexes` chooses. All queries of all copies are measured in turn, several rounds long.
"""

import argparse
import json
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import telemetry
from graphs.database.sample import build_sample
from tools.database.connection import Database
from tools.database.measure import Measurement, measure
from tools.database.simulate import SimulateIndexes
from tools.database.statements import quote
from tools.database.workload import Query, Workload, read_workload

ROUNDS = 6
SECONDS = 120.0
_ADVICE = re.compile(r"^CREATE INDEX \S+ (ON .*);$", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """What one advice came to on one database."""

    database: str
    advice: str
    indexes: int
    megabytes: float
    one_pass_ms: float
    all_calls_ms: float
    slower: tuple[str, ...]
    """Names of queries that are slower than without advice, by a fifth and 0.3 ms."""


def ask_expert(database: Path, queries: Sequence[Query]) -> list[str]:
    """Return the distinct CREATE INDEX statements that the shell proposes, in order."""
    found: dict[str, None] = {}
    for query in queries:
        text = f".expert\n{query.sql};\n"
        # The shell is the one that the person who runs this has installed.
        shell = subprocess.run(
            ["sqlite3", str(database)], input=text, capture_output=True, text=True, check=True
        )
        found.update(dict.fromkeys(_ADVICE.findall(shell.stdout)))
    return [f"CREATE INDEX expert_{number} {rest}" for number, rest in enumerate(found)]


def ask_us(database: Path, workload: Workload, max_indexes: int) -> list[str]:
    """Return the CREATE INDEX statements that simulate_indexes chooses."""
    tool = SimulateIndexes(Database(database), workload, seconds=SECONDS)
    found: Any = tool.apply(tool.check({"max_indexes": max_indexes}), "benchmark")
    advice = [_create(item) for item in found["chosen"]]
    return [*advice, "ANALYZE"] if found["analyze"] else advice


def _create(item: dict[str, Any]) -> str:
    columns = ", ".join(
        quote(column.removesuffix(" DESC")) + (" DESC" if column.endswith(" DESC") else "")
        for column in item["columns"]
    )
    return f"CREATE INDEX {quote(item['name'])} ON {quote(item['table'])}({columns})"


def compare(database: Path, workload: Workload) -> list[Result]:
    """Apply each advice to a copy of its own and measure all copies side by side."""
    advices = {
        "none": [],
        "expert": ask_expert(database, workload.queries),
        "ours": ask_us(database, workload, 10),
        "ours, up to 20": ask_us(database, workload, 20),
    }
    copies = {name: database.with_name(f"{number}.db") for number, name in enumerate(advices)}
    for name, statements in advices.items():
        shutil.copy(database, copies[name])
        with closing(sqlite3.connect(copies[name])) as connection, connection:
            for statement in statements:
                connection.execute(statement)
    times = measure_all(copies, workload)
    base = copies["none"].stat().st_size
    return [
        Result(
            database=database.stem,
            advice=name,
            indexes=sum(statement.startswith("CREATE") for statement in advices[name]),
            megabytes=round((copies[name].stat().st_size - base) / 1e6, 1),
            one_pass_ms=round(sum(one.ms for one in times[name].values()), 1),
            all_calls_ms=round(sum(times[name][q.id].ms * q.calls for q in workload.queries), 1),
            slower=tuple(
                query.name
                for query in workload.queries
                if _slower(times["none"][query.id], times[name][query.id])
            ),
        )
        for name in advices
    ]


def _slower(before: Measurement, after: Measurement) -> bool:
    """Tell whether another plan takes longer; with the same plan it would be noise."""
    return after.plan != before.plan and after.ms > 1.2 * before.ms and after.ms > before.ms + 0.3


def measure_all(copies: dict[str, Path], workload: Workload) -> dict[str, dict[str, Measurement]]:
    """Return each query's best run on each copy; rounds are interleaved, so that noise is fair."""
    best: dict[str, dict[str, Measurement]] = {name: {} for name in copies}
    for _ in range(ROUNDS):
        for name, path in copies.items():
            with Database(path).reader() as reader:
                for query in workload.queries:
                    found = measure(reader, query, repeats=2, limit_seconds=SECONDS)
                    known = best[name].get(query.id, found)
                    best[name][query.id] = min(found, known, key=lambda one: one.ms)
    return best


def table(results: Sequence[Result]) -> str:
    """Return the results as a Markdown table."""
    lines = [
        "| database | advice | indexes | MB | one pass, ms | all calls, ms | times | slower |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for result in results:
        before = next(
            one.all_calls_ms
            for one in results
            if (one.database, one.advice) == (result.database, "none")
        )
        lines.append(
            f"| {result.database} | {result.advice} | {result.indexes} | {result.megabytes:.1f} | "
            f"{result.one_pass_ms:,.1f} | {result.all_calls_ms:,.1f} | "
            f"{before / result.all_calls_ms:.1f} | {', '.join(result.slower) or 'none'} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Build both databases, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON, not a table")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory(prefix="surefoot-expert-") as name:
        folder = Path(name)
        shop = build_sample(folder / "shop")
        results = compare(shop.database, read_workload(shop.workload))
        (folder / "telemetry").mkdir()
        database, workload = telemetry.build(folder / "telemetry")
        results += compare(database, read_workload(workload))
    if as_json:
        print(json.dumps([asdict(result) for result in results], indent=2))
    else:
        print(table(results))


if __name__ == "__main__":
    main()
