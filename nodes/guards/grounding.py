"""Where do the arguments that matter come from? Positive proof, never a search for bad strings.

An authority argument is grounded when each of its values stands in people's words, in a closed set
that the tool itself reads from the world, among known principals, in a field that no outsider can
write, among what a person endorsed in this run, or when it follows from such values by a declared
transformation. Labels that a model wrote do not count, and nothing is admitted for looking
harmless. Numbers, dates and addresses are compared by what they mean, not by how they are written.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import JsonValue

from nodes.guards.forms import dates_in, day_of, forms_of, numbers_in, shares_in, spellings
from tools.contract import JsonObject, Tool

DISTINCTIVE = 4
"""Shorter values, such as `the` and `5`, count as said only in quotes."""
CENT = 0.005
"""Amounts that differ by less are the same."""


@dataclass(frozen=True)
class Grounds:
    """What an authority value may stand on."""

    words: tuple[str, ...] = ()
    """What people said: the goal's objective, a runbook, their answers."""
    trusted: frozenset[str] = frozenset()
    """Values of fields that no outsider can write, and known principals, in every form."""
    endorsed: frozenset[str] = frozenset()
    """Values that a person approved once in this run, in every form."""
    numbers: tuple[float, ...] = field(default=())
    """Numbers of trusted fields."""
    sources: tuple[str, ...] = ()
    """Texts, whoever wrote them, that were read from a place that people named."""
    follows: tuple[str, ...] = ()
    """Globs of tools with which a text that people named may be followed, as the user allowed."""

    @cached_property
    def said(self) -> tuple[float, ...]:
        """Numbers that people said."""
        return tuple(number for text in self.words for number in numbers_in(text))

    @cached_property
    def dates(self) -> frozenset[str]:
        """Days that people said."""
        return frozenset(date for text in self.words for date in dates_in(text))

    @cached_property
    def shares(self) -> tuple[float, ...]:
        """Percentages that people said."""
        return tuple(share for text in self.words for share in shares_in(text))


def ungrounded(tool: Tool, args: JsonObject, grounds: Grounds) -> list[str]:
    """Return the authority values without proof of origin; empty when all are grounded.

    For what destroys something only people's words and approvals count: what the model chose,
    however real it is, is not destroyed without a person.

    Args:
        tool: Declares the authority arguments and vouches for its closed vocabulary.
        args: Validated arguments.
        grounds: What values may stand on.
    """
    values = [value for name in sorted(tool.authority) for value in texts(args.get(name))]
    if not values:
        return []
    if tool.destroys:
        return [value for value in values if not _is_chosen(value, grounds)]
    known = tool.known_values(args)
    return [
        value
        for value in values
        if known.isdisjoint(spellings(value)) and not is_grounded(value, grounds)
    ]


def _is_chosen(value: str, grounds: Grounds) -> bool:
    """Tell whether people named a thing: no number that they happen to have said names one."""
    return _said(value, grounds.words) or bool(forms_of(value) & grounds.endorsed)


def is_grounded(value: str, grounds: Grounds) -> bool:
    """Tell whether a value has a trusted origin."""
    forms = forms_of(value)
    if forms & grounds.trusted or forms & grounds.endorsed:
        return True
    if _said(value, grounds.words) or _dated(value, grounds):
        return True
    return _counted(value, grounds) or _follows(value, grounds)


def texts(value: JsonValue) -> Iterator[str]:
    """Yield every scalar inside a value as text, and names of fields that are more than names."""
    if isinstance(value, dict):
        for name, item in value.items():
            if not name.isidentifier():
                yield name
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _said(value: str, words: Sequence[str]) -> bool:
    """Tell whether people said a value: as a whole word that is no filler, or in quotes."""
    if not value.strip():
        return False
    exact = re.escape(value)
    quoted = rf"[\"'`]{exact}[\"'`]"
    plain = rf"(?<!\w){exact}(?!\w)" if len(value) >= DISTINCTIVE else quoted
    return any(re.search(rf"{plain}|{quoted}", text) for text in words)


def _dated(value: str, grounds: Grounds) -> bool:
    """Tell whether a value is on a day that people said, with this year or with none."""
    day = day_of(value)
    return bool(day) and not grounds.dates.isdisjoint({day, f"-{day[4:]}"})


def _counted(value: str, grounds: Grounds) -> bool:
    """Tell whether a value is a number of two digits or more that people said."""
    found = numbers_in(value)
    return sum(map(str.isdigit, value)) > 1 and len(found) == 1 and found[0] in grounds.said


def _follows(value: str, grounds: Grounds) -> bool:
    """Tell whether a number follows from trusted ones by a share that people said.

    A share of a trusted number, with a number that people said added or not. Nothing freer: among
    many numbers almost any other can be reached by arithmetic.
    """
    found = numbers_in(value)
    if len(found) != 1 or not grounds.shares:
        return False
    bases = (*grounds.numbers, *grounds.said)
    reached = (base * share / 100 for base in bases for share in grounds.shares)
    return any(
        abs(found[0] - part - more) < CENT for part in reached for more in (0.0, *grounds.said)
    )
