"""Undoes a copy of a run again and again, killed each time at the next point, in forked processes.

Forks because a process that only has to be killed need not be started from scratch.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from pydantic import JsonValue

from checkpoints.store import open_store
from tests.behaviour import shelf
from tools.contract import JsonObject


class Fuse:
    """Kills this process when it passes a point for the nth time."""

    def __init__(self, point: str, number: int) -> None:
        self.point = point
        self.left = number

    def passes(self, point: str) -> None:
        if point != self.point:
            return
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Put(shelf.Put):
    """Passes a point before and after it brings back what was."""

    fuse: Fuse

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        self.fuse.passes("before undo")
        super().undo(args, snapshot, result)
        self.fuse.passes("after undo")


def undo(root: Path, fuse: Fuse) -> list[str]:
    """Undo the run and return what came of each effect."""
    shelf.Put, Put.fuse = Put, fuse  # type: ignore[misc]  # this process exists to break this tool
    with open_store(f"sqlite:///{root / 'store.db'}", clock=shelf.Clock()) as store:
        agent = shelf.shelf_agent(store, root / "shelf", shelf.script(shelf.step("write", "put")))
        store._writer.driver.set_trace_callback(fuse.passes)  # to see its commits
        return [item.outcome for item in agent.open("r").undo().items]


def forked(root: Path, fuse: Fuse) -> bool:
    """Undo in a process of its own; return whether it was killed."""
    child = os.fork()
    if child == 0:
        undo(root, fuse)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def points(template: Path, root: Path) -> Iterator[JsonValue]:
    """Kill an undo at each point there is, let another complete it, and tell how that ended."""
    for point in ("COMMIT", "before undo", "after undo"):
        for number in count(1):
            shutil.copytree(template, root)
            killed = forked(root, Fuse(point, number))
            outcomes = undo(root, Fuse("", 0)) if killed else []
            with open_store(f"sqlite:///{root / 'store.db'}") as store:
                states = sorted({record.state for record in store.journal.of_run("r")})
                problems = list(store.ledger.verify().problems)
            files = {path.name: path.read_text() for path in (root / "shelf").iterdir()}
            shutil.rmtree(root)
            if not killed:
                break
            yield {
                "point": f"{point} {number}",
                "outcomes": [*outcomes],
                "states": [*states],
                "problems": [*problems],
                "files": {**files},
            }


if __name__ == "__main__":
    print(json.dumps(list(points(Path(sys.argv[1]), Path(sys.argv[2])))))  # noqa: T201  # the test reads it
