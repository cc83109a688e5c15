"""Puts what a simulation found into plain JSON."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from tools.contract import JsonObject
from tools.database.choice import Choice, Step
from tools.database.trials import Timings, Trials
from tools.database.weighing import Scales
from tools.database.workload import Query, Workload

MAX_REJECTED: Final = 30
"""More are counted, not listed."""


def describe(
    trials: Trials, choice: Choice, workload: Workload, failed: Mapping[str, str]
) -> JsonObject:
    """Return baseline, chosen indexes, rejected ones and totals.

    Totals are in milliseconds over all calls of the workload; those of single indexes and queries
    are for one run each.

    Args:
        trials: Knows the timings.
        choice: What was chosen.
        workload: All queries.
        failed: Why some queries could not be measured, by id.
    """
    before = trials.timings(frozenset())
    after = choice.analyzed or choice.timings
    weighted = Scales(trials).weighted
    totals = {"total_before_ms": weighted(before), "total_after_ms": weighted(after)}
    rejected = list(choice.rejected.items())
    return {
        "summary": _summary(choice, totals, len(failed)),
        "baseline": [_query(query, before, after, failed) for query in workload.queries],
        "chosen": [_chosen(trials, step) for step in choice.steps],
        "rejected": [{**spec.to_json(), "reason": why} for spec, why in rejected[:MAX_REJECTED]],
        "rejected_count": len(rejected),
        **{name: round(value, 3) for name, value in totals.items()},
        "total_after_without_analyze_ms": round(weighted(choice.timings), 3),
        "one_pass_before_ms": round(sum(timing.ms for timing in before.values()), 3),
        "one_pass_after_ms": round(sum(timing.ms for timing in after.values()), 3),
        "analyze": choice.analyzed is not None,
        "partial": choice.partial,
    }


def _summary(choice: Choice, totals: Mapping[str, float], failed: int) -> str:
    before, after = totals["total_before_ms"], totals["total_after_ms"]
    times = before / after if after > 0 else 1.0
    change = f"from {before:,.0f} to {after:,.0f} ms ({times:,.1f} times faster)"
    parts = [f"{len(choice.steps)} indexes bring the workload {change} on a copy."]
    parts += ["ANALYZE helps."] if choice.analyzed else []
    parts += [f"{failed} queries could not be measured."] if failed else []
    parts += ["Time ran out: there may be more to gain."] if choice.partial else []
    return " ".join(parts)


def _query(query: Query, before: Timings, after: Timings, failed: Mapping[str, str]) -> JsonValue:
    entry: JsonObject = {"query": query.id, "name": query.name, "calls": query.calls}
    timing = before.get(query.id)
    if timing is None:
        return entry | {"error": failed.get(query.id, "Not measured.")}
    return entry | timing.to_json() | {"predicted_ms": after[query.id].ms}


def _chosen(trials: Trials, step: Step) -> JsonValue:
    return {
        **step.spec.to_json(),
        "name": step.spec.name,
        "queries": [trials.queries[name].name for name in step.queries],
        "query_ids": list(step.queries),
        "predicted_ms_before": step.ms_before,
        "predicted_ms_after": step.ms_after,
        "size_bytes": step.size_bytes,
        "build_ms": step.build_ms,
    }
