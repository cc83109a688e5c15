"""Bounds are exact: they agree with the textbook, and hold as often as they say."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.calibration.binomial import interval, lower_bound, upper_bound

trials = st.integers(min_value=1, max_value=400)


@pytest.mark.parametrize(
    ("hits", "cases", "delta", "bound"),
    [(0, 59, 0.05, 0.0495), (0, 45, 0.1, 0.0499), (0, 299, 0.05, 0.00997), (5, 200, 0.1, 0.0459)],
)
def test_bound_is_the_one_of_the_literature(
    hits: int, cases: int, delta: float, bound: float
) -> None:
    assert upper_bound(hits, cases, delta) == pytest.approx(bound, abs=1e-4)


def test_interval_is_the_one_of_the_literature() -> None:
    assert interval(3, 50) == pytest.approx((0.01255, 0.16548), abs=1e-4)


@given(trials, st.floats(min_value=0.001, max_value=0.5), st.data())
def test_so_few_hits_are_as_improbable_as_said(
    cases: int, delta: float, data: st.DataObject
) -> None:
    hits = data.draw(st.integers(min_value=0, max_value=cases - 1))
    share = upper_bound(hits, cases, delta)
    tail = sum(comb(cases, k) * share**k * (1 - share) ** (cases - k) for k in range(hits + 1))
    assert tail == pytest.approx(delta, rel=1e-3)
    assert lower_bound(hits, cases, delta) <= hits / cases <= share


def test_nothing_is_known_of_nothing() -> None:
    assert (upper_bound(0, 0, 0.1), lower_bound(0, 0, 0.1)) == (1.0, 0.0)
