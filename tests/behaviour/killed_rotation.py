"""Seals, rotates or decrypts a copy of a store again and again, killed each time later on."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from pydantic import JsonValue

from checkpoints.rotation import rotate
from checkpoints.store import open_store
from tests.behaviour.killing import Fuse
from tests.behaviour.sealed import KEY, OTHER, found_in_files
from tests.behaviour.shelf import Clock

KEYS = {"seal": ("", KEY, KEY), "rotate": (KEY, f"{OTHER},{KEY}", OTHER), "remove": (KEY, KEY, "")}
"""For each kind of rotation, the keys before it, while it goes on, and after it."""

STRIDE = {"seal": 1, "rotate": 4, "remove": 4}
"""All kinds go the same way, so that one is killed at every commit and the others at some."""


def turn(root: Path, kind: str, fuse: Fuse) -> None:
    """Bring a store into its new form."""
    url = f"sqlite:///{root / 'store.db'}"
    with open_store(url, clock=Clock(), key=KEYS[kind][1], for_sealing=True) as store:
        store._writer.driver.set_trace_callback(fuse.passes)  # to see its commits
        rotate(store, remove=kind == "remove", batch=50)


def forked(root: Path, kind: str, fuse: Fuse) -> bool:
    """Do it in a process of its own; return whether it was killed."""
    child = os.fork()
    if child == 0:
        turn(root, kind, fuse)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def told(root: Path, key: str) -> JsonValue:
    """Return all that a store tells."""
    with open_store(f"sqlite:///{root / 'store.db'}", key=key, for_sealing=True) as store:
        kept = store.saver.get_tuple({"configurable": {"thread_id": "r"}})
        return {
            "problems": [*store.ledger.verify().problems],
            "entries": len(store.ledger.entries()),
            "effects": [record.to_json() for record in store.journal.of_run("r")],
            "reviews": [review.to_json() for review in store.reviews.waiting()],
            "runs": [info.to_json() for info in store.runs.all()],
            "cached": store.model_cache.find("k"),
            "state": repr(kept and (kept.checkpoint["channel_values"], kept.pending_writes)),
        }


def points(template: Path, root: Path, kind: str) -> Iterator[JsonValue]:
    """Kill at each point there is, look, let another complete it, and tell what is left."""
    for point in ("COMMIT", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
        for number in count(1, STRIDE[kind] if point == "COMMIT" else 1):
            shutil.copytree(template, root)
            killed = forked(root, kind, Fuse(point, number))
            between = told(root, KEYS[kind][1])
            turn(root, kind, Fuse("", 0))
            after = told(root, KEYS[kind][2])
            found = sorted(found_in_files(root / "store.db"))
            shutil.rmtree(root)
            if not killed:
                break
            yield {"point": point, "between": between, "after": after, "found": [*found]}


def ends(folder: Path, kind: str) -> JsonValue:
    """Tell of one kind of rotation, of the store in the folder that is named after it."""
    before = told(folder / kind, KEYS[kind][0])
    return {"before": before, "ends": [*points(folder / kind, folder / "copy", kind)]}


if __name__ == "__main__":
    print(json.dumps({kind: ends(Path(sys.argv[1]), kind) for kind in KEYS}))  # noqa: T201  # the test reads it
