"""Reserves for a run's next model call together with the present one.

A call may only be made when its upper bound is committed. What was committed ahead covers the next
one, so that it waits for no commit of its own. A process that dies leaves this reservation without
an end: a call may have been made on it, and it counts like one.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert

from checkpoints.prepared import Prepared
from checkpoints.schema import spending, stamp
from checkpoints.writer import Writer
from tools.records import Charge

AHEAD: Final = "ahead"
"""Stands in the place of the role."""
MARGIN: Final = 1.5
"""How much larger than the present call the next one may be."""

_ADD = Prepared(insert(spending))
_DROP = Prepared(delete(spending).where(spending.c.call == bindparam("of")))


@dataclass(frozen=True, slots=True)
class _Reserved:
    """What is reserved ahead for a run."""

    charge: Charge
    is_committed: Callable[[], bool]


class Ahead:
    """The reservations ahead of the runs whose lease this store holds; used inside `write`."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._reserved: dict[str, _Reserved] = {}

    def call(self, run: str) -> str:
        """Return the name under which a run's reservation is kept; empty when it has none."""
        known = self._reserved.get(run)
        return known.charge.call if known is not None else ""

    def covers(self, charge: Charge) -> bool:
        """Tell whether so much was committed ahead for this run."""
        known = self._reserved.get(charge.run)
        if known is None or not known.is_committed():
            return False
        return charge.tokens <= known.charge.tokens and charge.usd <= known.charge.usd

    def next_after(self, charge: Charge) -> Charge:
        """Return the reservation for the call after this one."""
        tokens, usd = int(charge.tokens * MARGIN), charge.usd * MARGIN
        change = {
            "call": self.call(charge.run) or uuid.uuid4().hex,
            "role": AHEAD,
            "tokens": tokens,
            "usd": usd,
            "reserved_tokens": tokens,
            "reserved_usd": usd,
        }
        return charge.model_copy(update=change)

    def reserve(self, connection: Connection, charge: Charge) -> None:
        """Put a reservation in the place of the run's last one."""
        if charge.run not in self._writer.held:
            return
        _DROP.change(connection, {"of": charge.call})
        row = charge.model_dump(exclude={"reason"}) | {"at": stamp(charge.at)}
        _ADD.change(connection, row)
        self._reserved[charge.run] = _Reserved(charge, self._writer.receipt())

    def end(self, connection: Connection, run: str) -> None:
        """Take a run's reservation back: no call was made on it."""
        known = self._reserved.pop(run, None)
        if known is not None:
            _DROP.change(connection, {"of": known.charge.call})
