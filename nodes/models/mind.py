"""Planner and decider that ask models, and fall back to the playbook when none can be used.

Nothing here is trusted: the plan is validated in `plan`, every action passes the gate. What a
model is shown does not grow with the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import JsonValue

from nodes.context import Decider, Planner, PlanRequest, Situation
from nodes.guards.budget import Budget, spend_limits
from nodes.models.ask import Asker, NoAnswer, note_degraded
from nodes.models.prompts import Prompt, Section, shares, write
from nodes.models.schemas import answer_schema, is_strict
from nodes.state import Decision, Plan
from tools.contract import JsonObject, Record

OBJECTIVE_CHARACTERS = 4_000
TOOL_CHARACTERS = 24_000
RESULT_CHARACTERS = 12_000
"""Excerpts of all results together."""
HISTORY_CHARACTERS = 4_000
TRIED_SHOWN = 16
"""Newest attempts of a step that a decider is reminded of."""
PLAYBOOK = "the playbook"


@dataclass(frozen=True, slots=True)
class ModelPlanner:
    """Asks the planner models for a plan.

    Args:
        asker: Asks them.
        fallback: Plans when none of them gave a plan; without it there is then no plan.
    """

    asker: Asker
    fallback: Planner | None = None

    def plan(self, request: PlanRequest) -> Plan | None:
        """Return a model's plan, the fallback's, or None."""
        limits = spend_limits(request.goal.budget)
        prompt = planner_prompt(request, self.asker.roles.prompt("planner"))
        try:
            asked = self.asker.ask(request.run, "planner", prompt, Plan, limits=limits)
        except NoAnswer as fault:
            return self._fall_back(request, fault)
        return asked.value.model_copy(update={"origin": asked.model})

    def _fall_back(self, request: PlanRequest, fault: NoAnswer) -> Plan | None:
        to = PLAYBOOK if self.fallback is not None else "nobody"
        note_degraded(self.asker.memory, request.run, "planner", "planner", to, fault.what)
        return None if self.fallback is None else self.fallback.plan(request)


@dataclass(frozen=True, slots=True)
class ModelDecider:
    """Asks the decider models for the next action of a step.

    Args:
        asker: Asks them.
        fallback: Decides when none of them gave a decision; without it the step is given up.
    """

    asker: Asker
    fallback: Decider | None = None

    def decide(self, situation: Situation) -> Decision:
        """Return a model's decision, the fallback's, or giving up."""
        names = frozenset(card.name for card in situation.tools)
        try:
            asked = self.asker.ask(
                situation.run,
                "decider",
                decider_prompt(situation, self.asker.roles.prompt("decider")),
                Decision,
                limits=spend_limits(situation.goal.budget),
                subject=_key(situation),
                check=partial(_sensible, names),
            )
        except NoAnswer as fault:
            return self._fall_back(situation, fault)
        return asked.value.model_copy(update={"origin": asked.model})

    def _fall_back(self, situation: Situation, fault: NoAnswer) -> Decision:
        to = PLAYBOOK if self.fallback is not None else "nobody"
        memory, subject = self.asker.memory, _key(situation)
        note_degraded(memory, situation.run, "decider", subject, to, fault.what)
        if self.fallback is not None:
            return self.fallback.decide(situation)
        reasons = "; ".join(fault.reasons)
        reasoning = f"The models' answers are unusable: {reasons}"[:4000]
        return Decision(kind="give_up", reasoning=reasoning, origin="nobody")


def planner_prompt(request: PlanRequest, name: str = "planner") -> Prompt:
    """Return what a planner model is shown."""
    goal = request.goal
    schema = answer_schema(Plan)
    sections = (
        Section(label="Objective", value=goal.objective, limit=OBJECTIVE_CHARACTERS, trusted=True),
        Section(
            label="Boundaries",
            value=goal.boundaries.to_json(),
            limit=HISTORY_CHARACTERS,
            trusted=True,
        ),
        Section(label="Limits", value=_limits(goal.budget), limit=500, trusted=True),
        Section(label="Tools", value=_records(request.tools), limit=TOOL_CHARACTERS, trusted=True),
        _said(request.messages),
        Section(
            label="What is wrong with your last plan",
            value=list(request.problems),
            limit=HISTORY_CHARACTERS,
        ),
        Section(
            label="What failed so far", value=_records(request.failed), limit=HISTORY_CHARACTERS
        ),
    )
    return write(name, sections, schema=schema, strict=is_strict(schema))


def decider_prompt(situation: Situation, name: str = "decider") -> Prompt:
    """Return what a decider model is shown."""
    goal, step = situation.goal, situation.step
    schema = answer_schema(Decision, tools=situation.tools)
    tried: list[JsonValue] = [*situation.tried.values()]
    results = shares(situation.inputs, RESULT_CHARACTERS)
    sections = (
        Section(label="Objective", value=goal.objective, limit=OBJECTIVE_CHARACTERS, trusted=True),
        Section(label="Step", value=step.to_json(), limit=HISTORY_CHARACTERS, trusted=True),
        Section(
            label="Tools", value=_records(situation.tools), limit=TOOL_CHARACTERS, trusted=True
        ),
        Section(label="Left", value=_limits(situation.remaining), limit=500, trusted=True),
        _said(situation.messages),
        Section(label="Results so far", value=results, limit=2 * RESULT_CHARACTERS),
        Section(
            label="What came of earlier tries", value=tried[-TRIED_SHOWN:], limit=HISTORY_CHARACTERS
        ),
        Section(label="What happened before", value=situation.summary, limit=2_500),
        Section(label="Latest events", value=_records(situation.recent), limit=HISTORY_CHARACTERS),
    )
    return write(name, sections, schema=schema, strict=is_strict(schema))


def _said(messages: Sequence[str]) -> Section:
    return Section(
        label="People said", value=list(messages), limit=HISTORY_CHARACTERS, trusted=True
    )


def _records(records: Sequence[Record]) -> list[JsonValue]:
    return [record.to_json() for record in records]


def _limits(budget: Budget) -> JsonObject:
    """Return what counts for a model; seconds would make every prompt another one."""
    return {
        "rounds": budget.max_iterations,
        "tool calls": budget.max_calls,
        "changes": budget.max_effects,
    }


def _key(situation: Situation) -> str:
    """Return the effect key that `decide` mints for this decision."""
    return f"{situation.run}/{situation.step.id}/{situation.ordinal}"


def _sensible(names: frozenset[str], decision: Decision) -> str:
    """Say what is wrong with a decision that the gate would refuse for sure."""
    if decision.kind != "act":
        return ""
    if decision.action is None:
        return "to act needs an action"
    if decision.action.tool not in names:
        return f"this step may not call {decision.action.tool[:80]!r}"
    return ""
