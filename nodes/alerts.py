"""Alerts: a rule wanted it noted, whatever was decided; on the ledger, and in a logger for others.

Hang a handler on the logger `surefoot.alerts` to have them sent somewhere.
"""

import logging

from nodes.context import Context
from nodes.state import Proposal
from tools.contract import JsonObject
from tools.policy import Verdict

LOGGER = logging.getLogger("surefoot.alerts")


def alert(context: Context, run: str, proposal: Proposal, verdict: Verdict) -> None:
    """Note that rules found a proposal unusual; once for each proposal."""
    action = proposal.decision.action
    tool = action.tool[:60] if action else ""
    body: JsonObject = {
        "rules": [*verdict.alerts],
        "tool": tool,
        "decision": verdict.decision,
        "action_hash": action.hash if action else "",
    }
    context.memory.ledger.append(run, "alert", proposal.key, body)
    told = (", ".join(verdict.alerts), proposal.key, tool, verdict.decision)
    LOGGER.warning("%s: %s (%s), decided: %s", *told)
