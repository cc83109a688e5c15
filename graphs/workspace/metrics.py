"""Metrics in pairs: what is to get better, and what must not get worse meanwhile.

A single number invites being gamed: tickets close faster when nobody is helped. So a metric that is
a goal names its guards, and all of them are measured by commands that the agent does not choose, on
private copies, before anything is done, after each change, and at the end.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Literal

from pydantic import Field

from nodes.state import Check
from tools.contract import JsonObject, Record
from tools.errors import BadInput, ToolFault
from tools.sandbox.workshop import Workshop

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
Measure = Callable[[], float | None]
"""Returns a number, or None when there is none."""


class MetricSettings(Record):
    """One table `[workspace.metrics.NAME]`."""

    recipe: str
    """A recipe of `[tools.commands]`; the last number that it prints counts."""
    better: Literal["up", "down"]
    guards: tuple[str, ...] = ()
    """Metrics that must not get worse while this one gets better; with any, this one is a goal."""
    tolerance: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share by which it may get worse when it is a guard: measuring is noisy."""

    def gain(self, before: float, after: float) -> float:
        """Return by how much it got better; negative when it got worse."""
        return after - before if self.better == "up" else before - after


class Metrics:
    """Measures the metrics of a workspace and judges them.

    Args:
        settings: By name.
        measures: What measures each of them.

    Raises:
        BadInput: A guard is no metric, or guards itself.
    """

    def __init__(
        self, settings: Mapping[str, MetricSettings], measures: Mapping[str, Measure]
    ) -> None:
        self._settings = settings
        self._measures = measures
        for name, one in settings.items():
            wrong = [guard for guard in one.guards if guard not in settings or guard == name]
            if wrong:
                raise BadInput(
                    f"{', '.join(wrong)} in `guards` of [workspace.metrics.{name}] is no other "
                    "metric.",
                    advice=f"Metrics: {', '.join(settings)}.",
                )

    def measure(self) -> JsonObject:
        """Return every metric as it is now."""
        return {name: self._measures[name]() for name in self._settings}

    def constraints(self, before: JsonObject) -> tuple[Check, ...]:
        """Judge that no guard got worse."""
        named = {guard for one in self._settings.values() for guard in one.guards}
        return tuple(self._guard(name, before) for name in self._settings if name in named)

    def success(self, before: JsonObject) -> tuple[Check, ...]:
        """Judge that what is a goal got better."""
        return tuple(self._goal(name, before) for name, one in self._settings.items() if one.guards)

    def _guard(self, name: str, before: JsonObject) -> Check:
        then, now = _number(before.get(name)), self._measures[name]()
        setting = self._settings[name]
        if then is None:
            holds, detail = True, f"{name} could not be measured before anything was done"
        elif now is None:
            holds, detail = False, f"{name} was {then:g} and cannot be measured any more"
        else:
            holds = setting.gain(then, now) >= -abs(then) * setting.tolerance
            detail = f"{name} went from {then:g} to {now:g}; it must not get worse"
        return Check(name=name, kind="constraint", holds=holds, detail=detail)

    def _goal(self, name: str, before: JsonObject) -> Check:
        then, now = _number(before.get(name)), self._measures[name]()
        better = then is not None and now is not None and self._settings[name].gain(then, now) > 0
        told = ["nothing" if value is None else f"{value:g}" for value in (then, now)]
        detail = f"{name} went from {told[0]} to {told[1]}"
        return Check(name=name, kind="success", holds=better, detail=detail)


def metrics_of(workshop: Workshop | None, settings: Mapping[str, MetricSettings]) -> Metrics:
    """Return the metrics that recipes of a workspace measure.

    Raises:
        BadInput: A metric names no recipe, or a guard that is none.
    """
    recipes = {} if workshop is None else workshop.settings.recipes
    for name, one in settings.items():
        if one.recipe not in recipes:
            raise BadInput(
                f"{one.recipe!r} of [workspace.metrics.{name}] is no recipe.",
                advice=f"Recipes of [tools.commands]: {', '.join(recipes) or 'none'}.",
            )
    return Metrics(
        settings, {name: _measure(workshop, one.recipe) for name, one in settings.items()}
    )


def _measure(workshop: Workshop | None, name: str) -> Measure:
    def measure() -> float | None:
        if workshop is None:
            return None
        recipe = workshop.settings.recipes[name]
        try:
            came = workshop.run(recipe.argv, cwd=recipe.cwd, seconds=recipe.seconds)
        except ToolFault:
            return None
        found = _NUMBER.findall(came.last_words) if came.well else []
        return _number(float(found[-1])) if found else None

    return measure


def _number(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known and isinstance(value, int | float) else None
