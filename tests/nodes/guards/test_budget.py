"""Limits are met, never passed, and named when they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nodes.guards.budget import (
    Budget,
    Spent,
    over,
    remaining,
    reserve,
    soft_limit,
    spend_limits,
)
from tools.records import SpendLimits, Totals

BUDGET = Budget(max_iterations=3, max_seconds=10.0, max_calls=5, max_effects=2)
counts = st.integers(0, 50)
budgets = st.builds(
    Budget,
    max_iterations=counts,
    max_seconds=st.floats(0, 100),
    max_calls=counts,
    max_effects=counts,
)
spendings = st.builds(
    Spent, iterations=counts, seconds=st.floats(0, 100), calls=counts, effects=counts
)


@pytest.mark.parametrize(
    ("spent", "named"),
    [
        (Spent(), ""),
        (Spent(iterations=2, seconds=9.9, calls=4, effects=2), ""),
        (Spent(iterations=3), "iterations: 3 of 3"),
        (Spent(seconds=10.5), "seconds: 10.5 of 10"),
        (Spent(calls=5), "calls: 5 of 5"),
    ],
)
def test_over_names_the_limit_and_its_value(spent: Spent, named: str) -> None:
    assert over(BUDGET, spent) == named


def test_a_run_without_effects_may_still_read() -> None:
    reading = Budget(max_effects=0)
    assert over(reading, Spent()) == ""
    assert reserve(reading, Spent(), calls=1, effects=0) == ""


@pytest.mark.parametrize(
    ("calls", "effects", "named"),
    [
        (2, 1, ""),
        (3, 0, "calls: 5 at most"),
        (1, 2, "effects: 2 at most"),
    ],
)
def test_reserve_refuses_what_would_pass_a_limit(calls: int, effects: int, named: str) -> None:
    spent = Spent(calls=3, effects=1)
    assert reserve(BUDGET, spent, calls=calls, effects=effects) == named


def test_remaining_is_never_negative() -> None:
    left = remaining(BUDGET, Spent(iterations=9, seconds=99.0, calls=1, effects=9))
    assert left == Budget(max_iterations=0, max_seconds=0.0, max_calls=4, max_effects=0)


def test_a_clock_that_goes_backwards_gives_no_time_back() -> None:
    assert Spent(seconds=5.0).plus(seconds=-3.0).seconds == 5.0


def test_an_endless_budget_is_refused() -> None:
    with pytest.raises(ValidationError):
        Budget(max_seconds=float("inf"))


@settings(derandomize=True)
@given(budgets, spendings, st.integers(0, 20), st.integers(0, 20))
def test_what_is_reserved_fits_into_what_remains(
    budget: Budget, spent: Spent, calls: int, effects: int
) -> None:
    if not reserve(budget, spent, calls=calls, effects=effects):
        after = spent.plus(calls=calls, effects=effects)
        assert after.calls <= budget.max_calls
        assert after.effects <= budget.max_effects


@settings(derandomize=True)
@given(budgets, spendings)
def test_over_is_a_limit_with_nothing_left(budget: Budget, spent: Spent) -> None:
    left = remaining(budget, spent)
    used_up = 0 in (left.max_iterations, left.max_seconds, left.max_calls)
    assert bool(over(budget, spent)) == used_up


def test_what_is_left_keeps_the_limits_of_money() -> None:
    left = remaining(Budget(max_usd=1.5, max_tokens=9, soft_share=0.5), Spent(calls=1))
    assert (left.max_usd, left.max_tokens, left.soft_share) == (1.5, 9, 0.5)


def test_hard_limits_of_models_are_those_of_the_budget() -> None:
    assert spend_limits(Budget(max_usd=1.5, max_tokens=9)) == SpendLimits(max_usd=1.5, max_tokens=9)


@pytest.mark.parametrize(
    ("usd", "tokens", "named"), [(4.0, 80, ""), (4.1, 0, "usd"), (0.0, 81, "tokens")]
)
def test_soft_limit_is_named_when_passed(usd: float, tokens: int, named: str) -> None:
    budget = Budget(max_usd=5.0, max_tokens=100)
    assert soft_limit(budget, Totals(usd=usd, tokens=tokens)).split(":")[0] == named
