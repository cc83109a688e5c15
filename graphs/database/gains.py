"""What effects were good for: each judged by its queries, the end as a whole."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from graphs.database.kept import Kept, Timings
from graphs.database.ownership import index_of
from nodes.state import Check
from tools.contract import EffectRecord
from tools.database.measure import Measurement
from tools.database.workload import Query

MIN_SPEEDUP: Final = 1.2
"""The workload must be this many times faster for success."""
MIN_GAIN: Final = 0.05
"""An effect must save this share of the time of the queries whose plan it changed."""
SLOWER_FACTOR: Final = 1.3
SLOWER_MS: Final = 2.0
"""A query is slower when it passes both, in every fresh measurement."""


def is_slower(before: Measurement, after: Measurement) -> bool:
    """Tell whether a query got slower by more than noise."""
    return after.ms > before.ms * SLOWER_FACTOR and after.ms > before.ms + SLOWER_MS


def references(last: Kept, base: Kept, expected: Collection[str]) -> Timings:
    """Return what each query is compared with: its last measurement while that still counts.

    Args:
        last: The last measurement.
        base: From before anything was done; counts when an index was taken back since the last.
        expected: Names of the indexes that were there before the effects that are judged.
    """
    gone = last.indexes.keys() - set(expected)
    return {
        name: base.timings[name] if any(_uses(timing, index) for index in gone) else timing
        for name, timing in last.timings.items()
    }


def expectation(
    record: EffectRecord, changed: Sequence[Query], before: Timings, after: Timings
) -> Check:
    """Judge one effect by those of the queries with another plan that owe it to this effect."""
    affected = [query for query in changed if _owes(record, before[query.id], after[query.id])]
    was, now = _total(affected, before), _total(affected, after)
    slower = [query.id for query in affected if is_slower(before[query.id], after[query.id])]
    needs_gain = not record.action.tool.startswith("drop_")
    if slower:
        problem = f"{', '.join(slower)} got slower"
    elif needs_gain and not affected:
        problem = "no query uses it"
    elif needs_gain and was - now < MIN_GAIN * was:
        problem = f"its queries took {was:,.1f} ms and take {now:,.1f} ms: too little"
    else:
        problem = ""
    noun = "query" if len(affected) == 1 else "queries"
    fine = f"{len(affected)} {noun} went from {was:,.1f} to {now:,.1f} ms"
    return Check(
        name="helps" if needs_gain else "hurts nobody",
        kind="expectation",
        holds=not problem,
        detail=problem or fine,
        key=record.key,
        measured={"before_ms": was, "after_ms": now, "queries": [query.id for query in affected]},
    )


def faster(queries: Sequence[Query], before: Timings, after: Timings) -> Check:
    """Judge the workload as a whole."""
    was, now = _total(queries, before), _total(queries, after)
    speedup = was / now if now > 0 else 1.0
    return Check(
        name="faster",
        kind="success",
        holds=speedup >= MIN_SPEEDUP,
        detail=f"the workload took {was:,.1f} ms, takes {now:,.1f} ms: {speedup:,.1f} times faster",
        measured={"before_ms": was, "after_ms": now, "speedup": speedup},
    )


def none_slower(changed: Sequence[Query], before: Timings, after: Timings) -> Check:
    """Judge every query whose plan changed since the beginning."""
    slower = [query.id for query in changed if is_slower(before[query.id], after[query.id])]
    return Check(
        name="none slower",
        kind="success",
        holds=not slower,
        detail=f"{', '.join(slower)} got slower" if slower else "no query got slower",
    )


def _owes(record: EffectRecord, before: Measurement, after: Measurement) -> bool:
    """Tell whether a changed plan is the work of an effect: it names its index, then or now."""
    if record.action.tool == "create_index":
        return _uses(after, index_of(record))
    return not index_of(record) or _uses(before, index_of(record))


def _uses(timing: Measurement, index: str) -> bool:
    named = re.compile(rf" INDEX {re.escape(index)}( \(|$)")
    return any(named.search(line) for line in timing.plan)


def _total(queries: Iterable[Query], timings: Timings) -> float:
    return sum(timings[query.id].ms * query.calls for query in queries)
