"""Reads bodies of ledger entries as they are kept: whole, or as a reference to an artifact."""

import json
import re
from typing import Final

from pydantic import JsonValue

from checkpoints.artifacts import ArtifactTable
from tools.contract import JsonObject
from tools.errors import StoreFault

_REF: Final = re.compile(r"sha256:[0-9a-f]{64}")


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
