"""Reads bodies of ledger entries as they are kept: whole, or as a reference to an artifact."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Connection, Row, select

from checkpoints.artifacts import ArtifactTable
from checkpoints.schema import ledger
from checkpoints.vault import SEALED_TEXT
from tools.contract import JsonObject
from tools.errors import StoreFault

Opener = Callable[[Row[Any], str], Any]
"""Returns a row of a table with its content opened, e.g. `Vault.opened`."""

_REF: Final = re.compile(r"sha256:[0-9a-f]{64}")
_PAGE = 1_000


def naming(connection: Connection, opened: Opener, *where: ColumnElement[bool]) -> Iterator[Any]:
    """Yield the entries of the ledger that name an artifact anywhere, opened, oldest first."""
    # What is sealed, only its opener can read; where nothing is, the database can look faster.
    sealed = ledger.c.body.startswith(SEALED_TEXT)
    hits = sealed | ledger.c.body.contains("sha256:")
    query = select(ledger).where(hits, *where).order_by(ledger.c.seq)
    for row in connection.execute(query, execution_options={"yield_per": _PAGE}):
        entry = opened(row, "ledger")
        if "sha256:" in entry.body:
            yield entry


def body_of(text: str, artifacts: ArtifactTable) -> JsonObject:
    """Return an entry's body; empty when it is lost, which the chain or its artifact tells."""
    body = object_of(text)
    ref = large(body)
    if not ref:
        return body
    try:
        whole = artifacts.get(ref)
    except (KeyError, StoreFault):
        return {}
    return whole if isinstance(whole, dict) else {}


def object_of(text: str) -> JsonObject:
    """Return the JSON object of a text; empty when it is none."""
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def large(body: JsonObject) -> str:
    """Return the artifact that a large body is kept in; empty when it is kept whole."""
    return str(body["artifact"]) if body.keys() == {"artifact", "bytes"} else ""


def refs_in(text: str) -> set[str]:
    """Return every reference to an artifact that a text has anywhere, whoever wrote it."""
    return set(_REF.findall(text)) if "sha256:" in text else set()
