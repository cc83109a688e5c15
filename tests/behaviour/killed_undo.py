"""Undoes a copy of a run again and again, killed each time at the next point, in forked processes.

Forks because a process that only has to be killed need not be started from scratch.
"""

import json
import sys
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

from pydantic import JsonValue

from checkpoints.store import open_store
from tests.behaviour import shelf
from tests.behaviour.killing import Fuse, copied, forked
from tools.contract import JsonObject


class Put(shelf.Put):
    """Passes a point before and after it brings back what was."""

    fuse: Fuse

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        self.fuse.passes("before undo")
        super().undo(args, snapshot, result)
        self.fuse.passes("after undo")


def undo(url: str, root: Path, fuse: Fuse) -> list[str]:
    """Undo the run and return what came of each effect."""
    shelf.Put, Put.fuse = Put, fuse  # type: ignore[misc]  # this process exists to break this tool
    with open_store(url, clock=shelf.Clock()) as store:
        agent = shelf.shelf_agent(store, root / "shelf", shelf.script(shelf.step("write", "put")))
        fuse.watch(store)
        return [item.outcome for item in agent.open("r").undo().items]


def points(template: Path, root: Path, store: str) -> Iterator[JsonValue]:
    """Kill an undo at each point there is, let another complete it, and tell how that ended."""
    for point in ("COMMIT", "before undo", "after undo"):
        for number in count(1):
            with copied(template, root, store) as url:
                killed = forked(partial(undo, url, root, Fuse(point, number)))
                if not killed:
                    break
                yield {"point": f"{point} {number}", **ended(url, root)}


def ended(url: str, root: Path) -> JsonObject:
    """Undo again, in a process that is spared, and tell how it ended."""
    outcomes = undo(url, root, Fuse("", 0))
    with open_store(url) as store:
        states = sorted({record.state for record in store.journal.of_run("r")})
        problems = list(store.ledger.verify().problems)
    files = {path.name: path.read_text() for path in (root / "shelf").iterdir()}
    return {
        "outcomes": [*outcomes],
        "states": [*states],
        "problems": [*problems],
        "files": {**files},
    }


if __name__ == "__main__":
    print(json.dumps(list(points(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))))  # noqa: T201  # the test reads it
