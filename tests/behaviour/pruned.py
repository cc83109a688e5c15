"""A store in which runs ended in every way, and what is left of it."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from checkpoints.limits import Retention
from checkpoints.retention import Pruning, prune
from checkpoints.store import Store
from graphs.session import Run
from tests.behaviour.shelf import Clock, act, script, shelf_agent, step
from tools.records import SpendLimits

EVERYTHING = Retention(max_runs=0)
TABLES = ("clearances", "effects", "reviews", "artifacts", "spending", "checkpoints", "model_cache")


def live(store: Store, folder: Path, clock: Clock) -> None:
    """Leave a run whose change stands, one that was undone, and one that waits, a day apart."""
    (folder / "b").write_text("b")
    for name, text_ in (("kept", "goal"), ("undone", "other")):
        lines = [act("look", name="b"), act("put", name="a", text="useless")]
        lines += [act("look", name="a"), act("put", name="a", text=text_)]
        mind = script(step("write", "put", "look"), write=lines)
        run = shelf_agent(store, folder, mind, clock=clock).run("Make a say goal", run_id=name)
        if name == "undone":
            run.undo()
        spend(store, name)
        clock.move(days=1)
    mind = script(
        step("see", "look", "put"),
        step("tidy", "take", needs=("see",)),
        see=[act("look", name="b"), act("put", name="c", text="new")],
        tidy=[act("take", name="b")],
    )
    shelf_agent(store, folder, mind, clock=clock).run("Let b go", run_id="waits")


def spend(store: Store, run: str) -> None:
    """Enter two calls of a model that a run made, one of them without a known end."""
    limits = SpendLimits(max_usd=1.0, max_tokens=1000)
    for call in ("1", "2"):
        store.spending.reserve(
            f"{run}-{call}", run=run, role="decider", model="m", tokens=90, usd=0.2, limits=limits
        )
    store.spending.settle(f"{run}-1", tokens=7, usd=0.125)


def opened(store: Store, folder: Path, clock: Clock, run: str) -> Run:
    """Return a run as another process opens it."""
    mind = script(step("tidy", "take", "put", "look"))
    return shelf_agent(store, folder, mind, clock=clock).open(run)


def let_go(
    store: Store, now: datetime, limits: Retention = EVERYTHING, *, including_undo: bool = False
) -> Pruning:
    """Prune, really."""
    return prune(store, limits, now=now, by="ada", including_undo=including_undo, dry_run=False)


def rows(store: Store) -> dict[str, int]:
    """Return how many rows each table has that may lose some."""
    with store.saver.writer.read() as connection:
        counts = {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in TABLES
        }
    return {**counts, "problems": len(store.ledger.verify().problems)}


def run_sql(store: Store, statement: str, **values: Any) -> None:
    """Do something behind the store's back."""
    with store.saver.writer.write(urgent=True) as connection:
        connection.execute(text(statement), values)


def evidence(store: Store, run: str, step_: str, ordinal: int = 1) -> str:
    """Return the artifact that an observation refers to."""
    key = f"{run}/{step_}/{ordinal}"
    entries = store.ledger.entries(run)
    found = [item.body for item in entries if (item.kind, item.subject) == ("observation", key)]
    return str(found[0]["artifact"])
