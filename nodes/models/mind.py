"""Planner and decider on any LangChain chat model.

A model's answer is text until it parses into our types; text that does not parse is shown to the
model once more with the error, and then counts as giving up. Nothing here is trusted: the plan is
validated in `plan`, every action passes the gate.
"""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TypeVar

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, JsonValue, ValidationError

from nodes.context import PlanRequest, Situation
from nodes.state import Decision, Plan
from tools.contract import canonical

INPUT_CHARACTERS = 12_000
"""Longest excerpt of one result that a prompt carries."""
TRIES = 2

Parsed = TypeVar("Parsed", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ModelPlanner:
    """Asks a chat model for a plan.

    Args:
        model: Any LangChain chat model.
        name: How the plan names its origin.
    """

    model: BaseChatModel
    name: str = "model"

    def plan(self, request: PlanRequest) -> Plan | None:
        """Return the model's plan, or None when it gave none that parses."""
        facts: dict[str, JsonValue] = {
            "objective": request.goal.objective,
            "tools": [card.to_json() for card in request.tools],
            "problems with your last plan": list(request.problems),
            "what failed": [item.to_json() for item in request.failed],
            "people said": list(request.messages),
        }
        made = _ask(self.model, "planner", facts, Plan)
        return made.model_copy(update={"origin": self.name}) if isinstance(made, Plan) else None


@dataclass(frozen=True, slots=True)
class ModelDecider:
    """Asks a chat model for the next action.

    Args:
        model: Any LangChain chat model.
        name: How the decision names its origin.
    """

    model: BaseChatModel
    name: str = "model"

    def decide(self, situation: Situation) -> Decision:
        """Return the model's decision; giving up when it said nothing usable."""
        facts: dict[str, JsonValue] = {
            "objective": situation.goal.objective,
            "step": situation.step.to_json(),
            "tools": [card.to_json() for card in situation.tools],
            "results": {name: _excerpt(value) for name, value in situation.inputs.items()},
            "already tried": list(situation.tried.values()),
            "recent": [item.to_json() for item in situation.recent],
            "people said": list(situation.messages),
            "left of the budget": situation.remaining.to_json(),
        }
        made = _ask(self.model, "decider", facts, Decision)
        if isinstance(made, Decision):
            return made.model_copy(update={"origin": self.name})
        return Decision(kind="give_up", reasoning=f"The model's answer is unusable: {made}")


def _excerpt(value: JsonValue) -> str:
    return canonical(value)[:INPUT_CHARACTERS]


def _ask(
    model: BaseChatModel, role: str, facts: dict[str, JsonValue], wanted: type[Parsed]
) -> Parsed | str:
    """Return the model's answer as `wanted`, or the reason why it is none."""
    system = files("nodes.prompts").joinpath(f"{role}.md").read_text("utf-8")
    fenced = json.dumps(facts, ensure_ascii=True).replace("</data>", "<\\/data>")
    messages: list[BaseMessage] = [
        SystemMessage(system),
        HumanMessage(f"<data>\n{fenced}\n</data>"),
    ]
    problem = ""
    for _ in range(TRIES):
        answer = model.invoke(messages)
        found = _parse(answer.text, wanted)
        if not isinstance(found, str):
            return found
        problem = found
        messages = [*messages[:2], HumanMessage(f"Your last answer could not be used: {problem}")]
    return problem


def _parse(text: str, wanted: type[Parsed]) -> Parsed | str:
    """Read the first JSON object in a text, or say why that fails."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return "it holds no JSON object"
    try:
        return wanted.model_validate(json.loads(text[start : end + 1]))
    except (ValueError, RecursionError) as fault:
        if isinstance(fault, ValidationError):
            return "; ".join(str(error["msg"]) for error in fault.errors(include_input=False)[:3])
        return "it is not valid JSON"
