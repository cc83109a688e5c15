"""Chooses the indexes to create: picks, spares what it can, and says what each one brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tools.contract import Record
from tools.database.bundles import find_bundles
from tools.database.greedy import MIN_SHARE_OF_QUERY, MIN_SHARE_OF_TOTAL, Greedy
from tools.database.spec import IndexSpec
from tools.database.thrift import Thrift
from tools.database.trials import Indexes, TimeUp, Timings, Trials
from tools.database.weighing import Scales, is_slower, saved_share
from tools.errors import Refused
from tools.progress import report

CLEAR: Final = 0.8
VISIBLE: Final = 0.9
"""A step clearly or visibly helps when its queries take at most this share of their time."""


class Step(Record):
    """One index, and what it brings when those before it are there."""

    spec: IndexSpec
    queries: tuple[str, ...]
    """Ids of the queries that it makes faster."""
    ms_before: float
    """What these take together, once each, without it."""
    ms_after: float
    size_bytes: int
    build_ms: float


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and why the rest was not."""

    steps: tuple[Step, ...]
    """In the order to create them."""
    rejected: Mapping[IndexSpec, str]
    timings: Timings
    """With all of them."""
    analyzed: Timings | None
    """With all of them and fresh statistics, when that helps."""
    partial: bool
    """Whether time ran out before the search was over."""

    @property
    def specs(self) -> Indexes:
        """The chosen indexes."""
        return frozenset(step.spec for step in self.steps)


def choose(
    trials: Trials, candidates: Mapping[str, Sequence[IndexSpec]], *, max_indexes: int
) -> Choice:
    """Choose from candidates by what was measured.

    Args:
        trials: After its baseline.
        candidates: By query id.
        max_indexes: At most so many are chosen.

    Returns:
        The choice; when time runs out, what was found by then.
    """
    greedy = Greedy(trials)
    partial = False
    try:
        _search(trials, greedy, candidates, max_indexes)
    except TimeUp:
        partial = True
    greedy.picked = greedy.picked[:max_indexes]
    steps, unclear = _steps(trials, greedy)
    chosen = frozenset(step.spec for step in steps)
    analyzed, unknown = _analyzed(trials, chosen)
    return Choice(
        steps=steps,
        rejected={spec: why for spec, why in greedy.reasons.items() if spec not in chosen},
        timings=trials.timings(chosen),
        analyzed=analyzed,
        partial=partial or unclear or unknown or trials.expired,
    )


def _search(
    trials: Trials,
    greedy: Greedy,
    candidates: Mapping[str, Sequence[IndexSpec]],
    max_indexes: int,
) -> None:
    """Pick, spare and trim; the picks stand whenever time runs out."""
    first, bundles = find_bundles(trials, candidates)
    thrift = Thrift(trials, greedy.reasons)
    # The planner's first choices make the slow queries fast; the rest is then cheap to measure.
    greedy.pick(first)
    greedy.pick(bundles)
    report("Looking for indexes that can be spared")
    pool = frozenset(spec for bundle in bundles for spec in bundle)
    greedy.picked = thrift.pruned(greedy.picked)
    greedy.picked = thrift.merged(greedy.picked, pool)
    greedy.picked = thrift.trimmed(greedy.picked, limit=max_indexes)


def _steps(trials: Trials, greedy: Greedy) -> tuple[tuple[Step, ...], bool]:
    """Return the picks so that each helps when it comes, and whether time ran out.

    A pick that helps nowhere in the order is left out: whoever creates one at a time and looks
    whether it helps would not keep it.
    """
    order: list[Step] = []
    left = list(greedy.picked)
    try:
        while left:
            step = _next(trials, order, left)
            if step is None:
                break
            order.append(step)
            left.remove(step.spec)
    except TimeUp:
        return tuple(order), True
    for spec in left:
        greedy.reasons[spec] = "does not help by itself when its turn comes"
    return tuple(order), False


def _next(trials: Trials, order: Sequence[Step], left: Sequence[IndexSpec]) -> Step | None:
    """Return the first step that helps much, else the first that helps at all."""
    modest = None
    for spec in left:
        step = _step(trials, order, spec)
        if step and step.ms_after <= CLEAR * step.ms_before:
            return step
        modest = modest or step
    return modest


def _step(trials: Trials, order: Sequence[Step], spec: IndexSpec) -> Step | None:
    """Return what an index brings after others, or None when that is too little to see."""
    before = frozenset(step.spec for step in order)
    if Scales(trials).weigh(before, before | {spec}).slower:
        return None
    was, now = trials.timings(before), trials.timings(before | {spec})
    faster = [
        name for name in was if was[name].plan != now[name].plan and now[name].ms < was[name].ms
    ]
    step = Step(
        spec=spec,
        queries=tuple(faster),
        ms_before=round(sum(was[name].ms for name in faster), 3),
        ms_after=round(sum(now[name].ms for name in faster), 3),
        size_bytes=trials.size_bytes(spec),
        build_ms=trials.build_ms(spec),
    )
    return step if faster and step.ms_after <= VISIBLE * step.ms_before else None


def _analyzed(trials: Trials, chosen: Indexes) -> tuple[Timings | None, bool]:
    """Return the timings after ANALYZE when it is worth it, and whether time ran out."""
    report("Trying fresh statistics on the copy")
    was = trials.timings(chosen)
    try:
        now = trials.analyzed(chosen)
    except TimeUp:
        return None, True
    except Refused:
        return None, False
    scales = Scales(trials)
    total = scales.weighted(trials.timings(frozenset()))
    gain = scales.weighted(was) - scales.weighted(now)
    share = max((saved_share(was[name], now[name]) for name in was), default=0.0)
    worth = gain >= MIN_SHARE_OF_TOTAL * total or (gain > 0 and share >= MIN_SHARE_OF_QUERY)
    hurts = any(is_slower(was[name], now[name]) for name in was)
    return (now if worth and not hurts else None), False
