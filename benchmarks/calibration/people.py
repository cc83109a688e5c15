"""Simulated models that say how sure they are, and people who approve or reject."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from nodes.calibration.learning import Sample


@dataclass(frozen=True, slots=True)
class Case:
    """One proposal: what the gate sees, and how probably a person approves it."""

    features: tuple[float, ...]
    right: float


World = Callable[[Random, float], Case]
"""Makes a case; the number says how far the stream is, from 0 to 1."""


def answered(case: Case, chance: Random) -> Sample:
    """Return the case with a person's answer."""
    return Sample(case.features, chance.random() < case.right)


def _case(said: float, novel: float, right: float) -> Case:
    return Case((min(max(said, 0.0), 1.0), novel), min(max(right, 0.0), 1.0))


def calibrated(chance: Random, at: float) -> Case:
    """Return a case of a model that says what is."""
    del at
    right = 1.0 - 0.4 * chance.random() ** 3
    return _case(right, 0.0, right)


def overconfident(chance: Random, at: float) -> Case:
    """Return a case of a model that says 90 % and more of everything."""
    del at
    right = 1.0 - 0.5 * chance.random() ** 2
    return _case(0.9 + 0.1 * right, 0.0, right)


def inverted(chance: Random, at: float) -> Case:
    """Return a case of a model that is surest where it is wrong most."""
    del at
    right = 1.0 - 0.4 * chance.random() ** 2
    return _case(1.6 - right, 0.0, right)


def random(chance: Random, at: float) -> Case:
    """Return a case of a model whose confidence says nothing; new targets are worse."""
    del at
    novel = float(chance.random() < 0.4)  # noqa: PLR2004  # a share
    return _case(chance.random(), novel, 0.75 if novel else 0.985)


def hopeless(chance: Random, at: float) -> Case:
    """Return a case of which nothing tells that a tenth is rejected."""
    del at
    return _case(chance.random(), 0.0, 0.9)


def drifting(chance: Random, at: float) -> Case:
    """Return a case of people who become stricter half way."""
    case = calibrated(chance, at)
    return case if at < 0.5 else Case(case.features, case.right - 0.15)  # noqa: PLR2004  # half way


WORLDS: Final[tuple[World, ...]] = (
    calibrated,
    overconfident,
    inverted,
    random,
    hopeless,
    drifting,
)
