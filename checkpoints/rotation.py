"""Seals everything that a store holds anew: under another key, for the first time, or no more.

Batch by batch, each its own transaction. From the first one on the store has both forms, reads both
and writes the new one, so that a rotation may be killed at any point and is completed by the next.
Only when nothing of the old form is left in any page of the file is the old form given up.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, func, select, tuple_, update

from checkpoints.keyring import note
from checkpoints.resealing import Part, Resealer
from checkpoints.schema import SQLITE_TRIGGERS
from checkpoints.shrinking import Shrinking, rewrite
from checkpoints.store import Store
from checkpoints.vault import PLAIN
from tools.contract import Record
from tools.errors import BadInput, RunBusy, StoreFault

Tell = Callable[[str, int, int], None]
"""Hears of each batch: its table, how many of its rows are done, and how many there are."""


class Rotation(Record):
    """What was sealed anew."""

    form: str
    """The name of the key, or `plain`."""
    sealed: int
    """Rows that were sealed anew, or opened; others were in the new form already."""
    rows: int
    file: Shrinking


def rotate(
    store: Store, *, remove: bool = False, tell: Tell = lambda *_: None, batch: int = 100
) -> Rotation:
    """Bring everything into the form of the first key, or into none.

    Args:
        store: Opened `for_sealing`.
        remove: Whether to decrypt.
        tell: Hears how far it is.
        batch: Rows of one transaction.

    Raises:
        BadInput: There is no key.
        RunBusy: A run is being advanced.
        StoreFault: Something cannot be opened, or the old content cannot be removed from the file
            because another process reads it; the store can be used, and the next rotation goes on.
    """
    work = _Rotation(store, remove=remove, tell=tell, batch=batch)
    work.begin()
    for part in work.parts():
        work.reseal(part)
    return work.end()


class _Rotation:
    """One rotation of one store."""

    def __init__(self, store: Store, *, remove: bool, tell: Tell, batch: int) -> None:
        self._store = store
        self._writer = store.saver.writer
        self._vault = self._writer.vault
        if not self._vault.names:
            raise BadInput(
                "There is no key to work with.",
                advice="`surefoot key new` prints one; set SUREFOOT_KEY to it.",
            )
        self._form = PLAIN if remove else self._vault.names[0]
        self._tell = tell
        self._batch = batch
        self._rows = 0
        self._sealed = 0

    def begin(self) -> None:
        """Let everything be written in the new form from now on."""
        with self._writer.write(urgent=True) as connection:
            busy = self._store.leases.held_runs()
            if busy:
                raise RunBusy(
                    f"Run {busy[0]!r} is being advanced.",
                    advice="Wait until it has finished or waits, then try again.",
                )
            note(connection, self._vault, tuple(dict.fromkeys((self._form, *self._vault.forms))))

    def parts(self) -> list[Part]:
        """Return the tables that hold content."""
        resealer = Resealer(self._vault, self._store.saver.serde)
        return resealer.parts(lite=self._writer.database.path is not None)

    def reseal(self, part: Part) -> None:
        """Bring the rows of one table into the new form."""
        keys = [part.table.c[name] for name in part.key]
        with self._writer.read() as connection:
            total = connection.execute(select(func.count()).select_from(part.table)).scalar_one()
        done, query = 0, select(part.table).order_by(*keys).limit(self._batch)
        batch = query
        while True:
            with self._writer.write(urgent=True) as connection:
                rows = connection.execute(batch).all()
                with _unlocked(connection, part):
                    for row in rows:
                        self._one(connection, part, row)
            done += len(rows)
            self._rows += len(rows)
            self._tell(part.table.name, done, max(done, total))
            if len(rows) < self._batch:
                return
            last = [getattr(rows[-1], name) for name in part.key]
            batch = query.where(tuple_(*keys) > tuple_(*last))

    def _one(self, connection: Connection, part: Part, row: Row[Any]) -> None:
        changed = part.again(connection, row)
        if changed:
            same = [part.table.c[name] == getattr(row, name) for name in part.key]
            connection.execute(update(part.table).where(*same).values(changed))
            self._sealed += 1

    def end(self) -> Rotation:
        """Give the old form up, when nothing of it is left."""
        try:
            file = rewrite(self._writer)
        except StoreFault as fault:
            raise StoreFault(
                f"The old content cannot be removed from the store yet: {fault.what}",
                changed="Everything has its new form; the store can be used with all keys.",
                advice="End the other processes that use it, then rotate once more.",
            ) from fault
        with self._writer.write(urgent=True) as connection:
            if self._vault.forms[0] != self._form:
                raise StoreFault(
                    "Another rotation began meanwhile.", changed="", advice="Rotate once more."
                )
            note(connection, self._vault, (self._form,))
        return Rotation(form=self._form, sealed=self._sealed, rows=self._rows, file=file)


@contextmanager
def _unlocked(connection: Connection, part: Part) -> Iterator[None]:
    """Let the bodies of the ledger be written anew, in this transaction only."""
    if part.table.name != "ledger":
        yield
        return
    lite = connection.dialect.name == "sqlite"
    off, on = (
        ("DROP TRIGGER ledger_is_never_changed", SQLITE_TRIGGERS[0])
        if lite
        else (f"ALTER TABLE ledger {word} TRIGGER USER" for word in ("DISABLE", "ENABLE"))
    )
    connection.exec_driver_sql(off)
    yield
    connection.exec_driver_sql(on)
