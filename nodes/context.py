"""What a node may use: everything comes in through `runtime.context`, nothing through state."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from langgraph.runtime import Runtime
from pydantic import JsonValue

from nodes.calibration.history import History
from nodes.evidence import Evidence
from nodes.guards.budget import Budget
from nodes.state import Boundaries, Check, Decision, Goal, Happening, Plan, Step
from nodes.upgrade import check_upgrade
from nodes.usual import Usual
from tools.contract import Action, Clock, EffectRecord, JsonObject, Record, Tool, ToolCard
from tools.errors import RunBusy, SurefootError
from tools.policy import Policy
from tools.progress import Listener, listening
from tools.records import Memory
from tools.runner import Runner
from tools.toolbox import Toolbox

OFFER_TTL = timedelta(days=7)
"""How long a question, and the approval that answers it, stays valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What a planner may know."""

    run: str
    goal: Goal
    tools: Sequence[ToolCard]
    remaining: Budget
    attempt: int = 1
    """2 and more when the plans before were refused."""
    last: Plan | None = None
    """The plan that was refused, or that is to be replaced."""
    problems: Sequence[str] = ()
    """Why the last plan was refused; empty on the first try."""
    failed: Sequence[Happening] = ()
    """What failed, when another way is sought."""
    messages: Sequence[str] = ()
    """People's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a decider may know of one ready step."""

    run: str
    goal: Goal
    step: Step
    tools: Sequence[ToolCard]
    """Only those that the step may call."""
    inputs: Mapping[str, JsonValue]
    """Newest results of the steps that this one needs, and of itself, by step id."""
    tried: Mapping[str, str]
    """Action hash (16 characters) to what came of it, oldest first."""
    recent: Sequence[Happening]
    summary: str = ""
    """What happened before those."""
    messages: Sequence[str]
    remaining: Budget
    ordinal: int
    """1 for the first decision of the step."""
    rung: int = 0
    """How often it went in circles since the last progress; from 2 on somebody else decides."""


class Planner(Protocol):
    """Turns a goal into a plan: a playbook or a model."""

    def plan(self, request: PlanRequest) -> Plan | None:
        """Return a plan, or None when there is no (other) way."""
        ...


class Decider(Protocol):
    """Chooses the next action of a step: a playbook or a model."""

    def decide(self, situation: Situation) -> Decision:
        """Return one decision."""
        ...


class Examination(Record):
    """What the checks found, and the measurement that the next ones compare with."""

    checks: tuple[Check, ...]
    measured: JsonObject


class Checks(Protocol):
    """Independent checks of the world: they see effects and the world, never the reasoning."""

    def baseline(self) -> JsonObject:
        """Measure the world before anything is done."""
        ...

    def examine(
        self,
        baseline: JsonObject,
        before: JsonObject,
        fresh: Sequence[EffectRecord],
        *,
        standing: Callable[[], Sequence[EffectRecord]],
    ) -> Examination:
        """Judge fresh effects: constraints against the baseline, expectations against `before`.

        `standing` returns all effects of the run that are in the world, oldest first, the fresh
        ones included; it reads them only when called.
        """
        ...

    def conclude(self, baseline: JsonObject, kept: Sequence[EffectRecord]) -> Examination:
        """Judge the end: every constraint and the success checks, measured anew."""
        ...


class Judge(Protocol):
    """A second opinion on the end of a run, blind to the decider's reasons; it can only lower."""

    def judge(
        self, run: str, goal: Goal, effects: Sequence[EffectRecord], checks: Sequence[Check]
    ) -> Check:
        """Return one expectation: whether goal, effects and checks fit together."""
        ...


class Critic(Protocol):
    """A third person's view of one proposal; not told who made it, or why."""

    def rate(self, run: str, goal: Goal, step: Step, tool: Tool, action: Action) -> float | None:
        """Return the probability that a careful person approves; None when nobody can tell."""
        ...


class Summarizer(Protocol):
    """Makes a few sentences of what leaves the bounded window."""

    def summarize(self, run: str, goal: Goal, happenings: Sequence[Happening]) -> str:
        """Return a summary."""
        ...


class Undoer(Protocol):
    """Undoes effects through the journal, newest first."""

    def __call__(self, records: Sequence[EffectRecord], why: str) -> Mapping[str, str]:
        """Undo; return for each key `undone` or the reason why not. Never raises a conflict.

        `why` is kept in the journal, so that an undo cut short can be gone on with.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The dependencies of one agent; constructed in `graphs/assembly.py` only."""

    domain: str
    tools: Toolbox
    policy: Policy
    memory: Memory
    runner: Runner
    undo: Undoer
    planner: Planner
    decider: Decider
    checks: Checks
    judge: Judge | None = None
    critic: Critic | None = None
    summarizer: Summarizer | None = None
    asks_when_stuck: bool = False
    """Whether a person is asked for help when a step failed and no other plan is left."""
    clock: Clock
    timer: Callable[[], float] = time.monotonic
    """Counts the seconds of work; no clock, because a clock may be set, and runs on in sleep."""
    fingerprint: str
    version: str
    settings: JsonObject = field(default_factory=dict)
    """What another process needs to assemble the same agent; no secrets."""
    offer_ttl: timedelta = OFFER_TTL
    boundaries: Boundaries = Boundaries()
    """Scope of a goal that names none."""
    evidence: Evidence
    """What the values of an action may stand on."""
    usual: Usual
    """What was usual in the runs before."""
    history: History
    """What people answered before."""
    words: tuple[str, ...] = ()
    """What the user said beside the goal, e.g. a runbook; arguments may come from it."""
    protected: tuple[str, ...] = ()
    """Globs, in small letters, over resources that no action touches without a person."""
    reviewer: str = "unnamed"
    """To whom an answer is attributed that does not say who gave it."""
    watcher: Listener | None = None
    """Who is told what happens, as it happens; LangGraph's custom stream when None.

    To stream, LangGraph moves every node to a thread of a pool, which costs more than the node.
    """


def run_of(runtime: Runtime[Context]) -> str:
    """Return the run that a node works for: the LangGraph thread.

    Raises:
        SurefootError: The graph was invoked without a thread id.
    """
    info = runtime.execution_info
    if info is None or not info.thread_id:
        raise SurefootError(
            "The graph was invoked without a thread id.",
            advice='Pass config={"configurable": {"thread_id": "..."}}.',
        )
    return info.thread_id


def enter(runtime: Runtime[Context]) -> tuple[Context, str]:
    """Take the run's lease and refuse a run that cannot go on here; every node begins so.

    Raises:
        RunBusy: Another advances the run, or did so since it was loaded, or it has ended.
        GraphChanged: The run was started by a graph that this one cannot continue.
    """
    context, run = runtime.context, run_of(runtime)
    context.memory.leases.acquire(run)
    info = context.memory.runs.find(run)
    if info is not None and info.status not in {"running", "waiting"}:
        raise RunBusy(
            f"Run {run!r} has ended: {info.status}.",
            advice="Look at its report, or start another run for another goal.",
        )
    if info is not None and info.fingerprint != context.fingerprint:
        check_upgrade(info, present=context.fingerprint, tools=context.tools, memory=context.memory)
        context.memory.runs.adopt(run, fingerprint=context.fingerprint, version=context.version)
    return context, run


def tell(runtime: Runtime[Context], kind: str, **data: JsonValue) -> None:
    """Tell one event to whoever watches."""
    _watcher(runtime)({"kind": kind, **data})


def reporting(runtime: Runtime[Context]) -> AbstractContextManager[None]:
    """Tell whoever watches what tools, checks and models tell meanwhile."""
    return listening(_watcher(runtime))


def _watcher(runtime: Runtime[Context]) -> Listener:
    return runtime.context.watcher or runtime.stream_writer
