"""Compares two sets of indexes by what was measured, with noise in mind."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from tools.database.spec import IndexSpec
from tools.database.trials import Indexes, Timing, Timings, Trials

MIN_MS: Final = 0.2
"""Smaller differences of one run are taken for noise."""
SLOWER_SHARE, SLOWER_MS = 0.3, 0.3
"""A query is slower when it passes both, and still does when measured again."""
SLOWER_FOR_LESS_WORK: Final = 0.5
"""The share for a plan that takes no more VM steps: there, noise is the likelier cause."""
OBVIOUS: Final = 3.0
"""What takes so many times as long is not measured again."""
COST_OF_ONE: Final = 1.0
COST_PER_MB: Final = 0.5
COST_PER_BUILD_SECOND: Final = 5.0
"""Every write pays for each index, for its size and for what sorting it in takes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What going from one set of indexes to another would bring."""

    gain_ms: float
    """Over all calls of the workload."""
    share_of_query: float
    """The largest share that one query saves of its time."""
    slower: tuple[str, ...]
    """Ids of queries that it would slow down."""


class Scales:
    """Weighs sets of indexes against each other.

    Args:
        trials: After its baseline.
    """

    def __init__(self, trials: Trials) -> None:
        self._trials = trials

    def weigh(self, before: Indexes, after: Indexes) -> Verdict:
        """Return what the change brings.

        Raises:
            TimeUp: Before all was measured.
            Refused: An index cannot be built.
        """
        slower = self.slower(before, after)
        was = self._trials.timings(before)
        now = self._trials.timings(after, against=was)
        return Verdict(
            gain_ms=self.weighted(was) - self.weighted(now),
            share_of_query=max((saved_share(was[name], now[name]) for name in was), default=0.0),
            slower=slower,
        )

    def slower(self, before: Indexes, after: Indexes) -> tuple[str, ...]:
        """Return the queries that `after` slows down, in doubt measured again.

        Raises:
            TimeUp: Before all was measured.
            Refused: An index cannot be built.
        """
        was = self._trials.timings(before)
        now = self._trials.timings(after, against=was)
        doubtful = [name for name in was if is_slower(was[name], now[name])]
        return tuple(
            name
            for name in doubtful
            if now[name].ms > OBVIOUS * was[name].ms or self._stays_slower(name, before, after)
        )

    def weighted(self, timings: Timings) -> float:
        """Return the milliseconds of all calls of the workload."""
        queries = self._trials.queries
        return sum(timing.ms * queries[name].calls for name, timing in timings.items())

    def cost(self, indexes: Collection[IndexSpec]) -> float:
        """Return what indexes cost to keep, as far as they were built."""
        return sum(
            COST_OF_ONE
            + COST_PER_MB * self._trials.size_bytes(spec) / 1e6
            + COST_PER_BUILD_SECOND * self._trials.build_ms(spec) / 1e3
            for spec in indexes
        )

    def _stays_slower(self, name: str, before: Indexes, after: Indexes) -> bool:
        was = self._trials.timings(before)[name]
        now = self._trials.confirm(name, after, against=was)
        return is_slower(was, now) and is_slower(self._trials.confirm(name, before), now)


def saved_share(was: Timing, now: Timing) -> float:
    """Return the share of a query's time that is saved; 0 when it may be noise."""
    saved = was.ms - now.ms
    return saved / was.ms if saved >= MIN_MS else 0.0


def is_slower(was: Timing, now: Timing) -> bool:
    """Tell whether a query seems to take longer by more than noise."""
    more = now.ms - was.ms
    less_work = now.complete and was.complete and now.steps <= was.steps
    share = SLOWER_FOR_LESS_WORK if less_work else SLOWER_SHARE
    return now.plan != was.plan and more > SLOWER_MS and more > share * was.ms
