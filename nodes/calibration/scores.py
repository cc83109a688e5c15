"""How good probabilities were: Brier score, expected calibration error, reliability diagram."""

from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10
Told = Sequence[tuple[float, bool]]
"""Probabilities, with what came of each."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The cases whose probability fell into one tenth."""

    low: float
    high: float
    count: int
    said: float
    """Mean probability."""
    came: float
    """Share in which it happened."""


def brier(told: Told) -> float:
    """Return the mean squared error: 0 is perfect, 0.25 is a coin; 0 for no cases."""
    return sum((said - came) ** 2 for said, came in told) / len(told) if told else 0.0


def calibration_error(told: Told) -> float:
    """Return the expected calibration error (ECE): mean gap between said and came, by cases."""
    gaps = (one.count * abs(one.said - one.came) for one in reliability(told))
    return sum(gaps) / len(told) if told else 0.0


def reliability(told: Told) -> list[Bin]:
    """Return the bins of a reliability diagram that hold any cases, lowest first."""
    found = []
    for number in range(BINS):
        held = [pair for pair in told if min(int(pair[0] * BINS), BINS - 1) == number]
        if held:
            said = sum(one for one, _ in held) / len(held)
            came = sum(one for _, one in held) / len(held)
            found.append(Bin(number / BINS, (number + 1) / BINS, len(held), said, came))
    return found
