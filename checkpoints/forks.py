"""Where a run can be forked, what stands of it after that point, and the record of a fork."""

from collections.abc import Iterator, Sequence

from checkpoints.store import Store
from checkpoints.tombstones import PRUNED
from tools.contract import STANDING, EffectRecord, JsonObject, Record
from tools.errors import BadInput
from tools.records import LedgerEntry, RunInfo, SpendLimits

UNSETTLED = frozenset({"intended", "in_doubt", "undoing"})
"""Effects of which it is not known for certain whether they stand."""
_PAGE = 10_000


class Point(Record):
    """A moment between two rounds of deciding."""

    run: str
    before: str
    """The decision that was made next, e.g. `tune.2`."""
    beside: tuple[str, ...] = ()
    """What else was decided in the same round; the point lies before all of it."""
    seq: int
    """The first entry of the ledger that came after it."""


class Effects(Record):
    """What became of a forked run's effects."""

    earlier: tuple[EffectRecord, ...]
    """From before the point, standing: the fork builds on them."""
    later: tuple[EffectRecord, ...]
    """From after the point, standing, or perhaps: the fork must be told what to do about them."""
    lost: tuple[EffectRecord, ...]
    """From before the point, standing then but not now: that point is no more."""
    unsettled: tuple[EffectRecord, ...]
    """Not known for certain to stand or not."""


def every_entry(store: Store, run: str) -> Iterator[LedgerEntry]:
    """Yield a run's lines on the ledger, however many, oldest first."""
    after = 0
    while page := store.ledger.entries(run, after=after, limit=_PAGE):
        yield from page
        after = page[-1].seq


def point_before(entries: Sequence[LedgerEntry], run: str, step: str) -> Point:
    """Return the point before a step, or before one action of it, was decided.

    Args:
        entries: The run's ledger.
        run: The run's whole name.
        step: A step (`tune`) or one action of it (`tune.2`).

    Raises:
        BadInput: Nothing of that name was decided, or what the run knew then was pruned.
    """
    if any(entry.kind == PRUNED for entry in entries):
        raise BadInput(
            f"Run {run!r} was pruned: what it knew at an earlier point is gone.",
            advice="Start another run for the same goal.",
        )
    name, _, ordinal = step.rpartition(".")
    wanted = {f"{run}/{name}/{ordinal}", f"{run}/{step}/1"}
    places = [
        place
        for place, entry in enumerate(entries)
        if entry.kind == "decision" and entry.subject in wanted
    ]
    if not places:
        raise _unknown(entries, run, step)
    # All decisions of a round are written at once, and the point lies before the round.
    first = last = places[0]
    while first and entries[first - 1].kind == "decision":
        first -= 1
    while entries[last].kind == "decision" and last < len(entries) - 1:
        last += 1
    round_ = dict.fromkeys(_label(entry) for entry in entries[first : last + 1] if _label(entry))
    label = _label(entries[places[0]])
    beside = tuple(name for name in round_ if name != label)
    return Point(run=run, before=label, beside=beside, seq=entries[first].seq)


def _label(entry: LedgerEntry) -> str:
    """Return how people call a decision; empty for another entry."""
    decided = entry.kind == "decision"
    return ".".join(entry.subject.rsplit("/", 2)[1:]) if decided else ""


def effects_at(store: Store, entries: Sequence[LedgerEntry], point: Point) -> Effects:
    """Tell what of a run's effects stands, and since when, seen from a point of it."""
    then: dict[str, str] = {}
    for entry in entries:
        if entry.kind == "effect" and entry.seq < point.seq:
            then[entry.subject] = str(entry.body.get("state"))
    records = store.journal.of_run(point.run)
    standing = [record for record in records if record.state in STANDING]
    lost = [
        record
        for record in records
        if record.state not in STANDING and then.get(record.key) == "applied"
    ]
    return Effects(
        earlier=tuple(record for record in standing if record.key in then),
        later=tuple(
            record
            for record in records
            if record.state in STANDING | UNSETTLED and record.key not in then
        ),
        lost=tuple(lost),
        unsettled=tuple(record for record in records if record.state in UNSETTLED),
    )


def record_fork(
    store: Store, info: RunInfo, point: Point, *, entries: Sequence[tuple[str, str, JsonObject]]
) -> None:
    """Enter a fork into the store, on its own ledger and on that of the run it came from.

    What models had cost that run up to the point is spent in the fork as well. To be called in a
    transaction with whatever else makes the fork.

    Args:
        store: Where both are kept.
        info: The new run.
        point: Where it was forked.
        entries: Kind, subject and body of what the fork's ledger begins with; the last one is told
            to the other run as well, less its largest part.
    """
    store.runs.create(info)
    for kind, subject, body in entries:
        store.ledger.append(info.run, kind, subject, body)
    told = {name: value for name, value in entries[-1][2].items() if name != "prefix"}
    store.ledger.append(point.run, "forked", info.run, told | {"run": info.run})
    _carry_spending(store, info.run, point)


def _carry_spending(store: Store, run: str, point: Point) -> None:
    entries = store.ledger.entries(point.run, after=point.seq - 1, limit=1)
    before = [one for one in store.spending.of_run(point.run) if one.at <= entries[0].at]
    tokens, usd = sum(one.tokens for one in before), sum(one.usd for one in before)
    if not tokens and not usd:
        return
    call = f"{run}/carried over"
    store.spending.reserve(
        call,
        run=run,
        role="before the fork",
        model=f"all, in {point.run}",
        tokens=tokens,
        usd=usd,
        limits=SpendLimits(max_usd=usd, max_tokens=tokens),
    )
    store.spending.settle(call, tokens=tokens, usd=usd)


def _unknown(entries: Sequence[LedgerEntry], run: str, step: str) -> BadInput:
    labels = dict.fromkeys(_label(entry) for entry in entries if _label(entry))
    parent = next((entry.body.get("of") for entry in entries if entry.kind == "fork"), "")
    elsewhere = f" What came before this fork was decided in run {parent!r}." if parent else ""
    return BadInput(
        f"Run {run!r} decided nothing called {step!r}.{elsewhere}",
        advice=f"It decided {', '.join(labels) or 'nothing yet'}.",
    )
