"""Chooses the indexes to create: picks, spares what it can, and says what each one brings."""

from collections.abc import Iterable, Mapping, Sequence
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

PRICE_OF_COST: Final = 0.004
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
    search = _Search(trials, max_indexes)
    partial = False
    try:
        search.run(candidates)
    except TimeUp:
        partial = True
    chosen = frozenset(_specs(search.steps))
    return Choice(
        steps=search.steps,
        rejected={spec: why for spec, why in search.reasons.items() if spec not in chosen},
        timings=trials.timings(chosen),
        analyzed=_analyzed(trials, chosen),
        partial=partial or trials.expired,
    )


class _Search:
    """Picks, spares and trims; `steps` is the best so far, whenever time runs out."""

    def __init__(self, trials: Trials, max_indexes: int) -> None:
        self._trials = trials
        self._limit = max_indexes
        self._greedy = Greedy(trials)
        self._thrift = Thrift(trials, self._greedy.reasons)
        self.reasons = self._greedy.reasons
        self.steps: tuple[Step, ...] = ()

    def run(self, candidates: Mapping[str, Sequence[IndexSpec]]) -> None:
        """Search.

        Raises:
            TimeUp: What was found by then stands.
        """
        try:
            self._look(candidates)
        except TimeUp:
            if not self.steps:
                self._order(self._greedy.picked[: self._limit])
            raise

    def _look(self, candidates: Mapping[str, Sequence[IndexSpec]]) -> None:
        first, bundles = find_bundles(self._trials, candidates)
        # The first choices make the slow queries fast; the rest is then cheap to measure.
        self._greedy.pick(first)
        self._greedy.pick(bundles)
        report("Looking for indexes that can be spared")
        pool = frozenset(spec for bundle in bundles for spec in bundle)
        # While there are many, one can be exchanged for a better one without anybody missing it.
        many = self._thrift.exchanged(self._greedy.picked, pool)
        few = self._thrift.exchanged(self._thrift.pruned(many), pool)
        if self._order(self._thrift.trimmed(few, limit=self._limit)):
            self._go_on(many, [bundle for bundle in bundles if len(bundle) == 1])

    def _go_on(self, many: Sequence[IndexSpec], singles: Sequence[Indexes]) -> None:
        """Mend a choice in which some only together do no harm, in two ways; the better stays."""
        found = [self.steps]
        self._greedy.picked = _specs(self.steps)
        self._greedy.pick(singles, limit=self._limit)
        for start in (self._greedy.picked, self._thrift.trimmed(many, limit=self._limit)):
            self._order(start)
            self._spare()
            found.append(self.steps)
        self.steps = min(found, key=self._price)

    def _spare(self) -> None:
        """Leave out what is not needed as long as the rest still has an order."""
        for spec in reversed(_specs(self.steps)):
            whole = self.steps
            rest = [other for other in _specs(whole) if other != spec]
            if not self._thrift.is_spare(spec, rest) or self._order(rest):
                self.steps = whole

    def _price(self, steps: Sequence[Step]) -> float:
        """Return the time that is left with these, raised by what they cost."""
        specs = frozenset(_specs(steps))
        scales = Scales(self._trials)
        return scales.weighted(self._trials.timings(specs)) * (
            1 + PRICE_OF_COST * scales.cost(specs)
        )

    def _order(self, specs: Iterable[IndexSpec]) -> list[IndexSpec]:
        """Put indexes in an order in which each helps when it comes; return those that do not.

        Whoever creates one at a time and looks whether it helps would not keep these.
        """
        order: list[Step] = []
        left = list(specs)
        try:
            while left and (step := _next(self._trials, order, left)):
                order.append(step)
                left.remove(step.spec)
        finally:
            self.steps = tuple(order)
        for spec in left:
            self.reasons[spec] = "does not help by itself when its turn comes"
        return left


def _specs(steps: Iterable[Step]) -> list[IndexSpec]:
    return [step.spec for step in steps]


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
    before = frozenset(_specs(order))
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


def _analyzed(trials: Trials, chosen: Indexes) -> Timings | None:
    """Return the timings after ANALYZE when it is worth it, and time is left to see."""
    report("Trying fresh statistics on the copy")
    was = trials.timings(chosen)
    try:
        now = trials.analyzed(chosen)
    except (TimeUp, Refused):
        return None
    scales = Scales(trials)
    total = scales.weighted(trials.timings(frozenset()))
    gain = scales.weighted(was) - scales.weighted(now)
    share = max((saved_share(was[name], now[name]) for name in was), default=0.0)
    worth = gain >= MIN_SHARE_OF_TOTAL * total or (gain > 0 and share >= MIN_SHARE_OF_QUERY)
    hurts = any(is_slower(was[name], now[name]) for name in was)
    return now if worth and not hurts else None
