"""When a step fails another way is sought, within what the first plan declared."""

from pathlib import Path

from checkpoints.store import Store
from nodes.context import PlanRequest, Situation
from nodes.state import Decision, Plan
from tests.behaviour.shelf import Script, act, script, shelf_agent, step


class Planners:
    """Plans one after the other; the last one for ever."""

    def __init__(self, *plans: Plan | None) -> None:
        self.plans = list(plans)
        self.asked: list[PlanRequest] = []

    def plan(self, request: PlanRequest) -> Plan | None:
        self.asked.append(request)
        return self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]


class GivesUpFirst(Script):
    """Gives up on the first step of a plan that has the step `hard`."""

    def decide(self, situation: Situation) -> Decision:
        if situation.step.id == "hard":
            return Decision(kind="give_up", reasoning="too hard")
        return super().decide(situation)


def hard() -> GivesUpFirst:
    easy = script(step("hard", "put"), easy=[act("put", name="a", text="goal")])
    return GivesUpFirst(plan_=easy.plan_, decisions=easy.decisions)


def test_failed_step_gets_another_plan(store: Store, folder: Path) -> None:
    mind = hard()
    planner = Planners(Plan(steps=(step("hard", "put"),)), Plan(steps=(step("easy", "put"),)))
    run = shelf_agent(store, folder, mind, planner=planner).run("Make a say goal")
    assert run.status == "verified"
    assert [item.came for item in planner.asked[1].failed] == ["too hard"]


def test_planner_of_another_way_sees_the_plan_and_what_is_left(store: Store, folder: Path) -> None:
    first = Plan(steps=(step("hard", "put"),))
    planner = Planners(first, Plan(steps=(step("easy", "put"),)))
    shelf_agent(store, folder, hard(), planner=planner).run("Make a say goal")
    before, after = planner.asked
    assert (before.last, after.last) == (None, first)
    assert after.remaining.max_iterations == before.remaining.max_iterations - 1


def test_replan_cannot_widen_the_tools(store: Store, folder: Path) -> None:
    wider = Plan(steps=(step("easy", "put", "send"),))
    planner = Planners(Plan(steps=(step("hard", "put"),)), wider)
    run = shelf_agent(store, folder, hard(), planner=planner).run("Make a say goal")
    assert run.status == "failed"
    refused = [entry.body["problems"] for entry in run.entries if entry.kind == "plan_refused"]
    assert refused[0] == ["the new plan calls tools that the first did not: send"]


def test_replans_end(store: Store, folder: Path) -> None:
    planner = Planners(Plan(steps=(step("hard", "put"),)))
    run = shelf_agent(store, folder, hard(), planner=planner).run("Make a say goal")
    assert run.status == "failed"
    assert len(planner.asked) == 3


def test_refused_plan_goes_back_with_its_problems(store: Store, folder: Path) -> None:
    bad, good = Plan(steps=(step("x", "rm_rf"),)), Plan(steps=(step("easy", "put"),))
    planner = Planners(bad, good)
    run = shelf_agent(store, folder, hard(), planner=planner).run("Make a say goal")
    assert run.status == "verified"
    assert planner.asked[1].problems == ["step 'x': there is no tool 'rm_rf'"]
    assert planner.asked[1].last == bad


def test_plan_that_never_holds_is_denied_after_four_tries(store: Store, folder: Path) -> None:
    planner = Planners(Plan(steps=(step("x", "rm_rf"),)))
    run = shelf_agent(store, folder, hard(), planner=planner).run("Make a say goal")
    assert run.status == "denied"
    assert [asked.attempt for asked in planner.asked] == [1, 2, 3, 4]
