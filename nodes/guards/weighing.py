"""What speaks against trusting one action: origins, words, and what it would carry out."""

from collections.abc import Collection
from dataclasses import dataclass

from nodes.guards.asked import asked_for, delegates
from nodes.guards.forms import numbers_in
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
    """What must not leave, in words."""
    asked: bool = True
    """Whether people's words call for it."""
    sourced: bool = True
    """Whether what has no trusted origin was at least read where people said."""


def weigh(
    tool: Tool, args: JsonObject, grounds: Grounds, secrets: Collection[str] = ()
) -> Weighed:
    """Weigh an action of a tool.

    Args:
        tool: Its declarations.
        args: Validated arguments.
        grounds: What values may stand on.
        secrets: Values that may not leave.
    """
    untrusted = ungrounded(tool, args, grounds)
    delegated = delegates(grounds.words)
    return Weighed(
        untrusted=tuple(untrusted),
        carried=tuple(carried(tool, args, grounds, secrets)),
        asked=delegated or asked_for(tool, grounds.words),
        sourced=delegated or tool.destroys or all(_is_read(one, grounds) for one in untrusted),
    )


def _is_read(value: str, grounds: Grounds) -> bool:
    """Tell whether a value stands in a named source, or is the sum of a known number and one."""
    if any(value in text for text in grounds.sources):
        return True
    found = numbers_in(value)
    if len(found) != 1:
        return False
    read = [number for text in grounds.sources for number in numbers_in(text)][:MAX_NUMBERS]
    known = (*grounds.numbers, *grounds.said)[:MAX_NUMBERS]
    return any(abs(found[0] - one - sign * more) < CENT for one in known for more in read for sign in (1, -1))
