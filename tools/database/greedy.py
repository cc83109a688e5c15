"""Picks indexes by what was measured, most gain per cost first."""

import heapq
from collections.abc import Sequence
from typing import Final

from tools.database.spec import IndexSpec
from tools.database.trials import Indexes, Trials, sorted_specs
from tools.database.weighing import COST_OF_ONE, Scales
from tools.errors import Refused

MIN_SHARE_OF_TOTAL: Final = 0.02
MIN_SHARE_OF_QUERY: Final = 0.2
"""A pick must save so much of the whole baseline, or of one query's time."""

MAX_PICKS: Final = 60


class Greedy:
    """Picks from bundles, with what is already picked in mind.

    Args:
        trials: After its baseline.
    """

    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        self._scales = Scales(trials)
        self._total = self._scales.weighted(trials.timings(frozenset()))
        self._limit = MAX_PICKS
        self.picked: list[IndexSpec] = []
        """In the order of picking."""
        self.reasons: dict[IndexSpec, str] = {}
        """Why others were not picked, the latest reason."""

    def pick(self, bundles: Sequence[Indexes], *, limit: int = MAX_PICKS) -> None:
        """Add bundles, best first, until none is worth its cost.

        Args:
            bundles: What to pick from.
            limit: At most so many indexes are picked in all.

        Raises:
            TimeUp: What was picked by then stands.
        """
        self._limit = limit
        while self._pass_over(bundles):
            pass

    def _pass_over(self, bundles: Sequence[Indexes]) -> bool:
        """Go through all bundles once, best first; tell whether any was picked."""
        # Plans alone bound what a bundle can gain, so that only promising ones are measured; and
        # gains mostly shrink as others are picked, so that only the best is weighed again.
        queue = [(-float("inf"), place, -1, False) for place in range(len(bundles))]
        picks = 0
        while queue:
            _, place, weighed_at, measured = heapq.heappop(queue)
            bundle = bundles[place]
            if measured and weighed_at == picks:
                self.picked.extend(self._new(bundle))
                picks += 1
                continue
            bounded = weighed_at == picks
            score = self._score(bundle) if bounded else self._bound(bundle)
            if score > 0:
                heapq.heappush(queue, (-score, place, picks, bounded))
        return picks > 0

    def _new(self, bundle: Indexes) -> list[IndexSpec]:
        return sorted_specs(bundle.difference(self.picked))

    def _bound(self, bundle: Indexes) -> float:
        """Return the most that a bundle can gain per cost: all the time of the plans it changes."""
        new = self._new(bundle)
        if not new:
            return 0.0
        if len(self.picked) + len(new) > self._limit:
            return self._reject(new, f"among {self._limit} indexes there are better ones")
        before = frozenset(self.picked)
        changed = {
            name: timing
            for name, timing in self._trials.timings(before).items()
            if self._trials.plan(name, before | bundle) != self._trials.plan(name, before)
        }
        if not changed:
            return self._reject(new, "changes no plan, given the others")
        return self._scales.weighted(changed) / (COST_OF_ONE * len(new))

    def _score(self, bundle: Indexes) -> float:
        """Return gain per cost of what a bundle adds; 0 when it is not worth it."""
        new, before = self._new(bundle), frozenset(self.picked)
        try:
            verdict = self._scales.weigh(before, before | bundle)
        except Refused as fault:
            return self._reject(new, fault.what)
        if verdict.slower:
            return self._reject(new, f"makes {', '.join(verdict.slower)} slower")
        share = verdict.gain_ms / self._total if self._total > 0 else 0.0
        if share < MIN_SHARE_OF_TOTAL and verdict.share_of_query < MIN_SHARE_OF_QUERY:
            return self._reject(new, f"saves only {max(share, 0.0):.1%} of the workload's time")
        return verdict.gain_ms / self._scales.cost(new)

    def _reject(self, specs: Sequence[IndexSpec], reason: str) -> float:
        for spec in specs:
            if len(specs) == 1 or spec not in self.reasons:
                self.reasons[spec] = reason
        return 0.0
