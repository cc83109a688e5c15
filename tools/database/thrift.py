"""Makes a good set of indexes smaller or cheaper without making any query slower."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from tools.database.spec import IndexSpec
from tools.database.trials import Indexes, Trials, sorted_specs
from tools.database.weighing import Scales
from tools.errors import Refused

WORTH_OF_COST: Final = 0.1
"""Saving all the cost of indexes is worth losing this share of the time that is left."""
MIN_BETTER: Final = 0.003
"""A change must be better by so much, so that noise does not drive it."""


class Thrift:
    """Leaves out and replaces indexes.

    Args:
        trials: Knows the timings.
        reasons: Told why an index was left out.
    """

    def __init__(self, trials: Trials, reasons: dict[IndexSpec, str]) -> None:
        self._trials = trials
        self._scales = Scales(trials)
        self._reasons = reasons

    def pruned(self, chosen: Iterable[IndexSpec]) -> list[IndexSpec]:
        """Return the indexes that are needed: each in turn is left out, and missed or not.

        Raises:
            TimeUp: Before all was measured.
        """
        kept = list(chosen)
        for spec in tuple(kept):
            rest = [other for other in kept if other != spec]
            if self.is_spare(spec, rest):
                kept = rest
                self._reasons[spec] = "no query gets slower without it, given the others"
        return kept

    def is_spare(self, spec: IndexSpec, rest: Sequence[IndexSpec]) -> bool:
        """Tell whether an index beside others is not worth its cost.

        Raises:
            TimeUp: Before all was measured.
        """
        return self._worth(frozenset({spec, *rest}), frozenset(rest)) > 0

    def exchanged(
        self, chosen: Iterable[IndexSpec], pool: Collection[IndexSpec]
    ) -> list[IndexSpec]:
        """Return the indexes, some replaced by one of the pool that does more, or costs less.

        Raises:
            TimeUp: Before all was measured.
        """
        kept = list(chosen)
        for spec in sorted_specs(pool):
            alike = [other for other in kept if _alike(other, spec)]
            if spec not in kept and alike:
                kept = self._best_exchange(kept, spec, alike)
        return kept

    def trimmed(self, chosen: Iterable[IndexSpec], *, limit: int) -> list[IndexSpec]:
        """Return the indexes less those that are missed least, one after another.

        Raises:
            TimeUp: Before all was measured.
        """
        kept = list(chosen)
        while len(kept) > limit:
            present = frozenset(kept)
            times = {
                spec: self._scales.weighted(self._trials.timings(present - {spec})) for spec in kept
            }
            least = min(kept, key=lambda spec: times[spec])
            kept.remove(least)
            self._reasons[least] = f"among {limit} indexes there are better ones"
        return kept

    def _best_exchange(
        self, kept: list[IndexSpec], spec: IndexSpec, alike: list[IndexSpec]
    ) -> list[IndexSpec]:
        present = frozenset(kept)
        try:
            worths = {
                spared: self._worth(present, (present | {spec}) - spared) for spared in _sets(alike)
            }
        except Refused:
            return kept
        best = max(worths, key=lambda spared: worths[spared])
        if worths[best] <= MIN_BETTER:
            return kept
        for other in best:
            self._reasons[other] = f"({', '.join(spec.columns)}) serves better"
        # The newcomer takes the place of the first that it replaces: the order has its reasons.
        place = min(kept.index(other) for other in best)
        others = [other for other in kept[place:] if other not in best]
        return [*kept[:place], spec, *others]

    def _worth(self, before: Indexes, after: Indexes) -> float:
        """Return what a change is worth as a share of the time that is left; -1 when it hurts."""
        verdict = self._scales.weigh(before, after)
        if verdict.slower:
            return -1.0
        total = self._scales.weighted(self._trials.timings(before))
        cost = self._scales.cost(before)
        faster = verdict.gain_ms / total if total > 0 else 0.0
        cheaper = (cost - self._scales.cost(after)) / cost if cost > 0 else 0.0
        return faster + WORTH_OF_COST * cheaper


def _alike(one: IndexSpec, other: IndexSpec) -> bool:
    """Tell whether two indexes serve the same lookups."""
    return one.table == other.table and one.columns[0] == other.columns[0]


def _sets(alike: list[IndexSpec]) -> Iterator[Indexes]:
    """Yield each by itself, and all together."""
    yield from (frozenset({spec}) for spec in alike)
    if len(alike) > 1:
        yield frozenset(alike)
