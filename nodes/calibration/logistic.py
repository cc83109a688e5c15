"""Logistic regression with an L2 penalty, by Newton's method: small, and easy to read off."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum

PENALTY = 1.0
"""On every weight but the intercept."""
_ROUNDS = 25
_DONE = 1e-6


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted model: the intercept, then one weight for each feature."""

    weights: tuple[float, ...]

    def probability(self, features: Sequence[float]) -> float:
        """Return the probability of yes."""
        return _squashed(_dot(self.weights, features))


def fit(rows: Sequence[Sequence[float]], labels: Sequence[bool]) -> Logistic:
    """Return the model that explains the labels best.

    Args:
        rows: Features, of about unit size; each row as long as the others, at least one row.
        labels: Yes or no for each row.
    """
    size = len(rows[0]) + 1
    weights = [0.0] * size
    penalties = [1e-6] + [PENALTY] * (size - 1)
    for _ in range(_ROUNDS):
        step = _newton(rows, labels, weights, penalties)
        weights = [weight + change for weight, change in zip(weights, step, strict=True)]
        if max(map(abs, step)) < _DONE:
            break
    return Logistic(tuple(weights))


def _newton(
    rows: Sequence[Sequence[float]],
    labels: Sequence[bool],
    weights: Sequence[float],
    penalties: Sequence[float],
) -> list[float]:
    size = len(weights)
    slope = [-penalty * weight for penalty, weight in zip(penalties, weights, strict=True)]
    bend = [[penalties[i] if i == j else 0.0 for j in range(size)] for i in range(size)]
    for row, label in zip(rows, labels, strict=True):
        full = (1.0, *row)
        guess = _squashed(_dot(weights, row))
        spread = max(guess * (1.0 - guess), 1e-9)
        for i, one in enumerate(full):
            slope[i] += (label - guess) * one
            for j in range(i + 1):
                bend[i][j] += spread * one * full[j]
    for i in range(size):
        for j in range(i):
            bend[j][i] = bend[i][j]
    return _solved(bend, slope)


def _solved(matrix: list[list[float]], right: Sequence[float]) -> list[float]:
    """Solve a system whose matrix is positive definite, by elimination."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for i in range(size):
        for j in range(i + 1, size):
            share = rows[j][i] / rows[i][i]
            rows[j] = [a - share * b for a, b in zip(rows[j], rows[i], strict=True)]
    found = [0.0] * size
    for i in reversed(range(size)):
        known = fsum(rows[i][j] * found[j] for j in range(i + 1, size))
        found[i] = (rows[i][size] - known) / rows[i][i]
    return found


def _dot(weights: Sequence[float], features: Sequence[float]) -> float:
    return weights[0] + sum(w * x for w, x in zip(weights[1:], features, strict=True))


def _squashed(value: float) -> float:
    if value >= 0:
        return 1.0 / (1.0 + exp(-min(value, 500.0)))
    grown = exp(max(value, -500.0))
    return grown / (1.0 + grown)
