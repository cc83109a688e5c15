"""Prunes a copy of a store again and again, killed each time at the next point."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from pydantic import JsonValue

from checkpoints.store import open_store
from tests.behaviour.killing import Fuse, copied, forked
from tests.behaviour.pruned import let_go, rows

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def prune(url: str, fuse: Fuse) -> None:
    """Prune everything that may go."""
    with open_store(url, clock=lambda: NOW) as store:
        fuse.watch(store)
        let_go(store, NOW)


def points(template: Path, root: Path, store: str) -> Iterator[JsonValue]:
    """Kill a prune at each point there is, let another complete it, and tell what is left."""
    for point in ("COMMIT", "VACUUM"):
        for number in count(1):
            with copied(template, root, store) as url:
                if not forked(partial(prune, url, Fuse(point, number))):
                    break
                with open_store(url) as opened:
                    problems = list(opened.ledger.verify().problems)
                prune(url, Fuse("", 0))
                with open_store(url) as opened:
                    left = rows(opened)
            yield {"point": f"{point} {number}", "problems": [*problems], "rows": {**left}}


if __name__ == "__main__":
    print(json.dumps(list(points(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))))  # noqa: T201  # the test reads it
