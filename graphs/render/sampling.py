"""Audit sampling: what rules let through, looked at by chance, and the defect rate that shows."""

from hashlib import sha256

from checkpoints.store import Store
from nodes.calibration.binomial import interval
from tools.contract import JsonObject, Record
from tools.errors import BadInput
from tools.records import EVERY_ENTRY

STREAM = "(audits)"
"""The ledger's entries about audits stand under this name, which no run has."""
RUNS = 1_000
"""Newest runs that are drawn from."""


class Drawn(Record):
    """One effect to be looked at."""

    key: str
    run: str
    tool: str
    args: JsonObject
    state: str
    rule: str
    """The rule that let it through."""


class Rate(Record):
    """What the marks so far say."""

    population: int
    """Effects that rules let through."""
    looked_at: int
    defects: int
    share: float
    low: float
    high: float
    """95 % interval of the share of defects (Clopper and Pearson)."""


def draw(store: Store, count: int, *, seed: int) -> list[Drawn]:
    """Return effects that a rule let through and nobody has looked at, drawn by chance.

    The same seed draws the same ones, in the same order, however many have come since.

    Args:
        store: The store.
        count: How many at most.
        seed: Of the draw.
    """
    marked = marks(store)
    left = [one for one in _population(store) if one.key not in marked]
    left.sort(key=lambda one: sha256(f"{seed}/{one.key}".encode()).digest())
    return left[:count]


def mark(store: Store, key: str, *, defect: bool, by: str, message: str) -> None:
    """Keep what a person found; a later mark of the same effect replaces it.

    Raises:
        BadInput: No rule let an effect of this name through.
    """
    if key not in {one.key for one in _population(store)}:
        raise BadInput(
            f"No rule let an effect {key!r} through.",
            advice="`surefoot audit sample` draws some, by their whole names.",
        )
    body: JsonObject = {"defect": defect, "by": by, "message": message}
    store.ledger.append(STREAM, "audited", key, body)


def marks(store: Store) -> dict[str, bool]:
    """Return for each effect that was looked at whether it was a defect."""
    entries = store.ledger.entries(STREAM, limit=EVERY_ENTRY)
    return {one.subject: bool(one.body["defect"]) for one in entries if one.kind == "audited"}


def rate(store: Store) -> Rate:
    """Return the defect rate with its interval."""
    found = marks(store)
    defects, looked_at = sum(found.values()), len(found)
    low, high = interval(defects, looked_at) if looked_at else (0.0, 1.0)
    return Rate(
        population=len(_population(store)),
        looked_at=looked_at,
        defects=defects,
        share=defects / looked_at if looked_at else 0.0,
        low=low,
        high=high,
    )


def _population(store: Store) -> list[Drawn]:
    found = []
    for info in store.runs.all(limit=RUNS):
        for record in store.journal.of_run(info.run):
            clearance = store.clearances.find(record.key)
            if clearance is None or clearance.by != "rule" or record.state == "failed":
                continue
            found.append(
                Drawn(
                    key=record.key,
                    run=record.run,
                    tool=record.action.tool,
                    args=record.action.args,
                    state=record.state,
                    rule=clearance.name,
                )
            )
    return found
