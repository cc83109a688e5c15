"""Compares the tables that the agent acts on with the ledger, which is the record.

The chain shows that the ledger was not changed; this shows that nothing was changed past it: an
answer that nobody gave, an effect that did not happen, an outcome that no run had, evidence that is
gone. What a tombstone names was pruned, and may be missing.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Row, select

from checkpoints.artifacts import ArtifactTable
from checkpoints.bodies import Opener, body_of, large, naming, object_of
from checkpoints.schema import CONTENT, effects, ledger, reviews, runs
from checkpoints.schema import artifacts as artifact_rows
from checkpoints.tombstones import PRUNED
from checkpoints.vault import Vault
from tools.contract import Action, JsonObject, canonical
from tools.errors import StoreFault

Facts = dict[tuple[str, str], JsonObject]
"""What is so of a run, a review or an effect, e.g. of `("effect", "r/tune/1")`."""

_KINDS = ("run", "status", "review", "answer", "effect", PRUNED)
_EVIDENCE: Mapping[str, str] = {
    "baseline": "artifact",
    "glue": "program",
    "observation": "artifact",
    "outcome": "measured",
}
"""Where the entries of each kind name the artifact that they stand on."""
_SHOWN_CHARACTERS = 200
_CHUNK = 500


def differences(connection: Connection, artifacts: ArtifactTable) -> list[str]:
    """Return in words each run, review and effect that is not as the ledger tells.

    Args:
        connection: Where both are kept.
        artifacts: Where bodies are that were too large for the ledger.
    """
    query = select(ledger).where(ledger.c.kind.in_(_KINDS)).order_by(ledger.c.seq)
    opened = partial(_opened, artifacts.vault)
    told = _told((opened(row, "ledger") for row in connection.execute(query)), artifacts)
    kept = _kept(connection, opened)
    return [
        f"the {name[0]} {name[1]!r} is kept as {_brief(kept.get(name))}, "
        f"the ledger tells {_brief(told.get(name))}"
        for name in sorted(told.keys() | kept.keys())
        if told.get(name) != kept.get(name)
    ]


def losses(connection: Connection, artifacts: ArtifactTable) -> list[str]:
    """Return in words each artifact that an entry stands on, that is gone, and that nobody pruned.

    Args:
        connection: Where ledger and artifacts are kept.
        artifacts: Where bodies are that were too large for the ledger.
    """
    entries = naming(connection, partial(_opened, artifacts.vault))
    pruned: dict[str, set[str]] = {}
    missing: list[tuple[Any, str]] = []
    while chunk := [*islice(entries, _CHUNK)]:
        for row in chunk:
            if row.kind == PRUNED:
                listed = body_of(row.body, artifacts).get("artifacts")
                pruned.setdefault(row.run, set()).update(_texts(listed))
        missing += _missing(connection, [(row, _evidence(row)) for row in chunk])
    return [
        f"the artifact {ref} of entry {row.seq} ({row.kind} of {row.subject!r}) is missing"
        for row, ref in missing
        if ref not in pruned.get(row.run, ())
    ]


def _opened(vault: Vault, row: Row[Any], table: str) -> Any:  # noqa: ANN401  # see `Vault.opened`
    """Return a row opened, with nothing in it when it cannot be: that is a difference, too."""
    try:
        return vault.opened(row, table)
    except StoreFault:
        return SimpleNamespace(**{**row._mapping, CONTENT[table][1]: ""})  # noqa: SLF001  # SQLAlchemy's public name for a row as a mapping


def _evidence(row: Any) -> str:  # noqa: ANN401  # an opened row
    """Return the artifact that an entry stands on; empty when there is none."""
    body = object_of(row.body)
    return large(body) or str(body.get(_EVIDENCE.get(row.kind, ""), ""))


def _missing(connection: Connection, wanted: list[tuple[Any, str]]) -> list[tuple[Any, str]]:
    refs = {ref for _, ref in wanted if ref}
    query = select(artifact_rows.c.ref).where(artifact_rows.c.ref.in_(refs))
    there = set(connection.execute(query).scalars())
    return [(row, ref) for row, ref in wanted if ref and ref not in there]


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _told(rows: Iterable[Any], artifacts: ArtifactTable) -> Facts:
    """Return what the newest entries tell of everything."""
    told: Facts = {}
    for row in rows:
        body = body_of(row.body, artifacts)
        if row.kind == PRUNED:
            _forget(told, body)
            continue
        kind = {"status": "run", "answer": "review"}.get(row.kind, row.kind)
        before = told.get((kind, row.subject), {})
        told[kind, row.subject] = _fact(row.kind, body, before)
    return told


def _forget(told: Facts, tombstone: JsonObject) -> None:
    """Expect of what was pruned that it is gone."""
    for kind, names in (("review", "reviews"), ("effect", "effects")):
        for name in _texts(tombstone.get(names)):
            told.pop((kind, name), None)


def _fact(kind: str, body: JsonObject, before: JsonObject) -> JsonObject:
    """Return what is so after one entry; what it does not mention stays as it was."""
    if kind in {"run", "status"}:
        return {"status": body.get("status")}
    if kind == "effect":
        action = body.get("action_hash", before.get("action"))
        return {"state": body.get("state"), "action": action}
    if kind == "review":
        action = body.get("action_hash", before.get("action"))
        return {"state": body.get("state"), "action": action, "answer": None}
    answer = {name: body[name] for name in body if name not in {"key", "reviewed_hash"}}
    return {"state": "answered", "action": body.get("reviewed_hash"), "answer": answer}


def _kept(connection: Connection, opened: Opener) -> Facts:
    """Return what the tables hold."""
    kept: Facts = {}
    for row in connection.execute(select(runs)):
        record = object_of(opened(row, "runs").record)
        kept["run", row.run] = {"status": record.get("status")}
    for row in connection.execute(select(reviews)):
        record = object_of(opened(row, "reviews").record)
        answer, action = record.get("answer"), record.get("action_hash")
        kept["review", row.id] = {"state": row.state, "action": action, "answer": answer}
    for row in connection.execute(select(effects)):
        record = object_of(opened(row, "effects").record)
        state = row.state if row.state == record.get("state") else "contradictory"
        kept["effect", row.key] = {"state": state, "action": _action_hash(record)}
    return kept


def _action_hash(record: JsonObject) -> str:
    try:
        return Action.model_validate(record.get("action")).hash
    except ValueError:
        return ""


def _brief(fact: JsonObject | None) -> str:
    return "missing" if fact is None else canonical(fact)[:_SHOWN_CHARACTERS]
