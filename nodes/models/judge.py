"""A second opinion on what was reached, from a model that does not know how it was argued.

It can only lower the verdict: without checks of the world no judge makes a run verified, and a
judge that gives no answer counts as one that is not convinced.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from nodes.guards.budget import spend_limits
from nodes.models.ask import Asker, NoAnswer
from nodes.models.prompts import NO_BRIEF, Brief, Prompt, Section, write
from nodes.models.schemas import answer_schema, is_strict
from nodes.state import Check, Goal
from tools.contract import EffectRecord, JsonObject, Record

EFFECTS_SHOWN = 20
CHECKS_SHOWN = 40
FACT_CHARACTERS = 12_000


class Opinion(Record):
    """What a judging model says."""

    reached: bool
    detail: str = Field(max_length=1000)


@dataclass(frozen=True, slots=True)
class ModelJudge:
    """Asks the verifier models.

    Args:
        asker: Asks them.
        brief: What the domain tells them.
    """

    asker: Asker
    brief: Brief = NO_BRIEF

    def judge(
        self, run: str, goal: Goal, effects: Sequence[EffectRecord], checks: Sequence[Check]
    ) -> Check:
        """Return one expectation; it does not hold when no model answered."""
        name = self.asker.roles.prompt("verifier")
        prompt = judge_prompt(goal, effects, checks, name, brief=self.brief)
        limits = spend_limits(goal.budget)
        try:
            said = self.asker.ask(run, "verifier", prompt, Opinion, limits=limits)
        except NoAnswer as fault:
            self.asker.note_fallback(run, "verifier", "nobody", fault)
            reasons = "; ".join(fault.reasons)
            return _check(holds=False, detail=f"the judge gave no answer: {reasons}")
        return _check(holds=said.value.reached, detail=f"{said.model}: {said.value.detail}")


def judge_prompt(
    goal: Goal,
    effects: Sequence[EffectRecord],
    checks: Sequence[Check],
    name: str = "verifier",
    *,
    brief: Brief = NO_BRIEF,
) -> Prompt:
    """Return what a judging model is shown: never a decider's reasoning."""
    schema = answer_schema(Opinion)
    sections = (
        *brief.sections(),
        Section(label="Goal", value=goal.objective, limit=4000, trusted=True),
        Section(
            label="Effects in the world",
            value=[_effect(record) for record in effects[-EFFECTS_SHOWN:]],
            limit=FACT_CHARACTERS,
        ),
        Section(
            label="Checks of the world",
            value=[check.to_json() for check in checks[-CHECKS_SHOWN:]],
            limit=FACT_CHARACTERS,
        ),
    )
    return write(name, sections, schema=schema, strict=is_strict(schema))


def _effect(record: EffectRecord) -> JsonObject:
    return {
        "action": record.action.to_json(),
        "state": record.state,
        "result": record.result,
        "error": record.error,
    }


def _check(*, holds: bool, detail: str) -> Check:
    return Check(name="judge", kind="expectation", holds=holds, detail=detail[:2000])
