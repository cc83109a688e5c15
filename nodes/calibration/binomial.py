"""Exact bounds of a share that was counted (Clopper and Pearson, Biometrika 26, 1934)."""

from math import exp, lgamma, log, log1p

_STEPS = 60
"""Halvings of the search: far below any share that is told."""


def upper_bound(hits: int, trials: int, delta: float) -> float:
    """Return the share that is passed with probability `delta` at most, given what was counted.

    Args:
        hits: How often it happened.
        trials: In how many cases; with none, the bound is 1.
        delta: Probability, above 0 and below 1, that the true share is higher.
    """
    if hits >= trials:
        return 1.0
    low, high = hits / trials, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if _at_most(hits, trials, middle) < delta else (middle, high)
    return high


def lower_bound(hits: int, trials: int, delta: float) -> float:
    """Return the share that is missed with probability `delta` at most."""
    return 1.0 - upper_bound(trials - hits, trials, delta) if trials else 0.0


def interval(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Return the two-sided interval of a share."""
    tail = (1.0 - level) / 2
    return lower_bound(hits, trials, tail), upper_bound(hits, trials, tail)


def _at_most(hits: int, trials: int, share: float) -> float:
    """Return the probability of so many hits or fewer."""
    if share <= 0.0:
        return 1.0
    if share >= 1.0:
        return 0.0
    yes, no = log(share), log1p(-share)
    return sum(
        exp(_choose(trials, count) + count * yes + (trials - count) * no)
        for count in range(hits + 1)
    )


def _choose(trials: int, hits: int) -> float:
    """Return the logarithm of the number of ways."""
    return lgamma(trials + 1) - lgamma(hits + 1) - lgamma(trials - hits + 1)
