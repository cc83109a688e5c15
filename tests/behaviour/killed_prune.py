"""Prunes a copy of a store again and again, killed each time at the next point."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from pydantic import JsonValue

from checkpoints.store import open_store
from tests.behaviour.killed_undo import Fuse
from tests.behaviour.pruned import let_go, rows

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def prune(root: Path, fuse: Fuse) -> None:
    """Prune everything that may go."""
    with open_store(f"sqlite:///{root / 'store.db'}", clock=lambda: NOW) as store:
        store._writer.driver.set_trace_callback(fuse.passes)  # to see its commits
        let_go(store, NOW)


def forked(root: Path, fuse: Fuse) -> bool:
    """Prune in a process of its own; return whether it was killed."""
    child = os.fork()
    if child == 0:
        prune(root, fuse)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def points(template: Path, root: Path) -> Iterator[JsonValue]:
    """Kill a prune at each point there is, let another complete it, and tell what is left."""
    for point in ("COMMIT", "VACUUM"):
        for number in count(1):
            shutil.copytree(template, root)
            killed = forked(root, Fuse(point, number))
            with open_store(f"sqlite:///{root / 'store.db'}") as store:
                problems = list(store.ledger.verify().problems)
            if killed:
                prune(root, Fuse("", 0))
            with open_store(f"sqlite:///{root / 'store.db'}") as store:
                left = rows(store)
            shutil.rmtree(root)
            if not killed:
                break
            yield {"point": f"{point} {number}", "problems": [*problems], "rows": {**left}}


if __name__ == "__main__":
    print(json.dumps(list(points(Path(sys.argv[1]), Path(sys.argv[2])))))  # noqa: T201  # the test reads it
