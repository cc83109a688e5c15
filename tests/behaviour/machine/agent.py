"""An agent whose goal says all that it will decide, so that each process decides the same."""

from collections.abc import Callable, Sequence
from datetime import datetime

from pydantic import BaseModel

from checkpoints.store import Store
from graphs.assembly import assemble
from graphs.domain import Domain
from graphs.session import Agent
from graphs.settings import Settings
from nodes.context import Examination, PlanRequest, Situation
from nodes.state import Boundaries, Check, Decision, Plan, Step
from tests.behaviour.machine.world import TOOLS, World
from tests.behaviour.shelf import act
from tools.contract import EffectRecord, JsonObject
from tools.policy import Policy
from tools.toolbox import Toolbox

POLICY = """
[[rules]]
id = "put"
tool = "put"
verdict = "allow"

[[rules]]
id = "ask"
tool = ["swap", "send"]
verdict = "ask"
"""


class Move(BaseModel):
    """One decision of a step."""

    tool: str
    name: str
    useless: bool = False


class Told(BaseModel):
    """A step and its decisions."""

    id: str
    needs: tuple[str, ...] = ()
    moves: tuple[Move, ...]


class Story(BaseModel):
    """Everything that a run will decide."""

    steps: tuple[Told, ...]


class Teller:
    """Plans and decides what the goal says; each text is of one decision only."""

    def plan(self, request: PlanRequest) -> Plan | None:
        if request.failed or request.problems:
            return None
        story = Story.model_validate_json(request.goal.objective)
        tools = ("put", "swap", "send")
        steps = [Step(id=one.id, title=one.id, tools=tools, needs=one.needs) for one in story.steps]
        return Plan(steps=tuple(steps))

    def decide(self, situation: Situation) -> Decision:
        story = Story.model_validate_json(situation.goal.objective)
        moves = next(one.moves for one in story.steps if one.id == situation.step.id)
        if situation.ordinal > len(moves):
            return Decision(kind="done", reasoning="all told", confidence=1.0)
        move = moves[situation.ordinal - 1]
        key = f"{situation.run}/{situation.step.id}/{situation.ordinal}"
        return act(move.tool, name=move.name, text=f"{'useless ' * move.useless}{key}")


class Checks:
    """Every effect helps that does not say that it is useless."""

    def baseline(self) -> JsonObject:
        return {}

    def examine(
        self,
        baseline: JsonObject,
        before: JsonObject,
        fresh: Sequence[EffectRecord],
        *,
        standing: Callable[[], Sequence[EffectRecord]],
    ) -> Examination:
        checks = []
        for record in fresh:
            helps = not str(record.action.args["text"]).startswith("useless")
            checks.append(
                Check(name="helps", kind="expectation", holds=helps, detail="-", key=record.key)
            )
        return Examination(checks=tuple(checks), measured={})

    def conclude(self, baseline: JsonObject, kept: Sequence[EffectRecord]) -> Examination:
        return Examination(
            checks=(Check(name="end", kind="success", holds=True, detail="-"),), measured={}
        )


def machine_agent(store: Store, world: World, clock: Callable[[], datetime]) -> Agent:
    """Assemble the agent of a world."""
    teller = Teller()
    domain = Domain(
        name="world",
        tools=Toolbox([make(world) for make in TOOLS]),
        policy=Policy.from_toml(POLICY, source="machine"),
        checks=Checks(),
        planner=teller,
        decider=teller,
        boundaries=Boundaries(resources=("name:*",)),
        settings={},
    )
    return assemble(domain, store, settings=Settings(reviewer="tester"), clock=clock)
