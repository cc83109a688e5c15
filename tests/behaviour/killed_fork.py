"""Forks a copy of a run again and again, killed each time at the next commit."""

import json
import sys
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

from pydantic import JsonValue

from checkpoints.store import Store, open_store
from graphs.session import Run
from tests.behaviour import shelf
from tests.behaviour.killing import Fuse, copied, forked
from tools.contract import JsonObject


def opened(store: Store, root: Path, run: str) -> Run:
    """Return a run whose steps are decided another way."""
    mind = shelf.script(shelf.step("write", "put"), more=[shelf.act("put", name="a", text="goal")])
    return shelf.shelf_agent(store, root / "shelf", mind).open(run)


def fork(url: str, root: Path, fuse: Fuse) -> None:
    """Fork the run, and undo what it did after the point."""
    with open_store(url, clock=shelf.Clock()) as store:
        run = opened(store, root, "r")
        fuse.watch(store)
        run.fork("more", undo=True, run_id="other")


def points(template: Path, root: Path, store: str) -> Iterator[JsonValue]:
    """Kill a fork at each commit, look, let another go on with it, and tell how that ended."""
    for number in count(1):
        with copied(template, root, store) as url:
            killed = forked(partial(fork, url, root, Fuse("COMMIT", number)))
            yield {"point": number, **ended(url, root)}
        if not killed:
            return


def ended(url: str, root: Path) -> JsonObject:
    """Look, go on with the fork, or make it, and tell how it ended."""
    with open_store(url, clock=shelf.Clock()) as store:
        made = store.runs.find("other") is not None
        told = [entry.kind for entry in store.ledger.entries("r")].count("forked")
        problems = list(store.ledger.verify().problems)
        if not made:
            opened(store, root, "r").fork("more", undo=True, run_id="other")
        child = opened(store, root, "other").resume()
        return {
            "run": made,
            "forked": told,
            "problems": [*problems],
            "status": child.status,
            "a": (root / "shelf" / "a").read_text(),
            "puts": len(child.effects),
        }


if __name__ == "__main__":
    print(json.dumps(list(points(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))))  # noqa: T201  # the test reads it
