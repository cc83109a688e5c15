"""The books of model calls: an upper bound before each, the truth after it, each counted once.

A reservation without an end (a crash, a cancelled call) stays in the sums at its upper bound:
money that may have been spent counts as spent.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from checkpoints.ahead import Ahead
from checkpoints.prepared import Prepared
from checkpoints.schema import spending, stamp
from checkpoints.writer import Writer
from tools.contract import Clock
from tools.records import Charge, SpendLimits, Totals

_FIND = Prepared(select(spending).where(spending.c.call == bindparam("of")))
_ADD = Prepared(insert(spending))
_END = Prepared(update(spending).where(spending.c.call == bindparam("of")))
_TOTALS = Prepared(
    select(
        spending.c.state,
        func.count().label("calls"),
        func.sum(spending.c.tokens).label("tokens"),
        func.sum(spending.c.usd).label("usd"),
    )
    .where(
        spending.c.run == bindparam("of"),
        spending.c.call != bindparam("but"),
        spending.c.state != "released",
    )
    .group_by(spending.c.state)
)


class SpendingTable:
    """The `Spending` of a store; every change is one `BEGIN IMMEDIATE` transaction."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        self._ahead = Ahead(writer)

    def reserve(
        self,
        call: str,
        *,
        run: str,
        role: str,
        model: str,
        tokens: int,
        usd: float,
        limits: SpendLimits,
    ) -> Charge:
        """Enter a call at its upper bound, or return it `refused` when a limit would be passed.

        So much is committed when this returns, by this entry or by what was reserved ahead. The
        same call again returns its entry as it is.
        """
        charge = Charge(
            call=call,
            run=run,
            role=role,
            model=model,
            state="reserved",
            tokens=tokens,
            usd=usd,
            reserved_tokens=tokens,
            reserved_usd=usd,
            at=self._clock(),
        )
        with self._writer.write(of=run) as connection:
            known = _find(connection, call)
            if known is not None:
                return known
            spent = self._totals(connection, run)
            reason = _passed(spent, charge, limits)
            if reason:
                return charge.model_copy(update={"state": "refused", "reason": reason})
            with self._writer.write(of=run, urgent=not self._ahead.covers(charge)):
                self._enter(connection, charge, spent, limits)
        return charge

    def _enter(
        self, connection: Connection, charge: Charge, spent: Totals, limits: SpendLimits
    ) -> None:
        """Write a reservation, and the one for the next call when the limits have room for it."""
        row = charge.model_dump(exclude={"reason"}) | {"at": stamp(charge.at)}
        _ADD.change(connection, row)
        ahead = self._ahead.next_after(charge)
        both = {"tokens": spent.tokens + charge.tokens, "usd": spent.usd + charge.usd}
        if _passed(spent.model_copy(update=both), ahead, limits):
            self._ahead.end(connection, charge.run)
        else:
            self._ahead.reserve(connection, ahead)

    def leave(self, connection: Connection, run: str) -> None:
        """Take back what is reserved ahead for a run whose lease is given back."""
        self._ahead.end(connection, run)

    def settle(self, call: str, *, tokens: int, usd: float) -> Charge:
        """Replace the upper bound by what was billed; only the first end of a call counts.

        Raises:
            KeyError: No such call.
        """
        return self._end(call, {"state": "settled", "tokens": tokens, "usd": usd})

    def release(self, call: str) -> Charge:
        """Take a reservation back: nothing was billed; only the first end of a call counts.

        Raises:
            KeyError: No such call.
        """
        return self._end(call, {"state": "released", "tokens": 0, "usd": 0.0})

    def of_run(self, run: str) -> list[Charge]:
        """Return the run's charges, oldest first."""
        mine = (spending.c.run == run) & (spending.c.call != self._ahead.call(run))
        query = select(spending).where(mine)
        with self._writer.read() as connection:
            rows = connection.execute(query.order_by(spending.c.at, spending.c.call))
            return [_charge(dict(row)) for row in rows.mappings()]

    def totals(self, run: str) -> Totals:
        """Return what the run has spent, calls whose end is unknown at their upper bound."""
        with self._writer.read() as connection:
            return self._totals(connection, run)

    def _totals(self, connection: Connection, run: str) -> Totals:
        rows = _TOTALS.rows(connection, {"of": run, "but": self._ahead.call(run)})
        return Totals(
            calls=sum(row.calls for row in rows),
            open=sum(row.calls for row in rows if row.state == "reserved"),
            tokens=sum(row.tokens for row in rows),
            usd=sum(row.usd for row in rows),
        )

    def _end(self, call: str, end: dict[str, Any]) -> Charge:
        with self._writer.write() as connection:
            known = _find(connection, call)
            if known is None:
                raise KeyError(call)
            if known.state != "reserved":
                return known
            ended = Charge.model_validate(known.model_dump() | end)
            _END.change(connection, {"of": call, **end})
        return ended


def _find(connection: Connection, call: str) -> Charge | None:
    row = _FIND.first(connection, {"of": call})
    return None if row is None else _charge(vars(row))


def _charge(fields: dict[str, Any]) -> Charge:
    return Charge.model_validate(fields | {"at": datetime.fromisoformat(fields["at"])})


def _passed(spent: Totals, charge: Charge, limits: SpendLimits) -> str:
    """Name the limit that a charge would pass; empty when it fits."""
    if spent.tokens + charge.tokens > limits.max_tokens:
        return (
            f"tokens: {spent.tokens} spent and up to {charge.tokens} more, "
            f"{limits.max_tokens} at most"
        )
    if spent.usd + charge.usd > limits.max_usd:
        return (
            f"usd: {spent.usd:.6g} spent and up to {charge.usd:.6g} more, "
            f"{limits.max_usd:g} at most"
        )
    return ""
