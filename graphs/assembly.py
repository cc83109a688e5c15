"""The one place that constructs an agent's dependencies."""

import importlib.metadata
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pkgutil import resolve_name
from typing import TypedDict

from checkpoints.store import Store
from checkpoints.undo import undo_effects
from graphs.agent import build_agent, fingerprint
from graphs.domain import Domain
from graphs.models import kept_models, make_asker
from graphs.session import Agent
from graphs.settings import Settings
from graphs.tracing import TracedRunner, Tracing
from nodes.calibration.history import History
from nodes.context import Context, Critic, Decider, Judge, Planner, Summarizer
from nodes.evidence import Evidence
from nodes.usual import Usual
from tools.contract import Clock, EffectRecord, JsonObject, digest
from tools.errors import BadInput
from tools.runner import Runner

VERSION = importlib.metadata.version("surefoot")

Opener = Callable[[JsonObject, Store], Domain]

DOMAINS: Mapping[str, str] = {
    "database": "graphs.database.domain:database_domain",
    "workspace": "graphs.workspace.domain:workspace_domain",
}
"""What opens a domain from the settings that a run keeps; imported when a run needs it."""


def now() -> datetime:
    """Return the present in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class StoreUndoer:
    """Undoes through the store's journal, with the runner's tools."""

    store: Store
    runner: Runner

    def __call__(self, records: Sequence[EffectRecord], why: str) -> Mapping[str, str]:
        """Undo newest first and say what came of each."""
        items = undo_effects(self.store, records, reverser=self.runner, why=why)
        gone = {"undone", "gone already"}
        return {item.key: "undone" if item.outcome in gone else item.detail for item in items}


def assemble(
    domain: Domain,
    store: Store,
    *,
    settings: Settings | None = None,
    clock: Clock = now,
    timer: Callable[[], float] = time.monotonic,
    tracing: Tracing | None = None,
) -> Agent:
    """Put an agent together.

    Args:
        domain: What it works on.
        store: What it remembers with; stays the caller's to close.
        settings: Reviewer, offer time and default budget.
        clock: The present, for tests.
        timer: Counts working time in seconds, for tests.
        tracing: What it shows of itself; as the settings say when None.

    Raises:
        BadInput: A pattern of `trace_redact` is not a regular expression.
    """
    settings = settings or Settings()
    tracing = tracing or Tracing.configured(
        content=settings.trace_content, patterns=settings.trace_redact
    )
    runner = _runner(domain, store, clock, tracing)
    context = replace(_context(domain, store, settings, clock, runner), timer=timer)
    name = f"surefoot-{domain.name}"
    graph = build_agent(context=context, tracing=tracing, checkpointer=store.saver, name=name)
    return Agent(
        graph=graph,
        tracing=tracing,
        context=context,
        store=store,
        boundaries=domain.boundaries,
        budget=settings.budget,
    )


def _context(
    domain: Domain, store: Store, settings: Settings, clock: Clock, runner: Runner
) -> Context:
    return Context(
        domain=domain.name,
        tools=domain.tools,
        policy=domain.policy,
        memory=store,
        runner=runner,
        undo=StoreUndoer(store, runner),
        **_minds(domain, store, clock),
        checks=domain.checks,
        clock=clock,
        fingerprint=fingerprint(domain.tools),
        version=VERSION,
        settings=domain.settings,
        boundaries=domain.boundaries,
        words=domain.words,
        protected=tuple(glob.casefold() for glob in domain.protected),
        evidence=Evidence(store, domain.tools, domain.principals),
        usual=Usual(store, domain.tools),
        history=History(store, _mind(domain)),
        offer_ttl=timedelta(hours=settings.offer_hours),
        reviewer=settings.reviewer,
    )


def _mind(domain: Domain) -> str:
    """Return the digest of who decides and how; people's answers are about that."""
    about: JsonObject = {
        "domain": domain.name,
        "graph": fingerprint(domain.tools),
        "version": VERSION,
        "models": domain.settings.get("models"),
    }
    return digest(about)[:16]


class Minds(TypedDict):
    """Who plans, decides and gives the second opinion."""

    planner: Planner
    decider: Decider
    judge: Judge | None
    critic: Critic | None
    summarizer: Summarizer | None
    asks_when_stuck: bool


def _minds(domain: Domain, store: Store, clock: Clock) -> Minds:
    """Return models with the playbook behind them, or the playbook alone."""
    minds = Minds(
        planner=domain.planner,
        decider=domain.decider,
        judge=None,
        critic=None,
        summarizer=None,
        asks_when_stuck=False,
    )
    kept = kept_models(domain.settings)
    roles = kept.roles
    if not roles.any_model:
        return minds
    from nodes.models.critic import ModelCritic  # noqa: PLC0415  # loads LangChain's models
    from nodes.models.judge import ModelJudge  # noqa: PLC0415  # loads LangChain's models
    from nodes.models.mind import ModelDecider, ModelPlanner  # noqa: PLC0415  # the same
    from nodes.models.summary import ModelSummarizer  # noqa: PLC0415  # the same

    asker, brief = make_asker(kept, store, clock), domain.brief()
    if roles.planner:
        minds["planner"] = ModelPlanner(asker, domain.planner, brief)
    if roles.decider:
        minds["decider"] = ModelDecider(asker, domain.decider, brief, kept.resamples)
    if roles.verifier:
        minds["judge"] = ModelJudge(asker, brief)
    if roles.critic:
        minds["critic"] = ModelCritic(asker, brief)
    if roles.summarizer:
        minds["summarizer"] = ModelSummarizer(asker)
    minds["asks_when_stuck"] = bool(roles.planner or roles.decider)
    return minds


def _runner(domain: Domain, store: Store, clock: Clock, tracing: Tracing) -> Runner:
    return TracedRunner(
        tools=domain.tools,
        policy=domain.policy,
        journal=store.journal,
        clearances=store.clearances,
        artifacts=store.artifacts,
        clock=clock,
        tracing=tracing,
    )


def reopen(
    store: Store, run: str, *, settings: Settings | None = None, clock: Clock = now
) -> Agent:
    """Assemble the agent of a stored run again, in whatever process.

    Raises:
        UnknownRun: No such run.
        BadInput: Its domain is not known here.
    """
    info = store.runs.get(run)
    if info.domain not in DOMAINS:
        raise BadInput(
            f"Run {info.run!r} is of the domain {info.domain!r}, which is not known here."
        )
    opener: Opener = resolve_name(DOMAINS[info.domain])
    return assemble(opener(info.settings, store), store, settings=settings, clock=clock)
