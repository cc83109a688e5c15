"""The database playbook: plans and decides by rules and measurements, with no model at all."""

from collections.abc import Callable, Iterator, Mapping

from pydantic import JsonValue

from nodes.context import PlanRequest, Situation
from nodes.state import Alternative, Decision, Plan, Step
from tools.contract import Action, JsonObject

PLAN = Plan(
    rationale=(
        "Look first, measure, try candidates on a private copy, then apply the ones that "
        "helped there, one at a time, each measured on the real database and undone if it "
        "does not help. Redundant indexes are somebody's: a person lets them go."
    ),
    steps=(
        Step(
            id="inspect",
            title="Read the schema",
            tools=("inspect_schema",),
            expects="Tables, columns and indexes are known.",
        ),
        Step(
            id="profile",
            title="Time every query of the workload",
            tools=("profile_workload",),
            needs=("inspect",),
            expects="A time and a plan for each query.",
        ),
        Step(
            id="simulate",
            title="Try candidate indexes on a private copy",
            tools=("simulate_indexes",),
            needs=("profile",),
            expects="A small set of indexes with a measured gain.",
        ),
        Step(
            id="tune",
            title="Create the indexes that helped on the copy",
            tools=("create_index",),
            needs=("simulate",),
            expects="Each index makes its queries measurably faster; none gets slower.",
        ),
        Step(
            id="refresh",
            title="Refresh the planner's statistics",
            tools=("analyze",),
            needs=("simulate", "tune"),
            expects="The planner makes better choices, or the statistics are taken back.",
        ),
        Step(
            id="tidy",
            title="Let redundant indexes go, if a person agrees",
            tools=("drop_index",),
            needs=("simulate",),
            expects="Writes get cheaper and no query slower.",
        ),
    ),
)


class DatabasePlaybook:
    """Planner and decider for index tuning; deterministic for the same measurements."""

    def plan(self, request: PlanRequest) -> Plan | None:
        """Return the plan; there is no other way to offer when it failed or was refused."""
        return None if request.failed or request.problems else PLAN

    def decide(self, situation: Situation) -> Decision:
        """Return the next decision of a step."""
        return _RULES.get(situation.step.id, _unknown)(situation)


def _unknown(situation: Situation) -> Decision:
    return Decision(kind="give_up", reasoning=f"No rule for the step {situation.step.id!r}.")


def _look(tool: str, why: str) -> Callable[[Situation], Decision]:
    """Make the rule of a step that reads once."""
    action = Action(tool=tool)

    def rule(situation: Situation) -> Decision:
        if situation.step.id in situation.inputs:
            return Decision(kind="done", reasoning=_summary(situation), confidence=1.0)
        if situation.tried:
            return Decision(kind="give_up", reasoning=list(situation.tried.values())[-1])
        return Decision(
            kind="act", action=action, reasoning=why, confidence=1.0, evidence=("goal",)
        )

    return rule


def _summary(situation: Situation) -> str:
    found = situation.inputs[situation.step.id]
    return str(found.get("summary", "Done.")) if isinstance(found, dict) else "Done."


def _simulated(situation: Situation) -> Mapping[str, JsonValue]:
    found = situation.inputs.get("simulate")
    return found if isinstance(found, dict) else {}


def _items(value: JsonValue) -> Iterator[JsonObject]:
    """Yield the objects of a list."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _tune(situation: Situation) -> Decision:
    found = _simulated(situation)
    for item in _items(found.get("chosen")):
        action = Action(
            tool="create_index", args={"table": item["table"], "columns": item["columns"]}
        )
        if action.hash[:16] not in situation.tried:
            return Decision(
                kind="act",
                action=action,
                reasoning=_gain(item),
                alternatives=_rejected(found),
                evidence=("simulate",),
                confidence=_certainty(item),
            )
    return Decision(kind="done", reasoning=_tally(situation, "index"), confidence=1.0)


def _gain(item: JsonObject) -> str:
    """Say what the index did on the copy."""
    queries = item.get("queries")
    names = ", ".join(str(name) for name in queries) if isinstance(queries, list) else "its queries"
    return (
        f"On a copy it brought {names} from {_ms(item, 'predicted_ms_before')} to "
        f"{_ms(item, 'predicted_ms_after')} ms, for {_kilobytes(item)} kB."
    )


def _ms(item: JsonObject, name: str) -> str:
    value = item.get(name)
    return f"{value:,.1f}" if isinstance(value, int | float) else "?"


def _kilobytes(item: JsonObject) -> str:
    size = item.get("size_bytes")
    return f"{size / 1000:,.0f}" if isinstance(size, int | float) else "?"


def _certainty(item: JsonObject) -> float:
    """Return a probability that the gain holds: high for large measured gains."""
    before, after = item.get("predicted_ms_before"), item.get("predicted_ms_after")
    if not isinstance(before, int | float) or not isinstance(after, int | float) or before <= 0:
        return 0.6
    return round(0.65 + 0.3 * max(0.0, 1.0 - after / before), 3)


def _rejected(found: Mapping[str, JsonValue]) -> tuple[Alternative, ...]:
    return tuple(
        Alternative(
            option=f"{item.get('table')}({', '.join(map(str, _list(item.get('columns'))))})"[:500],
            why_not=str(item.get("reason", ""))[:500],
        )
        for item in list(_items(found.get("rejected")))[:5]
    )


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _refresh(situation: Situation) -> Decision:
    action = Action(tool="analyze")
    if action.hash[:16] in situation.tried:
        return Decision(kind="done", reasoning=_tally(situation, "statistics"), confidence=1.0)
    if not _simulated(situation).get("analyze"):
        why = "Statistics made no difference on the copy."
        return Decision(kind="done", reasoning=why, confidence=1.0)
    return Decision(
        kind="act",
        action=action,
        reasoning="On the copy the chosen indexes did better with fresh statistics.",
        evidence=("simulate",),
        confidence=0.8,
    )


def _tidy(situation: Situation) -> Decision:
    for item in _items(_simulated(situation).get("redundant")):
        action = Action(tool="drop_index", args={"name": item["name"]})
        if action.hash[:16] not in situation.tried and not _let_go(situation, item):
            return Decision(
                kind="act",
                action=action,
                reasoning=f"{item['name']} is redundant: {item.get('why', '')}",
                alternatives=(
                    Alternative(
                        option="Keep it",
                        why_not="Every write pays for an index that no query needs.",
                    ),
                ),
                evidence=("simulate",),
                confidence=0.9,
            )
    return Decision(kind="done", reasoning=_tally(situation, "redundant index"), confidence=1.0)


def _let_go(situation: Situation, item: JsonObject) -> bool:
    """Tell whether the index that makes this one redundant was itself dropped meanwhile."""
    other = Action(tool="drop_index", args={"name": item.get("covered_by")})
    return situation.tried.get(other.hash[:16], "").startswith("ok")


def _tally(situation: Situation, noun: str) -> str:
    """Count what became of the step's proposals."""
    kept = sum(came.startswith("ok") for came in situation.tried.values())
    others = len(situation.tried) - kept
    if not situation.tried:
        return f"No {noun} to change."
    return f"{kept} kept, {others} not."


_RULES: Mapping[str, Callable[[Situation], Decision]] = {
    "inspect": _look("inspect_schema", "The schema tells which candidates make sense."),
    "profile": _look("profile_workload", "Only what is slow is worth changing."),
    "simulate": _look("simulate_indexes", "A copy can be changed without risk; measure there."),
    "tune": _tune,
    "refresh": _refresh,
    "tidy": _tidy,
}
