"""What must not leave: secrets, and addresses or links that nobody trusted has named.

A text that goes to a legitimate recipient can still carry an attacker's link to him, or a secret
that he should not have.
"""

from collections.abc import Collection

from nodes.guards.forms import forms_of, links_in, mails_in
from nodes.guards.grounding import Grounds, texts
from tools.contract import JsonObject, Tool

SHORTEST_SECRET = 4
"""Shorter values stand in any text."""


def carried(tool: Tool, args: JsonObject, grounds: Grounds, secrets: Collection[str]) -> list[str]:
    """Return what the outgoing arguments carry that must not leave, in words.

    Args:
        tool: Declares its outgoing arguments.
        args: Validated arguments.
        grounds: Addresses and links that may leave.
        secrets: Values of secret fields.
    """
    text = "\n".join(one for name in sorted(tool.outgoing) for one in texts(args.get(name)))
    if not text:
        return []
    named = "\n".join(grounds.words)
    known = links_in(named) | mails_in(named)
    strange = {
        found
        for found in (links_in(text) | mails_in(text)) - known
        if not forms_of(found) & (grounds.trusted | grounds.endorsed)
    }
    found = [f"an address that nobody named: {one}" for one in sorted(strange)]
    hidden = sum(len(one) >= SHORTEST_SECRET and one in text for one in secrets)
    return [*found, *([f"{hidden} values that are secret"] if hidden else [])]
