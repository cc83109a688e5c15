"""finish: say what became of it. When the goal was not reached, a packet for a person."""

from contextlib import suppress
from datetime import datetime, timedelta

from langgraph.runtime import Runtime
from pydantic import TypeAdapter

from nodes.claims import stated_in
from nodes.conclusion import conclude
from nodes.context import Context, enter, tell
from nodes.state import State, goal_of, plan_of, progress_of
from tools.contract import EffectRecord, JsonObject
from tools.errors import GraphChanged, ToolFault
from tools.records import EVERY_ENTRY, Status

BELIEVED = timedelta(minutes=10)
"""How long final checks may be older than the report."""
_STATUS: TypeAdapter[Status] = TypeAdapter(Status)


def finish(state: State, runtime: Runtime[Context]) -> State:
    """Write the report, close the questions, set the run's status and give the lease back."""
    context, run = enter(runtime)
    if state.get("waiting") and not state.get("outcome"):
        raise GraphChanged(
            f"Run {run!r} was to end from outside while questions wait.",
            advice="Answer them; the answer `abort` ends a run.",
        )
    if _stale(context, state):
        state = state | conclude(context, run, runtime, state)
    outcome, reason = state.get("outcome") or "failed", state.get("reason", "")
    for review in context.memory.reviews.waiting(run):
        context.memory.reviews.withdraw(review.id, f"the run ended: {outcome}")
    report = _report(context, run, state)
    with context.memory.transaction():
        context.memory.ledger.append(run, "outcome", run, report)
        context.memory.runs.set_status(run, _STATUS.validate_python(outcome), reason[:500])
    context.memory.leases.release(run)
    tell(runtime, "outcome", outcome=outcome, reason=reason)
    checks, measured = state.get("checks", []), state.get("measured", "")
    return State(
        report=report,
        outcome=outcome,
        reason=reason,
        checks=checks,
        measured=measured,
        batch=[],
        observations=[],
        waiting=[],
    )


def _stale(context: Context, state: State) -> bool:
    """Tell whether the process died after the final checks, too long ago to believe them."""
    at = state.get("concluded")
    return bool(at) and context.clock() - datetime.fromisoformat(at or "") > BELIEVED


def _report(context: Context, run: str, state: State) -> JsonObject:
    """Return what a person needs: goal, what was tried, the state of the world, what would help."""
    goal = goal_of(state)
    effects = context.memory.journal.of_run(run)
    report: JsonObject = {
        "objective": goal.objective,
        "outcome": state.get("outcome", ""),
        "reason": state.get("reason", ""),
        "steps": {
            step: {"status": seen.status, "note": seen.note, "actions": seen.actions}
            for step, seen in (progress_of(state) if "progress" in state else {}).items()
        },
        "effects": [_effect(record) for record in effects],
        "checks": list(state.get("checks", [])),
        "spent": state.get("spent", {}),
        "measured": state.get("measured", ""),
        "scope": _scope(context, state, effects),
        **_claims(context, run),
        "help": [*_advice(state, effects)],
    }
    return report


def _claims(context: Context, run: str) -> JsonObject:
    """Return what was stated as a fact: what stands in a source, and, apart, what does not."""
    found = stated_in(context.memory.ledger.entries(run, limit=EVERY_ENTRY))
    return {
        "facts": [claim.to_json() for claim in found if claim.supported],
        "unsupported": [claim.statement for claim in found if not claim.supported],
    }


def _scope(context: Context, state: State, effects: list[EffectRecord]) -> JsonObject:
    """Return what each step was predicted to change, and what it has changed."""
    steps = plan_of(state).steps if "plan" in state else ()
    return {
        step.id: {
            "predicted": [*step.touches],
            "touched": [*_touched(context, [one for one in effects if one.step == step.id])],
        }
        for step in steps
        if step.touches
    }


def _touched(context: Context, effects: list[EffectRecord]) -> list[str]:
    """Return what effects changed; what no tool can tell any more is left out."""
    names: set[str] = set()
    for record in effects:
        with suppress(KeyError, ToolFault):
            names |= context.tools[record.action.tool].resources(record.action.args)
    return sorted(names)


def _effect(record: EffectRecord) -> JsonObject:
    return {
        "key": record.key,
        "tool": record.action.tool,
        "args": record.action.args,
        "state": record.state,
        "error": record.error,
    }


def _advice(state: State, effects: list[EffectRecord]) -> list[str]:
    """Say what would help; empty when the goal was reached."""
    if state.get("outcome") == "verified":
        return []
    advice = [
        f"{seen.note or step} ({step} {seen.status})"
        for step, seen in (progress_of(state) if "progress" in state else {}).items()
        if seen.status in {"failed", "skipped"}
    ]
    if any(record.state == "in_doubt" for record in effects):
        advice.append("An effect is in doubt: look at the world and settle it.")
    if any(record.state == "applied" for record in effects):
        advice.append("Effects still stand; `surefoot undo RUN` takes them back.")
    if state.get("outcome") == "over_budget":
        advice.append("Raise the budget of the goal and run again.")
    return advice
