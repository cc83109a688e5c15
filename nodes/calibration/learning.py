"""From answers to a threshold with a promise.

Learn then Test (Angelopoulos and others, 2021): thresholds are tried from the strictest down, each
with an exact bound on the share that people would reject above it, and the first that fails ends
the search. The promise: with probability 1 - `delta` no threshold in force lets more than `alpha`
through. It is looked at so often only as the promise was divided for: at 64 answers, and whenever
there are three times as many. The model that scores is fitted on the answers *before* those that
test it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, log, log1p

from nodes.calibration.binomial import upper_bound
from nodes.calibration.logistic import Logistic, fit

DELTA = 0.1
AUDITED = 0.05
"""Share of what passes that is asked about all the same, chosen by chance."""
FIRST_LOOK = 64
GROWTH = 3
STRAIN = 1.5
"""Rejections above the threshold, beyond twice what was promised, after which all starts anew."""
NEVER = 2.0
"""A threshold that no probability reaches."""
STEPS = 20
"""Thresholds that are tried at most at one look."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One answered question."""

    features: tuple[float, ...]
    """The first is the decider's own confidence, from 0 to 1."""
    approved: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A score and the threshold that held for it."""

    model: Logistic | None = None
    """Scores; the decider's own confidence does when there is none."""
    threshold: float = NEVER
    bound: float = 1.0
    """Upper bound of the share rejected above the threshold."""

    def probability(self, features: Sequence[float]) -> float:
        """Return the probability that people approve."""
        return features[0] if self.model is None else self.model.probability(features)

    def passes(self, features: Sequence[float]) -> bool:
        """Tell whether an action lies above the threshold."""
        return self.probability(features) >= self.threshold


@dataclass(slots=True)
class Learner:
    """What was learned so far of one kind of action.

    Args:
        alpha: Share of rejections that is bearable among what is not asked about.
        delta: Probability that the promise is broken.
    """

    alpha: float
    delta: float = DELTA
    rule: Rule = Rule()
    looks: int = 0
    resets: int = 0
    """How often people's answers have changed."""
    samples: list[Sample] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    """For how many proposals each sample stands: of what passes, only some are asked about."""
    tested: int = 0
    """Answers that were looked at already."""
    strain: float = 0.0

    def risk(self, features: Sequence[float]) -> float:
        """Return the upper bound of the share that people reject of such; 1 when unknown."""
        return self.rule.bound if self.rule.passes(features) else 1.0

    def add(self, sample: Sample) -> None:
        """Learn from one more answer."""
        audited = self.rule.passes(sample.features)
        if audited and self._strained(sample):
            self._start_anew()
            return
        self.samples.append(sample)
        self.weights.append(1 / AUDITED if audited else 1.0)
        if len(self.samples) == FIRST_LOOK * GROWTH**self.looks:
            self._look()

    def _strained(self, sample: Sample) -> bool:
        """Follow the rejections above the threshold (CUSUM)."""
        self.strain = max(0.0, self.strain + (not sample.approved) - 2 * self.alpha)
        return self.strain >= STRAIN

    def _start_anew(self) -> None:
        self.rule, self.looks, self.tested, self.strain = Rule(), 0, 0, 0.0
        self.samples, self.weights, self.resets = [], [], self.resets + 1

    def _look(self) -> None:
        """Fit on what was looked at before, test on the answers since, keep what spares more."""
        old, fresh = self.samples[: self.tested], self.samples[self.tested :]
        model = fit([one.features for one in old], [one.approved for one in old]) if old else None
        self.looks += 1
        self.tested = len(self.samples)
        scored = [(Rule(model).probability(one.features), one.approved) for one in fresh]
        threshold, bound = find_threshold(scored, self.alpha, self.delta / 2**self.looks)
        found = Rule(model, threshold, bound)
        # Each held by itself, and the promise was divided among all looks: so the better may stay,
        # as long as what was asked since does not speak against it.
        stays = self._spared(self.rule) > self._spared(found) and self._stands(self.rule, fresh)
        self.rule = self.rule if stays else found

    def _stands(self, rule: Rule, fresh: Sequence[Sample]) -> bool:
        """Tell whether fresh answers above a threshold were rejected no more than is bearable."""
        above = [one.approved for one in fresh if rule.passes(one.features)]
        return above.count(False) <= self.alpha * len(above)

    def _spared(self, rule: Rule) -> float:
        """Return for how many proposals nobody would have been asked."""
        pairs = zip(self.samples, self.weights, strict=True)
        return sum(weight for one, weight in pairs if rule.passes(one.features))


def find_threshold(
    scored: Sequence[tuple[float, bool]], alpha: float, delta: float
) -> tuple[float, float]:
    """Return the lowest threshold that holds, with its bound; `NEVER` when none does.

    Args:
        scored: Probability and approval of answers that the score was not made from.
        alpha: Share of rejections that is bearable.
        delta: Probability that more than that is rejected above the threshold.
    """
    ranked = sorted(scored, reverse=True)
    # Fewer could not prove it without a single rejection; how many there are, no answer decides.
    least = ceil(log(delta) / log1p(-alpha))
    found = NEVER, 1.0
    for count in range(least, len(ranked) + 1, max(1, (len(ranked) - least) // STEPS)):
        threshold = ranked[count - 1][0]
        above = [approved for score, approved in ranked if score >= threshold]
        bound = upper_bound(above.count(False), len(above), delta)
        if bound > alpha:
            break
        found = threshold, bound
    return found
