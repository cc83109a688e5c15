"""What was pruned, as the ledger tells: one entry `pruned` for each time that a run lost anything.

A tombstone names every question, effect and artifact that is gone, so that what is missing without
one is still noticed.
"""

from pydantic import Field, ValidationError
from sqlalchemy import Connection, bindparam, select

from checkpoints.artifacts import ArtifactTable
from checkpoints.bodies import body_of
from checkpoints.schema import ledger
from tools.contract import Record
from tools.errors import StoreFault

PRUNED = "pruned"
"""The kind of the entry."""

# Built once: building a statement takes longer than running it.
_ALL = select(ledger).where(ledger.c.kind == PRUNED).order_by(ledger.c.seq)
_OF_RUN = _ALL.where(ledger.c.run == bindparam("of"))


class Bill(Record):
    """What one model cost a run in one role, when its single charges are gone."""

    role: str
    model: str
    calls: int = 0
    """Calls that were, or may have been, billed."""
    open: int = 0
    """Those of them whose end is not known."""
    tokens: int = 0
    usd: float = 0.0


class Tombstone(Record):
    """What a run lost at one time."""

    by: str
    """Who pruned."""
    why: str
    """The limit that the run had passed."""
    number: int
    """1 for the first time."""
    checkpoints: int = 0
    clearances: int = 0
    charges: int = 0
    bills: tuple[Bill, ...] = ()
    """What those charges came to."""
    reviews: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    """Keys of effects that can no longer be undone, or had been undone."""
    undo_lost: bool = False
    """Whether effects that stand are among them, because somebody wanted that."""
    artifacts: tuple[str, ...] = ()
    """What this run no longer needs; another may keep it."""
    size_bytes: int = Field(default=0, ge=0)
    """About what all of it took."""


def tombstones(
    connection: Connection, artifacts: ArtifactTable, run: str | None = None
) -> list[tuple[str, Tombstone]]:
    """Return the tombstones of one run or of all, each with its run, oldest first.

    Raises:
        StoreFault: One cannot be read.
    """
    query = _ALL if run is None else _OF_RUN
    rows = connection.execute(query, {} if run is None else {"of": run}).all()
    entries = [artifacts.vault.opened(row, "ledger") for row in rows]
    return [(entry.run, read_tombstone(entry.body, artifacts)) for entry in entries]


def read_tombstone(text: str, artifacts: ArtifactTable) -> Tombstone:
    """Return the tombstone that an entry's body holds.

    Raises:
        StoreFault: It cannot be read.
    """
    try:
        return Tombstone.model_validate(body_of(text, artifacts))
    except ValidationError as fault:
        raise StoreFault(
            "An entry of the ledger that tells what was pruned cannot be read.",
            advice="`surefoot audit verify` lists all that was changed; restore a backup.",
        ) from fault


def released(found: list[tuple[str, Tombstone]]) -> dict[str, set[str]]:
    """Return for each run the artifacts that it no longer needs."""
    gone: dict[str, set[str]] = {}
    for run, tombstone in found:
        gone.setdefault(run, set()).update(tombstone.artifacts)
    return gone
