"""Forks a copy of a run again and again, killed each time at the next commit."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from pydantic import JsonValue

from checkpoints.store import Store, open_store
from graphs.session import Run
from tests.behaviour import shelf
from tests.behaviour.killed_undo import Fuse


def opened(store: Store, root: Path, run: str) -> Run:
    """Return a run whose steps are decided another way."""
    mind = shelf.script(shelf.step("write", "put"), more=[shelf.act("put", name="a", text="goal")])
    return shelf.shelf_agent(store, root / "shelf", mind).open(run)


def forked(root: Path, fuse: Fuse) -> bool:
    """Fork in a process of its own; return whether it was killed."""
    child = os.fork()
    if child == 0:
        with open_store(f"sqlite:///{root / 'store.db'}", clock=shelf.Clock()) as store:
            run = opened(store, root, "r")
            store._writer.driver.set_trace_callback(fuse.passes)  # to see its commits
            run.fork("more", undo=True, run_id="other")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def points(template: Path, root: Path) -> Iterator[JsonValue]:
    """Kill a fork at each commit, look, let another go on with it, and tell how that ended."""
    for number in count(1):
        shutil.copytree(template, root)
        killed = forked(root, Fuse("COMMIT", number))
        with open_store(f"sqlite:///{root / 'store.db'}", clock=shelf.Clock()) as store:
            made = store.runs.find("other") is not None
            told = [entry.kind for entry in store.ledger.entries("r")].count("forked")
            problems = list(store.ledger.verify().problems)
            if not made:
                opened(store, root, "r").fork("more", undo=True, run_id="other")
            child = opened(store, root, "other").resume()
            yield {
                "point": number,
                "run": made,
                "forked": told,
                "problems": [*problems],
                "status": child.status,
                "a": (root / "shelf" / "a").read_text(),
                "puts": len(child.effects),
            }
        shutil.rmtree(root)
        if not killed:
            return


if __name__ == "__main__":
    print(json.dumps(list(points(Path(sys.argv[1]), Path(sys.argv[2])))))  # noqa: T201  # the test reads it
