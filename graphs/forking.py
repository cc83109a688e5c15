"""Begins a run from an earlier point of another one, to try another way.

A fork is a run of its own: it has its own name, so that effect keys, clearances, questions and
approvals of the other run are nothing to it. It begins with what the other one knew at the point,
in a world that is measured anew: whatever stands in it then is what the fork may not break.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_core.runnables import RunnableConfig
from pydantic import Field

from checkpoints.forks import Effects, Point, effects_at, every_entry, point_before, record_fork
from checkpoints.undo import undo_run
from graphs.prefix import Prefix, prefix_of
from graphs.render.text import label_of
from graphs.render.timeline import unfold
from nodes.context import Context
from nodes.guards.plans import plan_problems
from nodes.plan import plan_question
from nodes.state import State, dumps
from nodes.upgrade import check_upgrade
from tools.contract import EffectRecord, JsonObject, Record
from tools.errors import BadInput, GraphChanged, UndoConflict
from tools.records import LedgerEntry, RunInfo

if TYPE_CHECKING:
    from graphs.session import Agent


class Wish(Record):
    """What somebody wants of a fork."""

    by: str
    message: str = Field(default="", max_length=4000)
    undone: tuple[str, ...] = ()
    """Effects of the other run that were undone for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forking:
    """A point at which a run can be forked, and what that would mean."""

    point: Point
    prefix: Prefix
    effects: Effects
    entries: list[LedgerEntry]

    def to_json(self) -> JsonObject:
        """Return what people and programs are told."""
        progress = self.prefix.progress
        return {
            "of": self.point.run,
            "before": self.point.before,
            "beside": [*self.point.beside],
            "done": [step for step, seen in progress.items() if seen.status == "done"],
            "open": [step for step, seen in progress.items() if seen.status == "pending"],
            "spent": self.prefix.spent.to_json(),
            "inherited": [record.key for record in self.effects.earlier],
            "standing": [record.key for record in self.effects.later],
            "lost": [record.key for record in self.effects.lost],
            "unsettled": [record.key for record in self.effects.unsettled],
        }


def look(agent: "Agent", run: str, step: str) -> Forking:
    """Return what forking a run before a step would begin with; changes nothing.

    Raises:
        BadInput: There is no such point, or what was known then is not on the ledger any more.
        GraphChanged: The run was made by a graph that this one cannot continue.
    """
    context = agent.context
    info = agent.store.runs.get(run)
    check_upgrade(info, present=context.fingerprint, tools=context.tools, memory=context.memory)
    entries = unfold(every_entry(agent.store, run), agent.store.artifacts.get)
    point = point_before(entries, run, step)
    before = [entry for entry in entries if entry.seq < point.seq]
    prefix = _bounded(agent, run, entries, prefix_of(before))
    _check_results(agent, run, prefix)
    return Forking(
        point=point,
        prefix=prefix,
        effects=effects_at(agent.store, entries, point),
        entries=entries,
    )


def fork(
    agent: "Agent",
    run: str,
    step: str,
    *,
    keep_effects: bool = False,
    undo: bool = False,
    message: str = "",
    reviewer: str = "",
    run_id: str = "",
) -> str:
    """Make a fork, without advancing it, and return its name.

    Args:
        agent: Goes on with both.
        run: The whole name of the run.
        step: A step (`tune`) or one action of it (`tune.2`): the fork begins before it.
        keep_effects: Leave effects that stand after that point as they are.
        undo: Undo them first, newest first.
        message: Words for planner and decider of the fork.
        reviewer: Who wants it; the agent's reviewer when empty.
        run_id: Name of the fork; made up when empty.

    Raises:
        BadInput: There is no such point, a run of that name exists, the plan does not hold any
            more, or effects stand after the point and nobody said what to do about them.
        UndoConflict: Not all of them could be undone; nothing was forked.
        RunBusy: The run is being advanced or undone.
    """
    if keep_effects and undo:
        raise BadInput("Effects can be kept or undone, not both.")
    wish = Wish(by=reviewer or agent.context.reviewer, message=message)
    child = run_id or f"run-{uuid.uuid4().hex[:8]}"
    with agent.store.leases.holding(run):
        _refuse(agent, look(agent, run, step), child, chosen=keep_effects or undo)
        if undo:
            wish = _undo(agent, look(agent, run, step), wish)
        with agent.store.leases.holding(child):
            _begin(agent, child, look(agent, run, step), wish)
    return child


def _refuse(agent: "Agent", found: Forking, child: str, *, chosen: bool) -> None:
    """Refuse what cannot be forked before anything is changed."""
    run, effects, prefix = found.point.run, found.effects, found.prefix
    _check_name(agent, child)
    if effects.lost:
        raise BadInput(
            f"{_named(effects.lost)} of run {run!r} was there at that point and is undone by now.",
            advice="Fork from before it was made.",
        )
    if effects.later and not chosen:
        raise BadInput(
            f"{_named(effects.later)} of run {run!r} came after that point and "
            f"{'stands' if len(effects.later) == 1 else 'stand'} still.",
            advice="Say --keep-effects to fork with them standing, or --undo to undo them first.",
        )
    problems = plan_problems(
        prefix.plan,
        goal=prefix.goal,
        tools=agent.context.tools,
        policy=agent.context.policy,
        before=None,
    )
    if problems:
        raise BadInput(
            f"The plan of run {run!r} may not start any more: {'; '.join(problems)}.",
            advice="Start another run for the same goal.",
        )


def _check_name(agent: "Agent", child: str) -> None:
    if agent.store.runs.find(child) is not None:
        raise BadInput(f"A run called {child!r} exists.", advice="Choose another name.")


def _undo(agent: "Agent", found: Forking, wish: Wish) -> Wish:
    """Undo what stands after the point, newest first, and note what was undone."""
    if not found.effects.later:
        return wish
    oldest = min(found.effects.later, key=lambda record: record.seq)
    report = undo_run(
        agent.store,
        found.point.run,
        reverser=agent.context.runner,
        by=wish.by,
        from_step=label_of(oldest.key),
    )
    gone = [item.key for item in report.items if item.outcome in {"undone", "gone already"}]
    left = [item for item in report.items if item.key not in gone]
    if left:
        raise UndoConflict(
            f"{label_of(left[-1].key)} of run {found.point.run!r} could not be undone: "
            f"{left[-1].outcome}. {left[-1].detail}",
            changed=f"{len(gone)} effects were undone, nothing was forked.",
            advice=f"`surefoot undo {found.point.run}` shows more; settle that, then fork again.",
        )
    return wish.model_copy(update={"undone": tuple(gone)})


def _check_settled(found: Forking, wish: Wish) -> None:
    if found.effects.unsettled:
        raise BadInput(
            f"It is not known for certain whether {_named(found.effects.unsettled)} of run "
            f"{found.point.run!r} stands.",
            changed=f"{len(wish.undone)} effects were undone, nothing was forked.",
            advice=f"Settle that first: `surefoot resume {found.point.run}`, or `surefoot undo`.",
        )


def _begin(agent: "Agent", child: str, found: Forking, wish: Wish) -> None:
    """Write the fork: its entry, its ledger, and the state that it goes on from."""
    _check_settled(found, wish)
    context, prefix, store = agent.context, found.prefix, agent.store
    world = context.checks.baseline()
    told: JsonObject = found.to_json() | wish.to_json() | {"prefix": prefix.to_json()}
    config: RunnableConfig = {"configurable": {"thread_id": child}}
    with store.transaction():
        _check_name(agent, child)
        baseline = store.artifacts.put(world)
        entries: list[tuple[str, str, JsonObject]] = [
            ("goal", child, {"goal": prefix.goal.to_json(), "policy": context.policy.digest}),
            ("baseline", child, {"artifact": baseline}),
            ("plan", "plan", prefix.plan.to_json() | {"replans": prefix.replans}),
            ("fork", child, told),
        ]
        record_fork(store, _info(context, child, prefix), found.point, entries=entries)
        state = _state(child, prefix, baseline, wish)
        if prefix.goal.review_plan:
            asked = plan_question(context, child, prefix.goal, prefix.plan, prefix.replans)
            state["waiting"] = [asked.to_json()]
        agent.graph.update_state(config, state, as_node="plan")


def _info(context: Context, child: str, prefix: Prefix) -> RunInfo:
    now = context.clock()
    return RunInfo(
        run=child,
        domain=context.domain,
        objective=prefix.goal.objective,
        status="running",
        fingerprint=context.fingerprint,
        version=context.version,
        settings=context.settings,
        created_at=now,
        updated_at=now,
    )


def _state(child: str, prefix: Prefix, measured: str, wish: Wish) -> State:
    """Return the state that a fork goes on from, with nothing in it that a person allowed."""
    said = [f"{wish.by} on the fork: {wish.message}"] if wish.message else []
    return State(
        goal=prefix.goal.to_json(),
        run=child,
        plan=prefix.plan.to_json(),
        replans=prefix.replans,
        replan="",
        progress={step: seen.to_json() for step, seen in prefix.progress.items()},
        batch=[],
        observations=[],
        waiting=[],
        recent=dumps(prefix.recent),
        summary="",
        trail=dumps(prefix.trail),
        messages=[*prefix.messages, *said],
        words=[wish.message] if wish.message else [],
        approved=False,
        concluded="",
        spent=prefix.spent.to_json(),
        baseline=measured,
        measured=measured,
        checks=[],
        hold="",
        frugal=prefix.frugal,
        halted="",
        outcome="",
        reason="",
        report={},
    )


def _bounded(agent: "Agent", run: str, entries: list[LedgerEntry], prefix: Prefix) -> Prefix:
    """Count no more time than the run says it spent in all: while its process was dead, none."""
    said = next(
        (entry.body.get("spent") for entry in reversed(entries) if entry.kind == "outcome"), None
    )
    if said is None:
        state = agent.graph.get_state({"configurable": {"thread_id": run}}).values
        said = state.get("spent")
    most = said.get("seconds") if isinstance(said, dict) else None
    if not isinstance(most, int | float):
        return prefix
    seconds = min(prefix.spent.seconds, float(most))
    return prefix.model_copy(update={"spent": prefix.spent.model_copy(update={"seconds": seconds})})


def _check_results(agent: "Agent", run: str, prefix: Prefix) -> None:
    """Refuse when what later steps build on is gone."""
    for step, seen in prefix.progress.items():
        try:
            if seen.result:
                agent.store.artifacts.get(seen.result)
        except KeyError as fault:
            raise GraphChanged(
                f"What the step {step!r} of run {run!r} found is not kept any more.",
                advice="Start another run for the same goal.",
            ) from fault


def _named(records: Sequence[EffectRecord]) -> str:
    return ", ".join(label_of(record.key) for record in records)
