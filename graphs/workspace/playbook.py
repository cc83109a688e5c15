"""The workspace's playbook: it does what a runbook says, and nothing without one."""

from dataclasses import dataclass

from graphs.workspace.runbook import Runbook, Written
from nodes.context import PlanRequest, Situation
from nodes.state import Decision, Plan
from tools.contract import Action
from tools.errors import Refused
from tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class RunbookPlaybook:
    """Planner and decider by a runbook; a step whose action does not work is given up.

    Args:
        runbook: What the user wrote down; None when there is nothing but models.
        tools: What its arguments are read with.
    """

    runbook: Runbook | None
    tools: Toolbox

    def plan(self, request: PlanRequest) -> Plan | None:
        """Return the runbook's plan; there is no other way to offer when it failed."""
        if self.runbook is None or request.failed or request.problems:
            return None
        return self.runbook.plan

    def decide(self, situation: Situation) -> Decision:
        """Return the next action of the runbook, when all before it worked."""
        step = self.runbook.step(situation.step.id) if self.runbook else None
        if step is None:
            return Decision(kind="give_up", reasoning="No runbook says what to do here.")
        came = [*situation.tried.values()]
        done = sum(one.startswith("ok") for one in came)
        if came and not came[-1].startswith(("ok", "transient")):
            return Decision(kind="give_up", reasoning=came[-1])
        if done >= len(step.actions):
            return Decision(
                kind="done", reasoning="As the runbook says.", confidence=1.0, origin="runbook"
            )
        return self._act(step.actions[done], done + 1, len(step.actions))

    def _act(self, written: Written, number: int, count: int) -> Decision:
        return Decision(
            kind="act",
            action=self._in_full(written.action),
            reasoning=written.why or f"Action {number} of {count} of the runbook's step.",
            evidence=("runbook",),
            confidence=1.0,
            origin="runbook",
        )

    def _in_full(self, action: Action) -> Action:
        """Return an action with its arguments normalised, or as it is for the gate to refuse."""
        tool = self.tools.get(action.tool)
        try:
            return action.model_copy(update={"args": tool.check(action.args)}) if tool else action
        except Refused:
            return action
