"""The append-only, hash-chained record of everything that happened in a store."""

import json
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, bindparam, insert, select, text, update

from checkpoints.artifacts import ArtifactTable
from checkpoints.audit import differences, losses
from checkpoints.chain import GENESIS, Walk, chain_hash
from checkpoints.prepared import Prepared
from checkpoints.schema import ledger, ledger_head
from checkpoints.vault import Vault
from checkpoints.writer import Writer
from tools.contract import Clock, JsonObject, canonical, digest
from tools.errors import StoreFault
from tools.records import ChainReport, LedgerEntry

MAX_BODY_BYTES = 65_536
"""A larger body becomes an artifact; the entry keeps its reference."""

_PAGE = 1_000

_KNOWN = select(ledger).where(ledger.c.dedupe == bindparam("mark"))
_ENTRIES = (
    select(ledger)
    .where(ledger.c.seq > bindparam("after"))
    .order_by(ledger.c.seq)
    .limit(bindparam("most"))
)
_ENTRIES_OF = _ENTRIES.where(ledger.c.run == bindparam("of"))
_HEAD = Prepared(select(ledger_head).with_for_update())
_NAMES = [column.name for column in ledger.columns]
_ADD = Prepared(
    text(
        f"INSERT INTO ledger ({', '.join(_NAMES)}) VALUES ({', '.join(f':{n}' for n in _NAMES)}) "
        "ON CONFLICT (dedupe) DO NOTHING"
    )
)
_ADVANCE = Prepared(update(ledger_head))


class ChainedLedger:
    """The `Ledger` of a store; one chain over all runs.

    Each hash is SHA-256 over the hash before it and the canonical JSON of the entry without its
    own. The database refuses to change or delete entries; `verify` finds what was changed by
    other means.
    """

    def __init__(self, writer: Writer, artifacts: ArtifactTable, clock: Clock) -> None:
        self._writer = writer
        self._vault = writer.vault
        self._artifacts = artifacts
        self._clock = clock
        self._head = 0, 0, GENESIS

    def append(self, run: str, kind: str, subject: str, body: JsonObject) -> LedgerEntry:
        """Add an entry; the same run, kind, subject and body again return the first entry.

        A body of more than `MAX_BODY_BYTES` is kept as `{"artifact": ref, "bytes": size}`.
        """
        with self._writer.write(of=run) as connection:
            bounded = self._bounded(body)
            mark = _mark(run, kind, subject, bounded)
            seq, prev = self._newest(connection)
            entry = LedgerEntry(
                seq=seq + 1,
                run=run,
                at=self._clock(),
                kind=kind,
                subject=subject,
                body=bounded,
                prev=prev,
                hash="",
            )
            fields = entry.to_json()
            sealed = chain_hash(fields)
            kept = self._vault.seal(canonical(bounded), "ledger", entry.seq)
            row = fields | {"hash": sealed, "body": kept, "dedupe": mark}
            if not _ADD.change(connection, row):
                return self._entry(connection.execute(_KNOWN, {"mark": mark}).one())
            _ADVANCE.change(connection, {"seq": entry.seq, "hash": sealed})
            self._head = self._writer.epoch, entry.seq, sealed
            return entry.model_copy(update={"hash": sealed})

    def entries(
        self, run: str | None = None, *, after: int = 0, limit: int = 10_000
    ) -> list[LedgerEntry]:
        """Return up to `limit` entries whose `seq` is above `after`, of one run or of all."""
        query, where = (_ENTRIES, {}) if run is None else (_ENTRIES_OF, {"of": run})
        with self._writer.read() as connection:
            rows = connection.execute(query, {"after": after, "most": limit, **where})
            return [self._entry(row) for row in rows]

    def verify(self) -> ChainReport:
        """Walk the whole chain and report every changed, removed, reordered or inserted entry.

        Runs, reviews and effects that are not kept as the entries tell, and artifacts that are gone
        though nobody pruned them, are reported too.
        Entries cut off the end are noticed by the store's own note of the newest one. Whoever
        rewrites chain and note is noticed only by comparing `head` with one kept elsewhere.
        """
        walk = Walk()
        problems: list[str] = []
        query = select(ledger).order_by(ledger.c.seq).execution_options(yield_per=_PAGE)
        with self._writer.read() as connection:
            noted = self.head()
            for row in connection.execute(query):
                intact = _is_intact(row, self._vault)
                problems += walk.step(row.seq, row.prev, row.hash, intact=intact)
            past = differences(connection, self._artifacts)
            past += losses(connection, self._artifacts)
        if noted != (walk.seq, walk.head):
            problems.append(
                f"the chain ends with entry {walk.seq}, the store noted {noted[0]} as last"
            )
        problems += past
        return ChainReport(entries=walk.entries, head=walk.head, problems=tuple(problems))

    def head(self) -> tuple[int, str]:
        """Return number and hash of the newest entry, as the store noted them."""
        with self._writer.read() as connection:
            noted = connection.execute(select(ledger_head)).first()
        return (noted.seq, noted.hash) if noted else (0, GENESIS)

    def raw(self, *, after: int, limit: int) -> list[JsonObject]:
        """Return up to `limit` entries whose `seq` is above `after`, as they are hashed.

        Raises:
            StoreFault: One cannot be opened.
        """
        query = select(ledger).where(ledger.c.seq > after).order_by(ledger.c.seq).limit(limit)
        with self._writer.read() as connection:
            return [_fields(self._vault.opened(row, "ledger")) for row in connection.execute(query)]

    def _entry(self, row: Row[Any]) -> LedgerEntry:
        return _entry(self._vault.opened(row, "ledger"))

    def _newest(self, connection: Connection) -> tuple[int, str]:
        """Return number and hash of the newest entry; nobody else writes in this transaction."""
        epoch, seq, sealed = self._head
        return (seq, sealed) if epoch == self._writer.epoch else _head(connection)

    def _bounded(self, body: JsonObject) -> JsonObject:
        size = len(canonical(body))
        if size <= MAX_BODY_BYTES:
            return body
        return {"artifact": self._artifacts.put(body), "bytes": size}


def _mark(run: str, kind: str, subject: str, body: JsonObject) -> str:
    return digest({"run": run, "kind": kind, "subject": subject, "body": body})


def _head(connection: Connection) -> tuple[int, str]:
    """Return number and hash of the newest entry, locked until the transaction ends."""
    head = _HEAD.first(connection, {})
    if head is None:
        connection.execute(insert(ledger_head).values(id=1, seq=0, hash=GENESIS))
        return 0, GENESIS
    return head.seq, head.hash


def _fields(row: Any) -> JsonObject:  # noqa: ANN401  # an opened row
    """Return a row as the JSON of its entry, exactly as it is kept."""
    fields = {name: getattr(row, name) for name in _NAMES if name != "dedupe"}
    return fields | {"body": json.loads(fields["body"])}


def _entry(row: Any) -> LedgerEntry:  # noqa: ANN401  # an opened row
    try:
        return LedgerEntry.model_validate(_fields(row))
    except (ValueError, TypeError, ValidationError) as fault:
        raise StoreFault(
            f"Entry {row.seq} of the ledger was changed and cannot be read.",
            advice="`surefoot audit verify` lists all that was changed; restore a backup.",
        ) from fault


def _is_intact(row: Row[Any], vault: Vault) -> bool:
    try:
        opened = vault.opened(row, "ledger")
        fields = _fields(opened)
        entry = LedgerEntry.model_validate(fields)
        made = (
            canonical(entry.body),
            chain_hash(fields),
            _mark(entry.run, entry.kind, entry.subject, entry.body),
        )
    except (ValueError, TypeError, StoreFault):
        return False
    return made == (opened.body, row.hash, row.dedupe)
