"""Limits of a run: what it may spend, what it has spent, and what still fits.

Calls and effects are reserved before they are made, so a limit is met and never passed. Working
time is counted, waiting for a person is not. Money and tokens of models are counted in the store,
which parallel branches share; here are only their limits.
"""

from typing import Annotated

from pydantic import Field

from tools.contract import Record
from tools.records import SpendLimits, Totals

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Dollars = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class Budget(Record):
    """What a run may spend."""

    max_iterations: Count = 60
    """Rounds of deciding."""
    max_seconds: Seconds = 3600.0
    """Working time."""
    max_calls: Count = 200
    """Tool calls, of any effect class."""
    max_effects: Count = 40
    """Tool calls that change the world; 0 makes a run that only reads."""
    max_usd: Dollars = 5.0
    """What its models may cost; a call that could pass it is not made."""
    max_tokens: Count = 2_000_000
    """Tokens that its models may read and write together."""
    soft_share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.8
    """Share of money or tokens from which a person is asked how to go on."""


class Spent(Record):
    """What a run has spent."""

    iterations: Count = 0
    seconds: Seconds = 0.0
    calls: Count = 0
    effects: Count = 0

    def plus(
        self, *, iterations: int = 0, seconds: float = 0.0, calls: int = 0, effects: int = 0
    ) -> "Spent":
        """Return the sum; a clock that went backwards adds no time."""
        return Spent(
            iterations=self.iterations + iterations,
            seconds=self.seconds + max(0.0, seconds),
            calls=self.calls + calls,
            effects=self.effects + effects,
        )


def over(budget: Budget, spent: Spent) -> str:
    """Name the limit at which no more work may start, with its value; empty when there is none.

    Effects used up do not end a run: it may still read, verify and finish.
    """
    limits = (
        ("iterations", spent.iterations, budget.max_iterations),
        ("seconds", spent.seconds, budget.max_seconds),
        ("calls", spent.calls, budget.max_calls),
    )
    return next(
        (f"{name}: {used:g} of {most:g}" for name, used, most in limits if used >= most), ""
    )


def reserve(budget: Budget, spent: Spent, *, calls: int, effects: int) -> str:
    """Name the limit that so many more calls, of them effects, would pass; empty when they fit.

    Args:
        budget: What may be spent.
        spent: What was spent before the batch.
        calls: Calls of the batch so far, the one in question included.
        effects: Those of them that change the world.
    """
    limits = (
        ("calls", spent.calls + calls, budget.max_calls),
        ("effects", spent.effects + effects, budget.max_effects),
    )
    return next((f"{name}: {most} at most" for name, sought, most in limits if sought > most), "")


def remaining(budget: Budget, spent: Spent) -> Budget:
    """Return what is left; money and tokens as they are limited, for the store counts them."""
    left = {
        "max_iterations": max(0, budget.max_iterations - spent.iterations),
        "max_seconds": max(0.0, budget.max_seconds - spent.seconds),
        "max_calls": max(0, budget.max_calls - spent.calls),
        "max_effects": max(0, budget.max_effects - spent.effects),
    }
    return budget.model_copy(update=left)


def spend_limits(budget: Budget) -> SpendLimits:
    """Return the hard limits that the store holds model calls to."""
    return SpendLimits(max_usd=budget.max_usd, max_tokens=budget.max_tokens)


def soft_limit(budget: Budget, totals: Totals) -> str:
    """Name the soft limit that was reached, with its value; empty when there is none."""
    shares = (
        ("usd", totals.usd, budget.max_usd * budget.soft_share),
        ("tokens", totals.tokens, budget.max_tokens * budget.soft_share),
    )
    return next((f"{name}: {used:g} of {at:g}" for name, used, at in shares if used > at), "")
