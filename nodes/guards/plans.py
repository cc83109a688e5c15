"""Is a plan inside the goal's boundaries? Checked before anything runs, and again for a replan."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter

from nodes.state import Boundaries, Goal, Plan
from tools.policy import Policy
from tools.toolbox import Toolbox


def in_scope(patterns: Sequence[str], name: str) -> bool:
    """Tell whether a resource or tool name matches one of the patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def outside(boundaries: Boundaries, resources: Sequence[str]) -> list[str]:
    """Return the resources that no boundary pattern covers."""
    return [name for name in resources if not in_scope(boundaries.resources, name)]


def plan_problems(
    plan: Plan, *, goal: Goal, tools: Toolbox, policy: Policy, before: Plan | None
) -> list[str]:
    """Return why a plan may not start; empty when it may.

    Args:
        plan: The plan to check.
        goal: Its boundaries and budget bind.
        tools: What exists.
        policy: A step may not name a tool that every rule denies.
        before: The plan that this one replaces; a replan may narrow its tools, never widen them.
    """
    problems = _structure(plan)
    for step in plan.steps:
        problems += [
            f"step {step.id!r}: {problem}"
            for name in step.tools
            for problem in _tool_problems(name, goal=goal, tools=tools, policy=policy)
        ]
    if len(plan.steps) > goal.budget.max_iterations:
        problems.append(f"{len(plan.steps)} steps are more than the budget's iterations")
    return problems if before is None else [*problems, *_widened(plan, before)]


def _widened(plan: Plan, before: Plan) -> list[str]:
    """Return how a replan goes beyond the plan before: by then anybody may have had his say."""
    known = {name for step in before.steps for name in step.tools}
    wider = sorted({name for step in plan.steps for name in step.tools} - known)
    problems = []
    if wider:
        problems.append(f"the new plan calls tools that the first did not: {', '.join(wider)}")
    predicted = {glob for step in before.steps for glob in step.touches}
    free = {step.id for step in before.steps if not step.touches}
    for step in plan.steps:
        held = step.id not in free if step.id in {one.id for one in before.steps} else not free
        if held and not (step.touches and predicted.issuperset(step.touches)):
            first = ", ".join(sorted(predicted))
            problems.append(f"step {step.id!r} may touch more than the first plan: {first}")
    return problems


def _structure(plan: Plan) -> list[str]:
    ids = [step.id for step in plan.steps]
    problems = [
        f"two steps are called {name!r}" for name in sorted(set(ids)) if ids.count(name) > 1
    ]
    problems += [
        f"step {step.id!r} needs {need!r}, which is not a step"
        for step in plan.steps
        for need in step.needs
        if need not in ids
    ]
    try:
        TopologicalSorter({step.id: step.needs for step in plan.steps}).prepare()
    except CycleError as cycle:
        problems.append("steps wait for each other in a circle: " + " -> ".join(cycle.args[1]))
    return problems


def _tool_problems(name: str, *, goal: Goal, tools: Toolbox, policy: Policy) -> list[str]:
    tool = tools.get(name)
    if tool is None:
        return [f"there is no tool {name!r}"]
    if not in_scope(goal.boundaries.tools, name):
        return [f"the tool {name!r} is outside the goal's boundaries"]
    if policy.never(name, tool.effect):
        return [f"the policy denies every use of {name!r}"]
    return []
