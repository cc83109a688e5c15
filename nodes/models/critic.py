"""A third person's view of a proposal that is fixed, from a model that is not told who made it.

Models are surer of what they take for their own: asked about the same action as somebody else's,
they are better calibrated (arXiv:2606.03437). It is one feature among others, and decides nothing
alone.
"""

from dataclasses import dataclass

from pydantic import Field

from nodes.guards.budget import spend_limits
from nodes.models.ask import Asker, NoAnswer
from nodes.models.prompts import NO_BRIEF, Brief, Prompt, Section, write
from nodes.models.schemas import answer_schema, is_strict
from nodes.state import Goal, Step
from tools.contract import Action, JsonObject, Record, Tool

ACTION_CHARACTERS = 12_000


class Rating(Record):
    """What a critic says."""

    probability: float = Field(ge=0.0, le=1.0)
    why: str = Field(default="", max_length=1000)


@dataclass(frozen=True, slots=True)
class ModelCritic:
    """Asks the critic models.

    Args:
        asker: Asks them.
        brief: What the domain tells them.
    """

    asker: Asker
    brief: Brief = NO_BRIEF

    def rate(self, run: str, goal: Goal, step: Step, tool: Tool, action: Action) -> float | None:
        """Return the probability that a careful person approves; None when no model answered."""
        name = self.asker.roles.prompt("critic")
        prompt = critic_prompt(goal, step, tool, action, name, brief=self.brief)
        limits = spend_limits(goal.budget)
        try:
            said = self.asker.ask(run, "critic", prompt, Rating, limits=limits)
        except NoAnswer as fault:
            self.asker.note_fallback(run, "critic", "nobody", fault)
            return None
        return said.value.probability


def critic_prompt(
    goal: Goal,
    step: Step,
    tool: Tool,
    action: Action,
    name: str = "critic",
    *,
    brief: Brief = NO_BRIEF,
) -> Prompt:
    """Return what a critic is shown: the action as it stands, and no reason for it."""
    schema = answer_schema(Rating)
    about: JsonObject = {"tool": tool.name, "effect": tool.effect, "args": action.args}
    sections = (
        *brief.sections(),
        Section(label="Goal", value=goal.objective, limit=4000, trusted=True),
        Section(label="Step", value={"title": step.title, "expects": step.expects}, limit=1000),
        Section(label="Tool", value=tool.description, limit=2000),
        Section(label="Proposed action", value=about, limit=ACTION_CHARACTERS),
    )
    return write(name, sections, schema=schema, strict=is_strict(schema))
