"""Do lists answer at once when there is much to list? A thousand questions, ten thousand runs.

CPU of the query alone, in this process, and of the whole command in a fresh one, beside the same
on a store with one of each. In the repository's root:

    python -m benchmarks.lists [--questions 1000] [--runs 10000] [--json]
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from checkpoints.store import Store, open_store
from tools.contract import Action
from tools.records import Review, RunInfo

ROUNDS = 3
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """One list at one size."""

    what: str
    size: int
    query_ms: float
    command_s: float


def info(number: int) -> RunInfo:
    """Return a run that waits."""
    return RunInfo(
        run=f"run-{number:05}",
        domain="notes",
        objective="Note every number",
        status="waiting",
        fingerprint="none",
        version="0",
        created_at=NOON + timedelta(seconds=number),
        updated_at=NOON + timedelta(seconds=number),
    )


def review(number: int) -> Review:
    """Return a question of that run."""
    action = Action(tool="note", args={"number": number})
    return Review(
        id=f"rv-{number:05}",
        run=f"run-{number:05}",
        step="note",
        key=f"run-{number:05}/note/1",
        kind="action",
        action=action,
        action_hash=action.hash,
        title=f"Note {number}",
        why="A rule asks.",
        card={"reasoning": "the next one", "preview": {"summary": f"note {number}"}},
        created_at=NOON,
        expires_at=datetime.now(UTC) + timedelta(days=7),
    )


def fill(store: Store, questions: int, runs: int) -> None:
    """Put runs and questions into a store, in one transaction."""
    with store.transaction():
        for number in range(runs):
            store.runs.create(info(number))
        for number in range(questions):
            store.reviews.open(review(number))


def cpu_ms(query: Callable[[], object]) -> float:
    """Return the CPU time of a query: the median of a few."""
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        query()
        found.append((time.process_time() - began) * 1000)
    return statistics.median(found)


def command_s(url: str, name: str) -> float:
    """Return the CPU time of a whole command."""
    found = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "graphs.cli", name]
        subprocess.run(
            command, env={**os.environ, "SUREFOOT_STORE": url}, capture_output=True, check=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)


def measure(questions: int, runs: int) -> list[Row]:
    """Measure both lists, small and large."""
    rows = []
    for asked, there in ((1, 1), (questions, runs)):
        with tempfile.TemporaryDirectory() as name:
            url = f"sqlite:///{Path(name) / 'store.db'}"
            with open_store(url) as store:
                fill(store, asked, there)
                waiting = cpu_ms(store.reviews.waiting)
                listed = cpu_ms(lambda: store.runs.all(limit=100))  # called at once
            rows.append(Row("inbox", asked, waiting, command_s(url, "inbox")))
            rows.append(Row("ls", there, listed, command_s(url, "ls")))
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Do lists answer at once?")
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure(options.questions, options.runs)
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    for row in rows:
        print(
            f"{row.what:<6} of {row.size:>6,}: query {row.query_ms:8.1f} ms CPU, "
            f"command {row.command_s:5.2f} s CPU"
        )


if __name__ == "__main__":
    main()
