from datetime import UTC, datetime

from checkpoints.store import Store
from graphs.database.gains import expectation, references
from graphs.database.kept import Kept
from graphs.session import Run
from nodes.state import Check
from tests.behaviour.shelf import script, step
from tests.graphs.database.conftest import Shop, agent, create
from tools.contract import Action, EffectRecord, JsonObject
from tools.database.measure import Measurement
from tools.database.workload import Query

Q1 = Query(id="q1", name="one", sql="SELECT 1")


def timed(query: str, ms: float, plan: str) -> Measurement:
    return Measurement(query=query, ms=ms, steps=1, rows=1, plan=(plan,))


def effect(tool: str, **args: object) -> EffectRecord:
    action = Action.model_validate({"tool": tool, "args": args})
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return EffectRecord(key="r/s/1", run="r", step="s", action=action, state="applied", at=at)


def kept(timing: Measurement, *indexes: str) -> Kept:
    queries = {"q1": {"timing": timing.to_json()}}
    return Kept({"schema": "", "indexes": dict.fromkeys(indexes, "-"), "queries": queries})


def judged(record: EffectRecord, old: tuple[float, str], new: tuple[float, str]) -> Check:
    return expectation(record, [Q1], {"q1": timed("q1", *old)}, {"q1": timed("q1", *new)})


def verdicts(run: Run) -> dict[str, tuple[bool, str]]:
    bodies: list[JsonObject] = [entry.body for entry in run.entries if entry.kind == "check"]
    return {
        str(body["key"]): (bool(body["holds"]), str(body["detail"]))
        for body in bodies
        if body["kind"] == "expectation"
    }


def test_an_index_that_no_plan_names_did_not_help(store: Store, shop: Shop) -> None:
    mind = script(
        step("one", "create_index"),
        step("two", "create_index"),
        one=[create("note")],
        two=[create("status")],
    )
    found = verdicts(agent(store, shop, mind).run("Speed", run_id="r"))
    assert (found["r/one/1"][0], found["r/two/1"]) == (True, (False, "no query uses it"))


def test_what_was_measured_with_an_undone_index_no_longer_counts() -> None:
    slow, fast = timed("q1", 9.0, "SCAN t"), timed("q1", 1.0, "SEARCH t USING INDEX sf_a (a=?)")
    base, last = kept(slow, "by_day"), kept(fast, "by_day", "sf_a")
    found = [references(last, base, names)["q1"] for names in (["by_day"], ["by_day", "sf_a"])]
    assert found == [slow, fast]


def test_a_drop_is_judged_by_queries_that_used_the_index() -> None:
    record = effect("drop_index", name="by_day")
    other = (1.0, "SEARCH t USING INDEX by_day_total (day=?)"), (9.0, "SCAN t")
    its = (1.0, "SEARCH t USING COVERING INDEX by_day (day=?)"), (9.0, "SCAN t")
    assert (judged(record, *other).holds, judged(record, *its).holds) == (True, False)


def test_analyze_is_judged_by_every_changed_plan() -> None:
    found = judged(effect("analyze"), (9.0, "SCAN t"), (1.0, "SEARCH t USING INDEX i (a=?)"))
    assert found.holds


def test_odd_index_names_are_found_in_plans() -> None:
    record = effect("drop_index", name="a (b)*")
    found = judged(record, (1.0, "SCAN t USING INDEX a (b)*"), (9.0, "SCAN t"))
    assert not found.holds
