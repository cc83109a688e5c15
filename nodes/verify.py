"""verify: what did the world make of it? Another evaluator than the decider, blind to its reasons.

Looks at effects and the world only. A broken constraint undoes everything that the step did; an
expectation that does not hold undoes that effect. Then says where the run goes next: on, back to
the planner, to a person, or to the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from langgraph.runtime import Runtime

from nodes.conclusion import conclude
from nodes.context import Context, enter, tell
from nodes.guards.loops import Trace, find_loop
from nodes.ladder import Ladder, drawn, stand
from nodes.plan import MAX_REPLANS
from nodes.questions import ask_doubt, ask_stuck
from nodes.reversal import take_back
from nodes.state import (
    MAX_REFUSED,
    RECENT,
    TRAIL,
    Check,
    Happening,
    Progress,
    Proposal,
    State,
    batch_of,
    dumps,
    goal_of,
    observations_of,
    plan_of,
    progress_of,
    ready_steps,
    remember,
    spent_of,
    trail_of,
    waiting_of,
)
from nodes.tracks import refused_trace, trace_of, waiting_trace
from tools.contract import STANDING, EffectRecord, JsonObject, Observation

BROKEN = "constraint broken"
"""How the reason of an undo begins that takes back everything of a step."""


@dataclass(slots=True)
class Round:
    """What this round amounts to."""

    progress: dict[str, Progress]
    measured: str
    checks: list[Check] = field(default_factory=list)
    undone: dict[str, str] = field(default_factory=dict)
    """Effect key to why it was undone (or could not be)."""
    recent: list[Happening] = field(default_factory=list)
    trail: list[Trace] = field(default_factory=list)
    ladder: Ladder = field(default_factory=Ladder)
    waiting: list[Proposal] = field(default_factory=list)
    halted: str = ""


def verify(state: State, runtime: Runtime[Context]) -> State:
    """Judge the round and say where the run goes next."""
    context, run = enter(runtime)
    started = context.timer()
    this = Round(
        progress=progress_of(state),
        measured=state["measured"],
        trail=trail_of(state),
        ladder=Ladder.of(state),
        waiting=waiting_of(state),
        halted=state.get("halted", ""),
    )
    _examine(context, run, runtime, state, this)
    for proposal in batch_of(state):
        _account(context, run, this, proposal, _observation(state, proposal))
    _watch_loops(context, run, state, this)
    _ask_for_help(context, run, state, this)
    _skip_dependents(state, this)
    update = _update(state, this) | _remember(context, run, state, this)
    spent = spent_of(state).plus(seconds=context.timer() - started)
    update["spent"] = spent.to_json()
    if over(state | update):
        update |= conclude(context, run, runtime, state | update)
    return update


def over(state: State) -> bool:
    """Tell whether nothing is left to do: no step is ready, nobody is asked, no replan is due."""
    if state.get("halted"):
        return True
    return not (ready_steps(state) or state.get("waiting") or state.get("replan"))


def _observation(state: State, proposal: Proposal) -> Observation | None:
    found = [item for item in observations_of(state) if item.key == proposal.key]
    return found[0] if found else None


def _examine(
    context: Context, run: str, runtime: Runtime[Context], state: State, this: Round
) -> None:
    """Check the world after effects; undo what broke a constraint or did not help."""
    acted = [item for item in observations_of(state) if item.effect != "read"]
    records = [_record(context, item) for item in acted if item.status == "ok"]
    _complete_undo(context, run, runtime, this, records)
    fresh = [record for record in records if record.state == "applied"]
    if not fresh or this.halted:
        return
    load = context.memory.artifacts.get
    found = context.checks.examine(
        _object(load(state["baseline"])),
        _object(load(this.measured)),
        fresh,
        standing=lambda: _standing(context, run),
    )
    this.checks = list(found.checks)
    with context.memory.transaction():
        _write_checks(context, run, this.checks, spent_of(state).iterations)
        measured = context.memory.artifacts.put(found.measured)
    for check in this.checks:
        tell(runtime, "check", check=check.to_json())
    broken = [check for check in found.checks if check.kind == "constraint" and not check.holds]
    useless = {check.key: check.detail for check in found.checks if _failed(check, "expectation")}
    if broken:
        details = "; ".join(f"{check.name}: {check.detail}" for check in broken)
        reason = f"{BROKEN}: {details}"[:2000]
        everything = _of_steps(context, run, fresh)
        this.undone |= take_back(context, runtime, everything, reason)
        this.halted = reason
        return
    this.measured = measured
    for record in fresh:
        if record.key in useless:
            this.undone |= take_back(context, runtime, [record], useless[record.key])
    if this.undone:
        this.measured = state["measured"] if len(this.undone) == len(fresh) else this.measured


def _complete_undo(
    context: Context,
    run: str,
    runtime: Runtime[Context],
    this: Round,
    records: Sequence[EffectRecord],
) -> None:
    """Go on with an undo that a crash cut short; the journal remembers why it was begun."""
    begun = [record for record in records if record.state in {"undoing", "undone"}]
    for record in begun:
        this.undone[record.key] = record.error
    broken = [record.error for record in begun if record.error.startswith(BROKEN)]
    if broken:
        everything = _of_steps(context, run, records)
        this.undone |= take_back(context, runtime, everything, broken[0])
        this.halted = broken[0][:2000]
        return
    for record in begun:
        if record.state == "undoing":
            this.undone |= take_back(context, runtime, [record], record.error)


def _failed(check: Check, kind: str) -> bool:
    return check.kind == kind and not check.holds and bool(check.key)


def _record(context: Context, observation: Observation) -> EffectRecord:
    record = context.memory.journal.find(observation.key)
    if record is None:
        msg = f"the journal lost {observation.key!r}"
        raise LookupError(msg)
    return record


def _object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _of_steps(context: Context, run: str, fresh: Sequence[EffectRecord]) -> list[EffectRecord]:
    """Return every applied effect of the steps that the fresh effects belong to."""
    steps = {record.step for record in fresh}
    return [record for record in _standing(context, run) if record.step in steps]


def _standing(context: Context, run: str) -> list[EffectRecord]:
    kept = context.memory.journal.of_run(run)
    return [record for record in kept if record.state in STANDING]


def _write_checks(context: Context, run: str, checks: Sequence[Check], iteration: int) -> None:
    for check in checks:
        body: JsonObject = check.to_json() | {"round": iteration}
        context.memory.ledger.append(run, "check", check.key or run, body)


def _account(
    context: Context, run: str, this: Round, proposal: Proposal, seen: Observation | None
) -> None:
    """Write one proposal's end into its step's progress, the history and the trail."""
    step, decision = proposal.step, proposal.decision
    progress = this.progress[step]
    if decision.kind != "act" or decision.action is None:
        status = "done" if decision.kind == "done" else "failed"
        this.progress[step] = progress.model_copy(
            update={"status": status, "note": decision.reasoning[:500]}
        )
        this.recent.append(Happening(step=step, what=decision.kind, came=decision.reasoning[:300]))
        return
    came = _came(proposal, seen, this.undone)
    what = f"{decision.action.tool} {str(decision.action.args)[:200]}"
    if seen is not None:  # what was refused, the gate has noted
        this.recent.append(Happening(step=step, what=what, came=came))
    if seen is None or seen.status != "transient":
        this.trail.append(_trace(context, this, proposal, seen, what=what, came=came))
    if seen is not None:
        progress = _ran(progress, seen, f"{came[:120]} <- {what}", decision.action.hash)
    if seen is not None and seen.status == "in_doubt":
        review = ask_doubt(context, run, proposal, seen)
        held = proposal.model_copy(update={"gate": "waiting", "review": review.id})
        this.waiting.append(held)
    elif _exhausted(progress):
        progress = progress.model_copy(update={"status": "failed", "note": came[:500]})
    this.progress[step] = progress


def _came(proposal: Proposal, seen: Observation | None, undone: dict[str, str]) -> str:
    if seen is None:
        return f"{proposal.gate} by {proposal.rule}: {proposal.reason}"[:300]
    if proposal.key in undone:
        return f"undone: {undone[proposal.key]}"[:300]
    return f"{seen.status}: {seen.summary}"[:300]


def _ran(progress: Progress, seen: Observation, came: str, action_hash: str) -> Progress:
    noted = remember(progress, action_hash, came)
    refused = progress.refused + (seen.status in {"refused", "fatal"})
    result = seen.artifact if seen.status == "ok" else progress.result
    return noted.model_copy(
        update={"actions": progress.actions + 1, "result": result, "refused": refused}
    )


def _trace(
    context: Context,
    this: Round,
    proposal: Proposal,
    seen: Observation | None,
    *,
    what: str,
    came: str,
) -> Trace:
    if seen is None:
        return refused_trace(proposal, came)
    taken_back = proposal.key in this.undone
    trace = trace_of(this.trail, seen, what=what, came=came, taken_back=taken_back)
    return waiting_trace(context, this.trail, trace)


def _exhausted(progress: Progress) -> bool:
    return progress.refused >= MAX_REFUSED


def _ask_for_help(context: Context, run: str, state: State, this: Round) -> None:
    """Put a step that failed to a person, once, when no other plan is left."""
    goal = goal_of(state)
    if not context.asks_when_stuck or this.halted or goal.dry_run or _replan(state, this):
        return
    for step in plan_of(state).steps:
        seen = this.progress[step.id]
        if seen.status == "failed" and not seen.helped:
            this.waiting.append(ask_stuck(context, run, goal, step, seen))
            held = {"status": "pending", "helped": True}
            this.progress[step.id] = seen.model_copy(update=held)


def _skip_dependents(state: State, this: Round) -> None:
    """Steps that need a failed or skipped step cannot start any more."""
    lost = {step for step, seen in this.progress.items() if seen.status in {"failed", "skipped"}}
    for step in plan_of(state).steps:
        seen = this.progress[step.id]
        blocked = sorted(set(step.needs) & lost)
        if seen.status == "pending" and blocked:
            note = f"needs {', '.join(blocked)}"
            this.progress[step.id] = seen.model_copy(update={"status": "skipped", "note": note})
            lost.add(step.id)
        elif seen.status == "pending" and seen.actions >= step.max_actions:
            note = f"its {step.max_actions} actions are used up"
            this.progress[step.id] = seen.model_copy(update={"status": "failed", "note": note})
            lost.add(step.id)


def _watch_loops(context: Context, run: str, state: State, this: Round) -> None:
    """Take the ladder down after progress, or up when the round closed a circle."""
    fresh = this.trail[len(trail_of(state)) :]
    this.trail = this.trail[-TRAIL:]
    if any(trace.progress for trace in fresh):
        this.ladder = this.ladder.moved()
    now = context.clock().timestamp()
    loop = find_loop(this.trail, now=now, excused=this.ladder.excused) if fresh else None
    if loop is None or this.halted:
        return
    this.ladder = this.ladder.found(loop)
    body: JsonObject = {
        "reason": loop.reason,
        "period": loop.period,
        "rung": this.ladder.rung,
        "cycle": drawn(loop.cycle),
        "spent": spent_of(state).iterations,
    }
    context.memory.ledger.append(run, "loop", run, body)
    this.trail = []
    asked, this.halted = stand(context, run, state, this.progress, this.ladder)
    this.waiting += [asked] if asked else []


def _update(state: State, this: Round) -> State:
    return State(
        progress={step: value.to_json() for step, value in this.progress.items()},
        waiting=dumps(this.waiting),
        measured=this.measured,
        checks=dumps(this.checks),
        trail=dumps(this.trail),
        ladder=this.ladder.to_json(),
        batch=[],
        observations=[],
        halted=this.halted,
        replan=_replan(state, this),
    )


def _remember(context: Context, run: str, state: State, this: Round) -> State:
    """Keep the window bounded; what leaves it is summarised when somebody can."""
    before = [Happening.model_validate(item) for item in state.get("recent", [])]
    recent, summary = [*before, *this.recent], state.get("summary", "")
    if context.summarizer is None:
        return State(recent=dumps(recent[-RECENT:]))
    if len(recent) > 2 * RECENT:
        earlier = Happening(step="", what="summary of what came before", came=summary)
        leaving = [earlier, *recent[:-RECENT]] if summary else recent[:-RECENT]
        summary = context.summarizer.summarize(run, goal_of(state), leaving)[:2000]
        recent = recent[-RECENT:]
    return State(recent=dumps(recent), summary=summary)


def _replan(state: State, this: Round) -> str:
    """A step that failed asks for another way, as long as replans are left."""
    failed = [
        step
        for step, seen in this.progress.items()
        if seen.status == "failed" and progress_of(state)[step].status == "pending"
    ]
    left = state["replans"] < MAX_REPLANS and not this.halted
    return f"failed: {', '.join(failed)}" if failed and left else ""
