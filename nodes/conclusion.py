"""How a run ends: the final checks of the world, and the one outcome that they allow."""

from collections.abc import Sequence

from langgraph.runtime import Runtime

from nodes.context import Context, tell
from nodes.reversal import take_back
from nodes.state import Check, Progress, State, goal_of, progress_of
from tools.contract import STANDING, JsonObject
from tools.records import Outcome


def conclude(context: Context, run: str, runtime: Runtime[Context], state: State) -> State:
    """Check the world once more and name the outcome.

    When a constraint turns out broken at the end, every effect that still stands is undone.
    """
    baseline = context.memory.artifacts.get(state["baseline"])
    kept = [item for item in context.memory.journal.of_run(run) if item.state in STANDING]
    found = context.checks.conclude(baseline if isinstance(baseline, dict) else {}, kept)
    # A dry run changed nothing, so that there is no success to judge.
    dry = goal_of(state).dry_run
    checks = [check for check in found.checks if not (dry and check.kind == "success")]
    if context.judge is not None and judge(state, checks)[0] == "verified":
        checks.append(context.judge.judge(run, goal_of(state), kept, checks))
    with context.memory.transaction():
        for check in checks:
            at = context.clock().isoformat()
            body: JsonObject = check.to_json() | {"final": True, "concluded": at}
            context.memory.ledger.append(run, "check", run, body)
    for check in checks:
        tell(runtime, "check", check=check.to_json())
    broken = [check for check in checks if check.kind == "constraint" and not check.holds]
    if broken and kept:
        take_back(context, runtime, kept, "constraint broken")
    outcome, reason = judge(state, checks)
    return State(
        outcome=outcome,
        reason=reason[:2000],
        concluded=context.clock().isoformat(),
        checks=[check.to_json() for check in checks],
        measured=context.memory.artifacts.put(found.measured),
    )


def judge(state: State, checks: Sequence[Check]) -> tuple[Outcome, str]:
    """Name the outcome. `verified` needs every constraint and every success check to hold.

    Args:
        state: Tells whether the run was halted, and what became of the steps.
        checks: The final checks.
    """
    halted = state.get("halted", "")
    broken = [check for check in checks if check.kind == "constraint" and not check.holds]
    if broken:
        return "failed", "; ".join(f"{check.name}: {check.detail}" for check in broken)
    for prefix, outcome in _HALTS:
        if halted.startswith(prefix):
            return outcome, halted
    if halted:
        return "failed", halted
    return _by_success(state, checks)


_HALTS: tuple[tuple[str, Outcome], ...] = (
    ("over budget", "over_budget"),
    ("loop", "looped"),
    ("aborted", "aborted"),
    ("The plan was rejected", "denied"),
)


def _by_success(state: State, checks: Sequence[Check]) -> tuple[Outcome, str]:
    success = [check for check in checks if check.kind == "success"]
    missed = [check for check in checks if check.kind != "constraint" and not check.holds]
    if goal_of(state).dry_run:
        return "unverified", "Dry run: nothing was changed."
    told = "; ".join(check.detail for check in success)
    if success and not missed:
        return ("verified" if any(check.proves for check in success) else "unverified"), told
    reason = "; ".join(f"{check.name}: {check.detail}" for check in missed)
    steps = progress_of(state).values()
    failed = [step for step in steps if step.status == "failed"]
    if any(_only_denied(step) for step in steps):
        return "denied", f"every action that was proposed was refused; {reason}"
    if failed:
        notes = [step.note.rstrip(".") for step in failed if step.note]
        return "failed", "; ".join([*notes, reason])
    return "unverified", reason or "No check could tell that the goal was reached."


def _only_denied(step: Progress) -> bool:
    return step.refused > 0 and step.actions == 0
