"""Planner and decider that ask models, and fall back to the playbook when none can be used.

Nothing here is trusted: the plan is validated in `plan`, every action passes the gate. What a
model is shown does not grow with the run.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from pydantic import JsonValue

from nodes.context import Decider, Planner, PlanRequest, Situation
from nodes.guards.budget import Budget, spend_limits
from nodes.models.ask import Asked, Asker, NoAnswer
from nodes.models.cards import tool_sections
from nodes.models.prompts import NO_BRIEF, Brief, Prompt, Section, shares, write
from nodes.models.schemas import answer_schema, is_strict
from nodes.state import Decision, Goal, Plan
from tools.contract import JsonObject, Record

OBJECTIVE_CHARACTERS = 4_000
RESULT_CHARACTERS = 12_000
"""Excerpts of all results together."""
HISTORY_CHARACTERS = 4_000
TRIED_SHOWN = 16
"""Newest attempts of a step that a decider is reminded of."""
PLAN_CHARACTERS = 12_000
PLANS_OF_ONE = 2
"""Plans that the first candidate makes: one, and one more with what is wrong with it."""
PLANS = 3
"""Plans that models make; when the checks refuse them all, the fallback plans."""
OTHER_MODEL = 2
"""The rung of the ladder from which another model decides."""
PLAYBOOK = "the playbook"
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class ModelPlanner:
    """Asks the planner models for a plan; a stronger one when the checks keep refusing it.

    Args:
        asker: Asks them.
        fallback: Plans when none of them gave a usable plan; without it there is then no plan.
        brief: What the domain tells them.
    """

    asker: Asker
    fallback: Planner | None = None
    brief: Brief = NO_BRIEF

    def plan(self, request: PlanRequest) -> Plan | None:
        """Return a model's plan, the fallback's, or None."""
        if request.attempt > PLANS:
            return self._fall_back(request, _refused(request))
        name = self.asker.roles.prompt("planner")
        try:
            asked = self.asker.ask(
                request.run,
                "planner",
                planner_prompt(request, name, brief=self.brief),
                Plan,
                limits=spend_limits(request.goal.budget),
                skip=self._skip(request),
            )
        except NoAnswer as fault:
            return self._fall_back(request, fault)
        return asked.value.model_copy(update={"origin": asked.model})

    def _skip(self, request: PlanRequest) -> int:
        """Pass over the first candidate once it was shown what is wrong with its plan, in vain."""
        chain = self.asker.roles.chain("planner")
        if request.attempt <= PLANS_OF_ONE or not chain[1:]:
            return 0
        reason = _refused(request).what
        self.asker.note_degraded(request.run, "planner", chain[1].identity, reason)
        return 1

    def _fall_back(self, request: PlanRequest, fault: NoAnswer) -> Plan | None:
        to = PLAYBOOK if self.fallback is not None else NOBODY
        self.asker.note_fallback(request.run, "planner", to, fault)
        # What was refused was no plan of the fallback's.
        fresh = replace(request, attempt=1, problems=())
        return None if self.fallback is None else self.fallback.plan(fresh)


@dataclass(frozen=True, slots=True)
class ModelDecider:
    """Asks the decider models for the next action of a step.

    Args:
        asker: Asks them.
        fallback: Decides when none of them gave a decision; without it the step is given up.
        brief: What the domain tells them.
        resamples: How often they are asked again for the same action.
    """

    asker: Asker
    fallback: Decider | None = None
    brief: Brief = NO_BRIEF
    resamples: int = 0

    def decide(self, situation: Situation) -> Decision:
        """Return a model's decision, the fallback's, or giving up."""
        name = self.asker.roles.prompt("decider")
        prompt, skip = decider_prompt(situation, name, brief=self.brief), self._skip(situation)
        try:
            asked = self._ask(situation, prompt, skip)
        except NoAnswer as fault:
            return self._fall_back(situation, fault)
        agreement = self._agreement(situation, prompt, skip, asked.value)
        likelihood = 0.5 if asked.likelihood is None else asked.likelihood
        ours = {"origin": asked.model, "agreement": agreement, "likelihood": likelihood}
        return asked.value.model_copy(update=ours)

    def _ask(self, situation: Situation, prompt: Prompt, skip: int) -> Asked[Decision]:
        names = frozenset(card.name for card in situation.tools)
        return self.asker.ask(
            situation.run,
            "decider",
            prompt,
            Decision,
            limits=spend_limits(situation.goal.budget),
            subject=_key(situation),
            check=partial(_sensible, names),
            skip=skip,
        )

    def _agreement(self, situation: Situation, prompt: Prompt, skip: int, first: Decision) -> float:
        """Return the share of further answers that chose the same action; no answer is another."""
        if first.action is None or not self.resamples:
            return 1.0
        same = 0
        for number in range(self.resamples):
            # Another number, so that neither cache nor flight gives the first answer again.
            again = replace(prompt, user=f"{prompt.user}\n\n(Answer {number + 2}, independent.)")
            with suppress(NoAnswer):
                action = self._ask(situation, again, skip).value.action
                same += action is not None and action.hash == first.action.hash
        return same / self.resamples

    def _skip(self, situation: Situation) -> int:
        """Pass over the first candidate when it insists on going in circles."""
        chain = self.asker.roles.chain("decider")
        if situation.rung < OTHER_MODEL or not chain[1:]:
            return 0
        reason = "It insists on what went in circles."
        self.asker.note_degraded(situation.run, "decider", chain[1].identity, reason)
        return 1

    def _fall_back(self, situation: Situation, fault: NoAnswer) -> Decision:
        to = PLAYBOOK if self.fallback is not None else NOBODY
        self.asker.note_fallback(situation.run, "decider", to, fault, subject=_key(situation))
        if self.fallback is not None:
            return self.fallback.decide(situation)
        reasons = "; ".join(fault.reasons)
        reasoning = f"The models' answers are unusable: {reasons}"[:4000]
        return Decision(kind="give_up", reasoning=reasoning, origin=NOBODY)


def planner_prompt(
    request: PlanRequest, name: str = "planner", *, brief: Brief = NO_BRIEF
) -> Prompt:
    """Return what a planner model is shown."""
    last = request.last
    schema = answer_schema(Plan)
    sections = (
        *_mandate(request.goal, brief),
        *tool_sections(request.tools),
        Section(label="Left", value=_left(request.remaining), limit=500, trusted=True),
        _said(request.messages),
        Section(
            label="Your last plan",
            value={} if last is None else last.model_dump(mode="json", exclude={"origin"}),
            limit=PLAN_CHARACTERS,
        ),
        Section(
            label="What is wrong with your last plan",
            value=list(request.problems),
            limit=HISTORY_CHARACTERS,
        ),
        Section(
            label="What failed so far", value=_records(request.failed), limit=HISTORY_CHARACTERS
        ),
        Section(label="Try", value=f"{request.attempt} of {PLANS}", limit=100, trusted=True),
    )
    return write(name, sections, schema=schema, strict=is_strict(schema))


def decider_prompt(
    situation: Situation, name: str = "decider", *, brief: Brief = NO_BRIEF
) -> Prompt:
    """Return what a decider model is shown."""
    schema = answer_schema(Decision, tools=situation.tools)
    sections = situation_sections(situation, brief)
    return write(name, sections, schema=schema, strict=is_strict(schema))


def situation_sections(situation: Situation, brief: Brief) -> tuple[Section, ...]:
    """Return what a model is shown of a step."""
    step = situation.step.to_json()
    tried: list[JsonValue] = [*situation.tried.values()]
    results = shares(situation.inputs, RESULT_CHARACTERS)
    return (
        *_mandate(situation.goal, brief),
        Section(label="Step", value=step, limit=HISTORY_CHARACTERS, trusted=True),
        *tool_sections(situation.tools),
        Section(label="Left", value=_left(situation.remaining), limit=500, trusted=True),
        _said(situation.messages),
        Section(label="Results so far", value=results, limit=2 * RESULT_CHARACTERS),
        Section(
            label="What came of earlier tries", value=tried[-TRIED_SHOWN:], limit=HISTORY_CHARACTERS
        ),
        Section(label="What happened before", value=situation.summary, limit=2_500),
        Section(label="Latest events", value=_records(situation.recent), limit=HISTORY_CHARACTERS),
    )


def _mandate(goal: Goal, brief: Brief) -> tuple[Section, ...]:
    """Return what binds whoever plans or decides; the same all through a run."""
    scope = goal.boundaries.to_json()
    return (
        *brief.sections(),
        Section(label="Objective", value=goal.objective, limit=OBJECTIVE_CHARACTERS, trusted=True),
        Section(label="Boundaries", value=scope, limit=HISTORY_CHARACTERS, trusted=True),
    )


def _refused(request: PlanRequest) -> NoAnswer:
    problems = "; ".join(request.problems)
    return NoAnswer((f"{request.attempt - 1} plans were refused, the last one for: {problems}",))


def _said(messages: Sequence[str]) -> Section:
    return Section(
        label="People said", value=list(messages), limit=HISTORY_CHARACTERS, trusted=True
    )


def _records(records: Sequence[Record]) -> list[JsonValue]:
    return [record.to_json() for record in records]


def _left(budget: Budget) -> JsonObject:
    """Return what counts for a model; seconds and money would make every prompt another one."""
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
