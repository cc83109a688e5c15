"""Makes a good set of indexes smaller without making any query slower, and puts it in order."""

from collections.abc import Collection, Iterable

from tools.database.spec import IndexSpec
from tools.database.trials import Indexes, Trials, sorted_specs
from tools.database.weighing import Scales
from tools.errors import Refused


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
            if not self._scales.slower(frozenset(kept), frozenset(kept) - {spec}):
                kept.remove(spec)
                self._reasons[spec] = "no query gets slower without it, given the others"
        return kept

    def merged(self, chosen: Iterable[IndexSpec], pool: Collection[IndexSpec]) -> list[IndexSpec]:
        """Return the indexes with some replaced by one of the pool that does their work for less.

        Raises:
            TimeUp: Before all was measured.
        """
        kept = list(chosen)
        for spec in sorted_specs(pool):
            if spec not in kept and _may_replace(spec, kept):
                kept = self._replaced(kept, spec)
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

    def _replaced(self, kept: list[IndexSpec], spec: IndexSpec) -> list[IndexSpec]:
        present = frozenset(kept)
        spared: Indexes = frozenset()
        try:
            for other in kept:
                without = (present | {spec}) - spared - {other}
                if other.table == spec.table and not self._scales.slower(present, without):
                    spared |= {other}
        except Refused:
            return kept
        if not spared or self._scales.cost(spared) <= self._scales.cost({spec}):
            return kept
        for other in spared:
            self._reasons[other] = f"({', '.join(spec.columns)}) does its work for less"
        return [other for other in kept if other not in spared] + [spec]


def _may_replace(spec: IndexSpec, kept: Collection[IndexSpec]) -> bool:
    """Tell whether an index begins like others that it could spare or do for less."""
    alike = [
        other for other in kept if other.table == spec.table and other.columns[0] == spec.columns[0]
    ]
    return len(alike) > 1 or any(len(spec.columns) < len(other.columns) for other in alike)
