"""Compares the tables that the agent acts on with the ledger, which is the record.

The chain shows that the ledger was not changed; this shows that nothing was changed past it: an
answer that nobody gave, an effect that did not happen, an outcome that no run had.
"""

import json
from collections.abc import Iterable
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, Row, select

from checkpoints.artifacts import ArtifactTable
from checkpoints.schema import effects, ledger, reviews, runs
from tools.contract import Action, JsonObject, canonical
from tools.errors import StoreFault

Facts = dict[tuple[str, str], JsonObject]
"""What is so of a run, a review or an effect, e.g. of `("effect", "r/tune/1")`."""

_KINDS = ("run", "status", "review", "answer", "effect")
_SHOWN_CHARACTERS = 200


def differences(connection: Connection, artifacts: ArtifactTable) -> list[str]:
    """Return in words each run, review and effect that is not as the ledger tells.

    Args:
        connection: Where both are kept.
        artifacts: Where bodies are that were too large for the ledger.
    """
    query = select(ledger).where(ledger.c.kind.in_(_KINDS)).order_by(ledger.c.seq)
    told = _told(connection.execute(query), artifacts)
    kept = _kept(connection)
    return [
        f"the {name[0]} {name[1]!r} is kept as {_brief(kept.get(name))}, "
        f"the ledger tells {_brief(told.get(name))}"
        for name in sorted(told.keys() | kept.keys())
        if told.get(name) != kept.get(name)
    ]


def _told(rows: Iterable[Row[Any]], artifacts: ArtifactTable) -> Facts:
    """Return what the newest entries tell of everything."""
    told: Facts = {}
    for row in rows:
        body = _body(row.body, artifacts)
        kind = {"status": "run", "answer": "review"}.get(row.kind, row.kind)
        before = told.get((kind, row.subject), {})
        told[kind, row.subject] = _fact(row.kind, body, before)
    return told


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


def _kept(connection: Connection) -> Facts:
    """Return what the tables hold."""
    kept: Facts = {}
    for row in connection.execute(select(runs)):
        kept["run", row.run] = {"status": _object(row.record).get("status")}
    for row in connection.execute(select(reviews)):
        record = _object(row.record)
        answer, action = record.get("answer"), record.get("action_hash")
        kept["review", row.id] = {"state": row.state, "action": action, "answer": answer}
    for row in connection.execute(select(effects)):
        record = _object(row.record)
        state = row.state if row.state == record.get("state") else "contradictory"
        kept["effect", row.key] = {"state": state, "action": _action_hash(record)}
    return kept


def _action_hash(record: JsonObject) -> str:
    try:
        return Action.model_validate(record.get("action")).hash
    except ValueError:
        return ""


def _body(text: str, artifacts: ArtifactTable) -> JsonObject:
    """Return an entry's body; empty when it is lost, which the chain or its artifact tells."""
    body = _object(text)
    if body.keys() != {"artifact", "bytes"}:
        return body
    try:
        whole = artifacts.get(str(body["artifact"]))
    except (KeyError, StoreFault):
        return {}
    return whole if isinstance(whole, dict) else {}


def _object(text: str) -> JsonObject:
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _brief(fact: JsonObject | None) -> str:
    return "missing" if fact is None else canonical(fact)[:_SHOWN_CHARACTERS]
