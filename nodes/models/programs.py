"""Programs that models write for steps; nothing in them is trusted, every call passes the gate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import Field

from nodes.context import Situation
from nodes.glue.programs import CODE_CHARACTERS, Written
from nodes.guards.budget import spend_limits
from nodes.models.ask import Asker, NoAnswer
from nodes.models.mind import HISTORY_CHARACTERS, situation_sections
from nodes.models.prompts import NO_BRIEF, Brief, Prompt, Section, write
from nodes.models.schemas import answer_schema, is_strict
from nodes.state import Step
from tools.contract import Record

PROMPT: Final = "program"


class ProgramAnswer(Record):
    """What a model is to say."""

    code: str = Field(min_length=1, max_length=CODE_CHARACTERS)
    confidence: float = Field(ge=0.0, le=1.0)


@dataclass(frozen=True, slots=True)
class ModelPrograms:
    """Asks the decider models for the programs of some steps.

    Args:
        asker: Asks them.
        wanted: Tells whether a step is to be done by a program.
        brief: What the domain tells them.
    """

    asker: Asker
    wanted: Callable[[Step], bool]
    brief: Brief = NO_BRIEF

    def program(self, situation: Situation, problems: Sequence[str]) -> Written | None:
        """Return a model's program; None when none is wanted, or none was to be had."""
        if not self.wanted(situation.step):
            return None
        run = situation.run
        key = f"{run}/{situation.step.id}/{situation.ordinal}"
        prompt = program_prompt(situation, problems, brief=self.brief)
        limits = spend_limits(situation.goal.budget)
        try:
            asked = self.asker.ask(
                run, "decider", prompt, ProgramAnswer, limits=limits, subject=key
            )
        except NoAnswer as fault:
            self.asker.note_fallback(run, "decider", "single decisions", fault, subject=key)
            return None
        answer = asked.value
        return Written(code=answer.code, confidence=answer.confidence, origin=asked.model)


def program_prompt(
    situation: Situation, problems: Sequence[str] = (), *, brief: Brief = NO_BRIEF
) -> Prompt:
    """Return what a model is shown that is to write a program."""
    schema = answer_schema(ProgramAnswer)
    wrong = Section(
        label="What was wrong with the programs before",
        value=list(problems),
        limit=HISTORY_CHARACTERS,
    )
    sections = (*situation_sections(situation, brief), wrong)
    return write(PROMPT, sections, schema=schema, strict=is_strict(schema))
