"""Over simulated people and models the promise is kept, and kept where the naive rule breaks it."""

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.calibration.__main__ import Naive, figures
from benchmarks.calibration.people import (
    World,
    calibrated,
    hopeless,
    inverted,
    overconfident,
    random,
)
from nodes.calibration.learning import DELTA, Learner

REPEATS, PROPOSALS = 25, 600


def told(world: World, kind: Callable[[float], Learner] = Learner) -> dict[str, Any]:
    return figures(world, REPEATS, PROPOSALS, kind)


@pytest.mark.parametrize(
    "world", [calibrated, overconfident, inverted, random, hopeless], ids=lambda w: w.__name__
)
def test_promise_is_kept(world: World) -> None:
    assert told(world)["broken"] <= DELTA


def test_naive_rule_breaks_it() -> None:
    assert told(random, Naive)["broken"] > 0.5


def test_fewer_questions_are_asked_as_time_goes_on() -> None:
    saved = told(calibrated)["saved_by_quarter"]
    assert saved[0] < saved[-1]
    assert saved[-1] > 0.1


def test_nothing_is_spared_where_nothing_can_be_known() -> None:
    assert sum(told(hopeless)["saved_by_quarter"]) <= 0.05
