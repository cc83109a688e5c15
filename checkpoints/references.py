"""Tells which artifacts nothing needs any more.

An artifact belongs to every run that names it, so that it can only go when the last of them was
pruned. Any mention anywhere counts as need: whoever could write one can only keep an artifact.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, func, select

from checkpoints.artifacts import ArtifactTable
from checkpoints.bodies import Opener, body_of, large, naming, object_of, refs_in
from checkpoints.schema import artifacts as rows
from checkpoints.schema import effects, reviews, runs
from checkpoints.tombstones import PRUNED
from tools.contract import canonical
from tools.records import Status

if TYPE_CHECKING:
    from checkpoints.savers import AnyCallSaver

LIVING: frozenset[Status] = frozenset({"running", "waiting"})
"""Runs that may still go on, and need all that they ever kept."""

_RECORDS: Mapping[str, tuple[str, Select[Any]]] = {
    "run": ("runs", select(runs.c.run, runs.c.record)),
    "review": ("reviews", select(reviews.c.id, reviews.c.record)),
    "effect": ("effects", select(effects.c.key, effects.c.record)),
}
_PAGE = 1_000
_CHUNK = 500


def unneeded(
    connection: Connection,
    artifacts: ArtifactTable,
    saver: "AnyCallSaver",
    released: Mapping[str, Collection[str]],
    gone: Collection[tuple[str, str]] = (),
) -> set[str]:
    """Return those of the released artifacts that nothing that is left needs.

    Args:
        connection: Where everything is kept.
        artifacts: The artifacts.
        saver: What living runs have in their checkpoints is needed.
        released: What each pruned run no longer needs.
        gone: What is to go, and needs nothing, as `("review", id)` and `("effect", key)`.
    """
    left = existing(connection, {ref for refs in released.values() for ref in refs})
    if not left:
        return left
    opened = artifacts.vault.opened
    for entry in naming(connection, opened):
        if entry.kind != PRUNED:
            left -= _told(entry, artifacts, released.get(entry.run, ()))
    for kind, name, record in _records(connection, opened):
        if (kind, name) not in gone:
            left -= refs_in(record)
    for row in connection.execute(select(runs)):
        if object_of(opened(row, "runs").record).get("status") in LIVING and left:
            left -= kept_by_graph(saver, row.run)
    return left


def kept_by_graph(saver: "AnyCallSaver", run: str) -> set[str]:
    """Return every artifact that a run's checkpoints name."""
    found: set[str] = set()
    for kept in saver.list({"configurable": {"thread_id": run}}):
        found |= refs_in(repr((kept.checkpoint["channel_values"], kept.pending_writes)))
    return found


def told_by(body: str, artifacts: ArtifactTable) -> set[str]:
    """Return every artifact that a body on the ledger names, in one kept elsewhere too."""
    if not large(object_of(body)):
        return refs_in(body)
    return refs_in(body) | refs_in(canonical(body_of(body, artifacts)))


def size_of(connection: Connection, refs: Iterable[str]) -> int:
    """Return about how many bytes artifacts take; their references are in an index as well."""
    each = func.length(rows.c.data) + 2 * func.length(rows.c.ref)
    length = func.coalesce(func.sum(each), 0)
    queries = (select(length).where(rows.c.ref.in_(chunk)) for chunk in in_chunks(refs))
    return sum(int(connection.execute(query).scalar_one()) for query in queries)


def existing(connection: Connection, refs: Iterable[str]) -> set[str]:
    """Return those of these artifacts that are kept."""
    found: set[str] = set()
    for chunk in in_chunks(refs):
        found |= set(connection.execute(select(rows.c.ref).where(rows.c.ref.in_(chunk))).scalars())
    return found


def in_chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    """Yield keys in lists short enough for one statement."""
    every = [*keys]
    return (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))


def _told(entry: Any, artifacts: ArtifactTable, released: Collection[str]) -> set[str]:  # noqa: ANN401  # an opened row
    """Return what an entry needs; what its run released, it does not."""
    ref = large(object_of(entry.body))
    if ref and ref in released:
        return set()
    return told_by(entry.body, artifacts) - set(released)


def _records(connection: Connection, opened: Opener) -> Iterator[tuple[str, str, str]]:
    for kind, (table, query) in _RECORDS.items():
        for row in connection.execute(query, execution_options={"yield_per": _PAGE}):
            yield kind, row[0], opened(row, table).record
