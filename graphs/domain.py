"""What a domain brings: tools, policy, checks, and a planner and decider (its playbook)."""

from dataclasses import dataclass

from nodes.context import Checks, Decider, Planner
from nodes.state import Boundaries
from tools.contract import JsonObject, Toolbox
from tools.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """Everything that makes the general graph an agent for one kind of work."""

    name: str
    tools: Toolbox
    policy: Policy
    checks: Checks
    planner: Planner
    decider: Decider
    boundaries: Boundaries
    """Scope of a goal that names none."""
    settings: JsonObject
    """What `graphs/assembly.py` needs to open the same domain in another process."""
