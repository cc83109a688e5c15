"""The ledger as one file that proves itself: without a store, without a private key.

JSON lines, each canonical: what it is, every entry, each followed by the artifacts that it is the
first to name, and the head, which is signed over everything before it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import JsonValue, ValidationError

from checkpoints.bodies import refs_in
from checkpoints.chain import Walk, chain_hash
from checkpoints.references import told_by
from checkpoints.signing import Head
from checkpoints.store import Store
from tools.contract import JsonObject, Record, canonical, digest
from tools.errors import BadInput
from tools.records import LedgerEntry

VERSION: Final = 1
"""Of the format."""

_PAGE: Final = 500


class Report(Record):
    """What an export holds, and what is wrong with it."""

    entries: int = 0
    head: str = ""
    at: datetime | None = None
    """When it was made."""
    artifacts: int = 0
    gone: int = 0
    """Artifacts that were no more when it was made."""
    signer: str = ""
    """The fingerprint of the key that signed it; empty when none did."""
    problems: tuple[str, ...] = ()


def export(store: Store, to: BinaryIO, *, now: datetime, key: str, artifacts: bool = True) -> None:
    """Write the ledger.

    Args:
        store: Where it is kept.
        to: Where it goes.
        now: The present.
        key: What the head is signed with; empty to leave it unsigned.
        artifacts: Whether what its entries name goes along.

    Raises:
        BadInput: The key is none.
        StoreFault: The store cannot be read.
    """
    total = hashlib.sha256()
    with store.reading():
        for line in _lines(store, now=now, artifacts=artifacts):
            data = _encoded(line)
            total.update(data)
            to.write(data)
        seq, newest = store.ledger.head()
    head = Head(seq=seq, hash=newest, at=now, file=total.hexdigest())
    to.write(_encoded({"head": (head.signed_with(key) if key else head).to_json()}))


def _encoded(line: JsonObject) -> bytes:
    return canonical(line).encode() + b"\n"


def _lines(store: Store, *, now: datetime, artifacts: bool) -> Iterator[JsonObject]:
    yield {"export": VERSION, "at": now.isoformat(), "artifacts": artifacts}
    told: set[str] = set()
    for entry in _entries(store):
        yield {"entry": entry}
        if artifacts:
            named = told_by(canonical(entry["body"]), store.artifacts) - told
            told |= named
            yield from (_artifact(store, ref) for ref in sorted(named))


def _entries(store: Store) -> Iterator[JsonObject]:
    after = 0
    while page := store.ledger.raw(after=after, limit=_PAGE):
        yield from page
        after = int(str(page[-1]["seq"]))


def _artifact(store: Store, ref: str) -> JsonObject:
    try:
        return {"artifact": ref, "value": store.artifacts.get(ref)}
    except KeyError:
        return {"artifact": ref, "gone": True}


def examine(path: Path, *, trusted: str = "") -> Report:
    """Read an export and report everything that is not as it was exported.

    Args:
        path: The file.
        trusted: The public key, or its fingerprint, that it must be signed with; any when empty.

    Raises:
        BadInput: It cannot be read, or is no export.
    """
    reader = _Reader()
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                reader.read(line, number)
    except OSError as fault:
        raise BadInput(f"{str(path)!r} cannot be read: {fault.strerror}.") from fault
    return reader.report(trusted)


def heads_in(path: Path) -> list[Head]:
    """Return the signed heads of a file: an export, or lines that `surefoot audit head` printed.

    Raises:
        BadInput: It cannot be read, or has none.
    """
    try:
        with path.open("rb") as file:
            lines = [line for line in file if line.startswith(b'{"head":')]
        found = [Head.model_validate(json.loads(line)["head"]) for line in lines]
    except (OSError, ValueError) as fault:
        raise BadInput(f"{str(path)!r} cannot be read: {fault}.") from fault
    if not found:
        raise BadInput(
            f"{str(path)!r} has no head of a ledger.",
            advice="Name an export, or what `surefoot audit head` printed.",
        )
    return found


@dataclass(slots=True)
class _Reader:
    """Reads an export line by line."""

    walk: Walk = field(default_factory=Walk)
    problems: list[str] = field(default_factory=list)
    total: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    whole: bool = True
    """Whether artifacts go along."""
    begun: bool = False
    head: Head | None = None
    named: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    gone: int = 0

    def read(self, line: bytes, number: int) -> None:
        value = _value(line)
        if number == 1:
            self._begin(value)
        elif value is None:
            self.problems.append(f"line {number} cannot be read")
        elif self.head is not None:
            self.problems.append(f"line {number} comes after the end")
        elif value.keys() == {"head"}:
            self._end(value["head"], number)
        elif value.keys() == {"entry"}:
            self._entry(value["entry"], number)
        else:
            self._artifact(value, number)
        if self.head is None:
            self.total.update(line)

    def report(self, trusted: str) -> Report:
        if not self.begun:
            raise _no_export()
        head = self.head
        if head is None:
            self.problems.append("the end is missing")
        else:
            self.problems += self._against(head)
            self.problems += filter(None, [head.problem(trusted=trusted)])
        lost = self.named - self.held if self.whole else set()
        self.problems += [f"the artifact {ref} is missing" for ref in sorted(lost)]
        return Report(
            entries=self.walk.entries,
            head=self.walk.head,
            at=head.at if head else None,
            artifacts=len(self.held) - self.gone,
            gone=self.gone,
            signer=head.signer if head else "",
            problems=tuple(self.problems),
        )

    def _against(self, head: Head) -> Iterator[str]:
        if (head.seq, head.hash) != (self.walk.seq, self.walk.head):
            yield f"the chain ends with entry {self.walk.seq}, the head is of entry {head.seq}"
        if head.file != self.total.hexdigest():
            yield "the file is not as it was when its head was made"

    def _begin(self, value: JsonObject | None) -> None:
        version = value.get("export") if value else None
        if value is None or version is None:
            raise _no_export()
        if version != VERSION:
            raise BadInput(
                f"The export is of version {version}, which is not known here.",
                advice="Verify it with the Surefoot that made it, or a newer one.",
            )
        self.begun = True
        self.whole = value.get("artifacts") is True

    def _end(self, value: JsonValue, number: int) -> None:
        try:
            self.head = Head.model_validate(value)
        except ValidationError:
            self.problems.append(f"line {number} is no head")

    def _entry(self, fields: JsonValue, number: int) -> None:
        try:
            entry = LedgerEntry.model_validate(fields)
            intact = isinstance(fields, dict) and chain_hash(fields) == entry.hash
        except (ValidationError, KeyError):
            self.problems.append(f"line {number} is no entry")
            return
        self.problems += self.walk.step(entry.seq, entry.prev, entry.hash, intact=intact)
        self.named |= refs_in(canonical(entry.body))

    def _artifact(self, value: JsonObject, number: int) -> None:
        ref = str(value.get("artifact"))
        kept = value.keys() == {"artifact", "value"}
        if kept and f"sha256:{digest(value['value'])}" != ref:
            self.problems.append(f"the artifact {ref} was changed")
        elif not kept and value != {"artifact": ref, "gone": True}:
            self.problems.append(f"line {number} is no part of an export")
        self.held.add(ref)
        self.gone += not kept


def _no_export() -> BadInput:
    return BadInput(
        "The file is not an export of a ledger.", advice="`surefoot audit export FILE` makes one."
    )


def _value(line: bytes) -> JsonObject | None:
    """Return the object that a line is the canonical text of; None when it is not."""
    try:
        value = json.loads(line)
        same = isinstance(value, dict) and _encoded(value) == line
    except ValueError:
        return None
    return value if same else None
