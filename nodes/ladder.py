"""What is done about a circle, mildest first: forbid it, wait, and only then a person.

1. What was tried stands in the step's table, and exactly that is refused from then on.
2. Who insists waits, longer each time and never equally long; another model decides, and the tools
   of the circle are offered last, the others in a seeded order.
3. A person sees the circle drawn. "Not a loop, go on" is remembered for the run.

Progress takes everybody down again; what a person excused stays excused.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Self

from pydantic import Field

from nodes.context import Context
from nodes.guards.loops import Loop, Trace
from nodes.state import Decision, Plan, Progress, Proposal, State, Step, goal_of, plan_of
from tools.contract import Action, Record, ToolCard, digest
from tools.records import Review

FORBIDDEN = "guard:loop"
"""The rule of a proposal that belongs to a circle."""
PAUSE_SECONDS = (0.2, 1.0)
"""Waits on the second and third rung, half of each by chance."""
WAITING = 2
"""The first rung on which is waited."""
ASKING = WAITING + len(PAUSE_SECONDS)
"""The rung on which a person is asked."""
MAX_FORBIDDEN = 32
MAX_EXCUSED = 64


class Ladder(Record):
    """Where a run stands."""

    rung: int = Field(default=0, ge=0, le=ASKING)
    reason: str = Field(default="", max_length=1000)
    cycle: tuple[Trace, ...] = Field(default=(), max_length=MAX_FORBIDDEN)
    forbidden: tuple[str, ...] = Field(default=(), max_length=MAX_FORBIDDEN)
    """Steps with the actions that they may not try again."""
    excused: tuple[str, ...] = Field(default=(), max_length=MAX_EXCUSED)
    """Actions of which a person said that they are no circle."""

    @classmethod
    def of(cls, state: State) -> Self:
        """Read the ladder of a run."""
        return cls.model_validate(state.get("ladder", {}))

    def forbids(self, step: str, action: Action, volatile: frozenset[str]) -> bool:
        """Tell whether an action belongs to a circle of its step."""
        return bool(self.forbidden) and _name(step, _did(action, volatile)) in self.forbidden

    def found(self, loop: Loop) -> "Ladder":
        """Return the ladder after a circle was found: one rung up, and the circle forbidden."""
        names = [_name(trace.step, trace.action) for trace in loop.cycle]
        kept = [*dict.fromkeys([*self.forbidden, *names])][-MAX_FORBIDDEN:]
        update = {"reason": loop.reason[:1000], "cycle": loop.cycle[-MAX_FORBIDDEN:]}
        return self.insisted().model_copy(update=update | {"forbidden": tuple(kept)})

    def insisted(self) -> "Ladder":
        """Return the ladder one rung up."""
        return self.model_copy(update={"rung": min(self.rung + 1, ASKING)})

    def moved(self) -> "Ladder":
        """Return the ladder after progress: what led nowhere before may lead somewhere now."""
        return Ladder(excused=self.excused)

    def excuse(self) -> "Ladder":
        """Return the ladder after a person said that this is no circle."""
        names = [*self.excused, *(trace.action for trace in self.cycle)]
        return Ladder(excused=tuple([*dict.fromkeys(names)][-MAX_EXCUSED:]))

    def calmed(self) -> "Ladder":
        """Return the ladder after a person gave advice: the circle stays forbidden."""
        return self.model_copy(update={"rung": 1})


def _did(action: Action, volatile: frozenset[str]) -> str:
    return f"{action.tool[:200]}:{action.without(volatile).hash[:16]}"


def _name(step: str, action: str) -> str:
    return f"{step}/{action}"


def stand(
    context: Context, run: str, state: State, progress: Mapping[str, Progress], ladder: Ladder
) -> tuple[Proposal | None, str]:
    """Do what the rung says: nothing more, wait, or ask.

    Returns:
        The question to a person when there is one, and why the run halts; empty when it goes on.
    """
    _pause(context, run, ladder)
    if ladder.rung < ASKING:
        return None, ""
    goal, step = goal_of(state), step_of(plan_of(state), ladder.cycle)
    if not context.asks_when_stuck or goal.dry_run:
        return None, f"loop: {ladder.reason}"
    return _ask_circle(context, run, goal.objective, step, ladder, progress[step.id]), ""


def step_of(plan: Plan, cycle: Sequence[Trace]) -> Step:
    """Return the step that a circle was gone in last; the first one when it is no more."""
    steps = {step.id: step for step in plan.steps}
    known = [trace.step for trace in cycle if trace.step in steps]
    return steps[known[-1]] if known else plan.steps[0]


def _pause(context: Context, run: str, ladder: Ladder) -> None:
    """Wait as long as the rung says, as far apart as chance, seeded by the run, puts it."""
    if WAITING <= ladder.rung < ASKING:
        whole = PAUSE_SECONDS[ladder.rung - WAITING]
        chance = Random(f"{run}/{ladder.rung}").random()  # noqa: S311  # spreads load, no secret
        context.runner.sleep(whole / 2 + whole / 2 * chance)


def offered(ladder: Ladder, run: str, step: Step, cards: Sequence[ToolCard]) -> list[ToolCard]:
    """Return a step's tools, from the second rung on those that the circle did not use.

    Their order is a seeded choice; when the circle used them all, all of them are offered.
    """
    used = {trace.tool for trace in ladder.cycle if trace.step == step.id}
    if ladder.rung < WAITING or not used:
        return list(cards)
    fresh = [card for card in cards if card.name not in used] or list(cards)
    Random(f"{run}/{step.id}/{ladder.rung}").shuffle(fresh)  # noqa: S311  # exploration, no secret
    return fresh


def advice(ladder: Ladder, step: Step) -> str:
    """Return why a proposal is refused, and what was not tried yet."""
    used = {trace.tool for trace in ladder.cycle}
    rest = [name for name in step.tools if name not in used]
    other = f"Not tried yet: {', '.join(rest)}." if rest else "Try other arguments, or give up."
    return f"It went in circles: {ladder.reason} {other}"[:1000]


def drawn(cycle: Sequence[Trace]) -> str:
    """Return one pass of a circle as lines with arrows, its end leading back to its beginning."""
    lines = [f"{'┌─▶' if place == 0 else '│  '} {_brief(one)}" for place, one in enumerate(cycle)]
    return "\n".join([*lines, "└── and again"])


def _brief(trace: Trace) -> str:
    return (trace.shown or f"{trace.tool} ({trace.args})")[:300]


def _ask_circle(
    context: Context, run: str, objective: str, step: Step, ladder: Ladder, progress: Progress
) -> Proposal:
    """Open the question whether this is a circle, and what would lead out of it."""
    now, key = context.clock(), f"{run}/{step.id}/circle-{progress.proposals}"
    review = context.memory.reviews.open(
        Review(
            id=f"rv-{digest({'circle': key})[:10]}",
            run=run,
            step=step.id,
            key=key,
            kind="loop",
            action_hash=digest({"circle": key}),
            title=f"The step {step.id!r} ({step.title}) goes in circles. What now?",
            why=ladder.reason,
            card={
                "objective": objective,
                "cycle": drawn(ladder.cycle),
                "tried": [*progress.tried.values()][-16:],
                "approve": "This is no loop: go on, and do not ask again in this run.",
                "respond": "Say what to do instead; the circle itself stays forbidden.",
                "reject": "It is one: stop here.",
            },
            allowed=("approve", "respond", "reject", "abort"),
            created_at=now,
            expires_at=now + context.offer_ttl,
        )
    )
    decision = Decision(kind="done", origin="circle")
    return Proposal(key=key, step=step.id, decision=decision, gate="waiting", review=review.id)
