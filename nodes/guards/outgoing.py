"""What must not leave: addresses and links that nobody trusted has named.

A text that goes to a legitimate recipient can still carry an attacker's link to him. Secrets are no
matter of this file: fields that a tool declares secret reach no model, so no model can send them.
"""

from nodes.guards.forms import forms_of, links_in, mails_in
from nodes.guards.grounding import Grounds, texts
from tools.contract import JsonObject, Tool


def carried(tool: Tool, args: JsonObject, grounds: Grounds) -> list[str]:
    """Return the addresses and links in the outgoing arguments that nobody trusted has named.

    Args:
        tool: Declares its outgoing arguments.
        args: Validated arguments.
        grounds: Addresses and links that may leave.
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
    return sorted(strange)
