"""What a run remembers between nodes: plain JSON of bounded size, and the types that read it.

Node names and the keys of `State` are an on-disk interface: runs wait for days. Keys may be added
when nodes do without them; what is removed, renamed or means something else by now raises
`STATE_VERSION`, and runs of before are refused (`nodes/upgrade.py`).
"""

from collections.abc import Iterable
from typing import Annotated, Literal, TypedDict

from pydantic import Field, JsonValue

from nodes.claims import MAX_CLAIMS, Claim, Stated
from nodes.guards.budget import Budget, Spent
from nodes.guards.loops import Trace
from tools.contract import Action, JsonObject, Observation, Record

STATE_VERSION = 1

RECENT = 8
"""Outcomes kept in the window that deciders see."""
TRAIL = 24
"""Actions kept for the loop guard."""
TRIED = 64
"""Attempts remembered per step."""
MESSAGES = 10
"""People's words kept for planner and decider."""
MAX_REFUSED = 8
"""Refused proposals after which a step counts as failed."""

StepId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Gate = Literal["new", "approved", "cleared", "waiting", "again", "denied"]
StepStatus = Literal["pending", "done", "failed", "skipped"]


class Boundaries(Record):
    """The resources and tools in scope; whatever is not named is out."""

    resources: tuple[str, ...] = ("*",)
    """Glob patterns over resource names, e.g. `table:*`."""
    tools: tuple[str, ...] = ("*",)
    """Glob patterns over tool names."""


class Goal(Record):
    """What a run is for, how success is recognised, and what must not happen meanwhile."""

    objective: str = Field(min_length=1, max_length=4000)
    boundaries: Boundaries = Boundaries()
    budget: Budget = Budget()
    grants: tuple[str, ...] = Field(default=(), max_length=20)
    """Globs of tools whose irreversible actions need no further question, as long as words call for
    them and all that decides who, where and how much has a trusted origin."""
    follows: tuple[str, ...] = Field(default=(), max_length=20)
    """Globs of tools with which instructions may be followed that stand in a text which the
    objective names. What words do not call for is then asked about, and not refused."""
    review_plan: bool = False
    """Show the plan to a person before anything runs."""
    dry_run: bool = False
    """Read, plan and predict, but clear no action that has an effect."""


class Step(Record):
    """One node of a plan."""

    id: StepId
    title: str = Field(max_length=200)
    tools: tuple[str, ...] = Field(min_length=1, max_length=20)
    """Tools that this step may call; text read later cannot widen it."""
    needs: tuple[StepId, ...] = ()
    expects: str = Field(default="", max_length=500)
    """The expected outcome, in words."""
    touches: tuple[str, ...] = Field(default=(), max_length=50)
    """Globs over the resources that it is predicted to change; other changes are asked about."""
    max_actions: int = Field(default=20, ge=1, le=2000)


class Plan(Record):
    """Steps with dependencies: a directed graph without cycles."""

    steps: tuple[Step, ...] = Field(min_length=1, max_length=40)
    rationale: str = Field(default="", max_length=2000)
    origin: str = "playbook"
    """Who made it: the playbook, a model's name, or a reviewer."""

    def step(self, step_id: str) -> Step:
        """Return a step by its id (KeyError when there is none)."""
        return {step.id: step for step in self.steps}[step_id]


class Alternative(Record):
    """What else was considered, and why it was not chosen."""

    option: str = Field(max_length=500)
    why_not: str = Field(max_length=500)


class Decision(Record):
    """What to do next for a step: an action, or that the step is done or cannot be done."""

    kind: Literal["act", "done", "give_up"]
    action: Action | None = None
    reasoning: str = Field(default="", max_length=4000)
    alternatives: tuple[Alternative, ...] = Field(default=(), max_length=10)
    evidence: tuple[str, ...] = Field(default=(), max_length=20)
    """References: artifacts, step ids, query ids."""
    claims: tuple[Stated, ...] = Field(default=(), max_length=MAX_CLAIMS)
    """What it takes for facts, with the words of a source that say so."""
    confidence: float = Field(default=0.0, ge=0.0, le=1.0)
    agreement: float = Field(default=1.0, ge=0.0, le=1.0)
    """Share of decisions asked for again that chose the same action; 1 when none was."""
    likelihood: float = Field(default=0.5, ge=0.0, le=1.0)
    """How probable its words were to the model; 0.5 when nobody says."""
    origin: str = "playbook"


class Proposal(Record):
    """One decision on its way through the gate."""

    key: str
    """`run/step/ordinal`: the idempotency key of its effect."""
    step: str
    decision: Decision
    gate: Gate = "new"
    rule: str = ""
    reason: str = ""
    review: str = ""
    """Id of the review that asked, or that was answered with yes."""
    claims: tuple[Claim, ...] = Field(default=(), max_length=MAX_CLAIMS)
    """The decision's claims, looked up by the gate."""


class Progress(Record):
    """How far a step is."""

    status: StepStatus = "pending"
    proposals: int = 0
    """Decisions made for this step; the next one's ordinal is one more."""
    actions: int = 0
    """Actions that ran."""
    refused: int = 0
    """Proposals that the gate refused."""
    helped: bool = False
    """Whether a person was asked for help when it failed."""
    note: str = ""
    result: str = ""
    """Artifact of the step's newest successful result."""
    tried: dict[str, str] = Field(default_factory=dict)
    """Action hash (first 16 characters) to what came of it, newest last, bounded."""


class Happening(Record):
    """One line of the bounded history that deciders see."""

    step: str
    what: str
    came: str


class Check(Record):
    """One independent check of the world."""

    name: str
    kind: Literal["constraint", "expectation", "success"]
    holds: bool
    detail: str
    key: str = ""
    """The effect that it judges; empty when it judges the whole."""
    proves: bool = True
    """Whether holding tells anything: what held before anything was done tells nothing."""
    measured: dict[str, JsonValue] = Field(default_factory=dict)


class State(TypedDict, total=False):
    """The channels of the graph; every value is JSON and bounded."""

    goal: JsonObject
    run: str
    plan: JsonObject
    replans: int
    replan: str
    """Why another plan is sought; empty when none is."""
    progress: dict[str, JsonObject]
    batch: list[JsonObject]
    """Proposals of this round."""
    observations: list[JsonObject]
    """Observations of this round."""
    waiting: list[JsonObject]
    """Proposals that wait for a person."""
    recent: list[JsonObject]
    summary: str
    """What happened before the window, in a few sentences."""
    trail: list[JsonObject]
    ladder: JsonObject
    """What is being done about a circle, and what a person excused."""
    messages: list[str]
    """What people said, with who and on what; for deciders."""
    words: list[str]
    """People's bare words, without anything that a model wrote; arguments are grounded on them."""
    rejections: int
    """How often people rejected an action; the ledger tells which."""
    approved: bool
    """Whether a person approved the plan in force."""
    concluded: str
    """When the final checks were made; ISO time."""
    spent: JsonObject
    baseline: str
    """Artifact: the world before anything was done."""
    measured: str
    """Artifact: the world as last examined."""
    checks: list[JsonObject]
    hold: str
    """The soft limit at which everything waits for a person; empty otherwise."""
    frugal: bool
    """Whether a person chose to finish without models."""
    halted: str
    """Why nothing more is to be started; empty while the run may go on."""
    outcome: str
    reason: str
    report: JsonObject


class RunInput(TypedDict):
    """What a caller gives to start a run."""

    goal: JsonObject


def goal_of(state: State) -> Goal:
    """Read the goal."""
    return Goal.model_validate(state["goal"])


def plan_of(state: State) -> Plan:
    """Read the plan."""
    return Plan.model_validate(state["plan"])


def progress_of(state: State) -> dict[str, Progress]:
    """Read the progress of every step."""
    return {step: Progress.model_validate(value) for step, value in state["progress"].items()}


def batch_of(state: State) -> list[Proposal]:
    """Read this round's proposals."""
    return [Proposal.model_validate(item) for item in state.get("batch", [])]


def waiting_of(state: State) -> list[Proposal]:
    """Read the proposals that wait for a person."""
    return [Proposal.model_validate(item) for item in state.get("waiting", [])]


def observations_of(state: State) -> list[Observation]:
    """Read this round's observations."""
    return [Observation.model_validate(item) for item in state.get("observations", [])]


def spent_of(state: State) -> Spent:
    """Read what was spent so far."""
    return Spent.model_validate(state.get("spent", {}))


def trail_of(state: State) -> list[Trace]:
    """Read the loop guard's trail."""
    return [Trace.model_validate(item) for item in state.get("trail", [])]


def ready_steps(state: State) -> list[Step]:
    """Return the frontier: pending steps whose needs are done and that wait for nobody."""
    progress = progress_of(state)
    held = {proposal.step for proposal in waiting_of(state)}
    return [
        step
        for step in plan_of(state).steps
        if progress[step.id].status == "pending"
        and step.id not in held
        and all(progress[need].status == "done" for need in step.needs)
    ]


def dumps(records: Iterable[Record]) -> list[JsonObject]:
    """Return records as JSON objects."""
    return [record.to_json() for record in records]


def remember(progress: Progress, action_hash: str, came: str) -> Progress:
    """Return the progress with one more attempt, the oldest forgotten beyond `TRIED`."""
    tried = {**progress.tried, action_hash[:16]: came[:200]}
    return progress.model_copy(update={"tried": dict(list(tried.items())[-TRIED:])})
