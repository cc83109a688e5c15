"""What speaks against trusting one action: origins, words, and what it would carry out."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from nodes.guards.asked import asked_for, delegates
from nodes.guards.forms import day_of, numbers_in
from nodes.guards.grounding import CENT, Grounds, ungrounded
from nodes.guards.outgoing import carried
from tools.contract import JsonObject, Tool

MAX_NUMBERS = 200
"""So many are tried in sums; more would reach almost any number."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What was found; all empty and asked for is well."""

    untrusted: tuple[str, ...] = ()
    """Authority values without a trusted origin."""
    carried: tuple[str, ...] = ()
    """Addresses and links that would leave though nobody trusted has named them."""
    asked: bool = True
    """Whether people's words call for it."""
    sourced: bool = True
    """Whether what has no trusted origin was at least read where people said."""


def weigh(tool: Tool, args: JsonObject, grounds: Grounds) -> Weighed:
    """Weigh an action of a tool.

    Args:
        tool: Its declarations.
        args: Validated arguments.
        grounds: What values may stand on.
    """
    untrusted = ungrounded(tool, args, grounds)
    allowed = any(fnmatchcase(tool.name, glob) for glob in grounds.follows)
    delegated = allowed and delegates(grounds.words)
    return Weighed(
        untrusted=tuple(untrusted),
        carried=tuple(carried(tool, args, grounds)),
        asked=delegated or asked_for(tool, grounds.words),
        sourced=delegated or _is_free(tool) or all(_is_read(one, grounds) for one in untrusted),
    )


def _is_free(tool: Tool) -> bool:
    """Tell whether a tool is not held to the places that people named.

    One that says by which words it is asked for is; one that destroys is held to more.
    """
    return tool.destroys or not tool.verbs


def _is_read(value: str, grounds: Grounds) -> bool:
    """Tell whether a value stands in a named source, or is the sum of a known number and one.

    A day that people said is as good when only the year is another: a slip, and worth a question.
    """
    if any(value in text for text in grounds.sources) or _is_said_of_another_year(value, grounds):
        return True
    found = numbers_in(value)
    if len(found) != 1:
        return False
    read = [number for text in grounds.sources for number in numbers_in(text)][:MAX_NUMBERS]
    known = (*grounds.numbers, *grounds.said)[:MAX_NUMBERS]
    wanted = [abs(found[0] - one) for one in known]
    return any(abs(gap - abs(more)) < CENT for gap in wanted for more in read)


def _is_said_of_another_year(value: str, grounds: Grounds) -> bool:
    day = day_of(value)
    return bool(day) and any(said[-6:] == day[-6:] for said in grounds.dates)
