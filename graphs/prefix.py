"""What a run knew at an earlier point, told by its ledger alone.

LangGraph keeps only the newest checkpoints, so that an earlier state is built again from the
record: the plan in force, how far each step was, what was tried, what was spent. What waited for a
person then counts as not proposed yet, and nothing that a person allowed is in it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from nodes.confidence import DRY_RUN, PASSING
from nodes.guards.budget import Budget, Spent
from nodes.guards.loops import Trace
from nodes.state import (
    MAX_REFUSED,
    MESSAGES,
    RECENT,
    TRAIL,
    Decision,
    Goal,
    Happening,
    Plan,
    Progress,
    remember,
)
from nodes.tracks import trace_of
from tools.contract import JsonObject, Observation, Record
from tools.errors import BadInput
from tools.records import LedgerEntry

REASON_ENDS = "step:ends"
"""The rule of a decision that ends its step."""


class Prefix(Record):
    """A run up to a point, as another can begin with it."""

    goal: Goal
    plan: Plan
    replans: int = 0
    progress: dict[str, Progress]
    recent: tuple[Happening, ...] = ()
    trail: tuple[Trace, ...] = ()
    messages: tuple[str, ...] = ()
    spent: Spent = Spent()
    frugal: bool = False


def prefix_of(entries: Iterable[LedgerEntry]) -> Prefix:
    """Return what a run knew after these entries of its ledger, with large bodies put back.

    Raises:
        BadInput: They do not tell enough: the run has no plan yet, or an entry cannot be read.
    """
    told = _Told()
    for entry in entries:
        try:
            told.take(entry)
        except (KeyError, TypeError, ValueError, ValidationError) as fault:
            raise BadInput(
                f"Entry {entry.seq} of the ledger ({entry.kind}) does not tell what it should.",
                advice="`surefoot audit verify` tells whether it was changed.",
            ) from fault
    return told.prefix()


@dataclass(slots=True)
class _Told:
    """What the entries so far amount to."""

    goal: Goal | None = None
    plan: Plan | None = None
    replans: int = 0
    progress: dict[str, Progress] = field(default_factory=dict)
    recent: list[Happening] = field(default_factory=list)
    trail: list[Trace] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    spent: Spent = field(default_factory=Spent)
    frugal: bool = False
    decisions: dict[str, Decision] = field(default_factory=dict)
    reviews: dict[str, JsonObject] = field(default_factory=dict)
    done: dict[str, tuple[str, int]] = field(default_factory=dict)
    """For each action that ran, its hash and its place in the trail."""
    before: datetime | None = None
    waiting: bool = False

    def take(self, entry: LedgerEntry) -> None:
        """Add one entry."""
        seconds = (entry.at - self.before).total_seconds() if self.before else 0.0
        self.spent = self.spent.plus(seconds=0.0 if self.waiting else seconds)
        self.before = entry.at
        handle = _HANDLERS.get(entry.kind)
        if handle is not None:
            handle(self, entry.subject, entry.body)

    def prefix(self) -> Prefix:
        """Return all of it."""
        if self.goal is None or self.plan is None:
            raise BadInput("The run had no plan at that point, so nothing can begin there.")
        return Prefix(
            goal=self.goal,
            plan=self.plan,
            replans=self.replans,
            progress=_settled(self.plan, self.progress),
            recent=tuple(self.recent[-RECENT:]),
            trail=tuple(self.trail[-TRAIL:]),
            messages=tuple(self.messages[-MESSAGES:]),
            spent=self.spent,
            frugal=self.frugal,
        )

    def on_goal(self, _subject: str, body: JsonObject) -> None:
        """Take the goal as it was given: what a person allowed later was for that run only."""
        self.goal = Goal.model_validate(body["goal"])

    def on_fork(self, _subject: str, body: JsonObject) -> None:
        """Begin where a fork began."""
        begun = Prefix.model_validate(body["prefix"])
        self.replans, self.progress = begun.replans, dict(begun.progress)
        self.recent, self.trail = list(begun.recent), list(begun.trail)
        self.messages, self.spent, self.frugal = list(begun.messages), begun.spent, begun.frugal

    def on_plan(self, _subject: str, body: JsonObject) -> None:
        """Follow another plan; steps that failed start again, steps that it drops are skipped."""
        stated = {name: body[name] for name in Plan.model_fields if name in body}
        self.plan = Plan.model_validate(stated)
        self.replans = int(str(body.get("replans", self.replans)))
        progress = {
            step: seen.model_copy(update={"status": "skipped"})
            for step, seen in self.progress.items()
        }
        for step in self.plan.steps:
            seen = self.progress.get(step.id, Progress())
            status = "done" if seen.status == "done" else "pending"
            progress[step.id] = seen.model_copy(update={"status": status})
        self.progress = progress

    def on_decision(self, key: str, body: JsonObject) -> None:
        """Remember what was decided; it counts once it was judged."""
        self.decisions[key] = Decision.model_validate(body)

    def on_gate(self, key: str, body: JsonObject) -> None:
        """Count a refusal, or the end of a step."""
        iterations = max(self.spent.iterations, int(str(body["round"])))
        self.spent = self.spent.model_copy(update={"iterations": iterations})
        gate, rule, reason = (str(body[name]) for name in ("gate", "rule", "reason"))
        decision, step = self.decisions[key], _step(key)
        if rule == REASON_ENDS:
            status = "done" if decision.kind == "done" else "failed"
            self._progress(key, status=status, note=decision.reasoning[:500])
            came = Happening(step=step, what=decision.kind, came=decision.reasoning[:300])
            self.recent.append(came)
        elif gate in {"again", "denied"}:
            self._refused(key, str(body["action_hash"]), gate, rule, reason)

    def _refused(self, key: str, hashed: str, gate: str, rule: str, reason: str) -> None:
        seen = self._progress(key)
        kind = "transient" if rule == PASSING else gate
        came = seen.tried.get(hashed[:16], "") or f"{kind}: {reason}"
        noted = remember(seen, hashed, came) if hashed else seen
        refused = noted.refused + (rule != DRY_RUN)
        self.progress[_step(key)] = noted.model_copy(update={"refused": refused})
        what = _what(self.decisions[key])
        came = f"{gate} by {rule}: {reason}"[:300]
        self.recent.append(Happening(step=_step(key), what=what, came=came))

    def on_observation(self, key: str, body: JsonObject) -> None:
        """Count an action that ran."""
        observation = Observation.model_validate(body)
        seen = self._progress(key)
        ok, acts = observation.status == "ok", observation.effect != "read"
        self.spent = self.spent.plus(calls=1, effects=int(ok and acts))
        came, what = f"{observation.status}: {observation.summary}"[:300], self._what_ran(key)
        noted = remember(seen, observation.action_hash, f"{came[:120]} <- {what}")
        self.progress[_step(key)] = noted.model_copy(
            update={
                "actions": seen.actions + 1,
                "result": observation.artifact if ok else seen.result,
                "refused": seen.refused + (observation.status in {"refused", "fatal"}),
            }
        )
        self.recent.append(Happening(step=_step(key), what=what, came=came))
        self.done[key] = observation.action_hash, len(self.trail)
        self.trail.append(trace_of(self.trail, observation, what=what, came=came))

    def on_undo(self, key: str, body: JsonObject) -> None:
        """Count an effect as taken back."""
        if body["came"] not in {"undone", "gone already"} or key not in self.done:
            return
        hashed, place = self.done[key]
        came, what = f"undone: {body['why']}"[:300], self._what_ran(key)
        seen = self.progress[_step(key)]
        self.progress[_step(key)] = remember(seen, hashed, f"{came[:120]} <- {what}")
        shown = f"{what[:160]} -> {came[:120]}"
        back = {"progress": False, "shown": shown}
        self.trail[place] = self.trail[place].model_copy(update=back)
        ran = [n for n, one in enumerate(self.recent) if (one.step, one.what) == (_step(key), what)]
        self.recent[ran[-1]] = self.recent[ran[-1]].model_copy(update={"came": came})

    def on_review(self, review: str, body: JsonObject) -> None:
        """Remember what was asked."""
        self.reviews[review] = {**self.reviews.get(review, {}), **body}

    def on_answer(self, review: str, body: JsonObject) -> None:
        """Keep what a person said, but not what they allowed."""
        asked = self.reviews.get(review, {})
        who, decision, said = body["reviewer"], body["decision"], str(body.get("message", ""))
        if said:
            self.messages.append(f"{who} on {asked.get('title', review)}: {said}")
        key = str(body["key"])
        if asked.get("kind") == "action" and decision in {"reject", "respond"}:
            came = f"{decision}ed by {who}: {said}"
            seen = self._progress(key)
            self.progress[_step(key)] = remember(seen, str(body["reviewed_hash"]), came)

    def on_limit(self, _subject: str, body: JsonObject) -> None:
        """Keep to lower limits that a person chose; higher ones were for that run only."""
        after = body.get("after")
        if self.goal is None or not isinstance(after, dict):
            return
        self.frugal = body.get("decision") == "reject"
        budget = self.goal.budget.model_dump()
        lower = {name: min(budget[name], value) for name, value in _numbers(after).items()}
        self.goal = self.goal.model_copy(update={"budget": Budget.model_validate(budget | lower)})

    def on_status(self, _subject: str, body: JsonObject) -> None:
        """Waiting for a person is no working time."""
        self.waiting = body["status"] != "running"

    def _progress(self, key: str, **change: Any) -> Progress:  # noqa: ANN401  # fields of Progress
        """Count a proposal as made, and return its step's progress."""
        step = _step(key)
        ordinal = int(key.rpartition("/")[2])
        seen = self.progress.get(step, Progress())
        made = {"proposals": max(seen.proposals, ordinal), **change}
        self.progress[step] = seen.model_copy(update=made)
        return self.progress[step]

    def _what_ran(self, key: str) -> str:
        return _what(self.decisions[key])


def _settled(plan: Plan, progress: Mapping[str, Progress]) -> dict[str, Progress]:
    """Return progress with the steps failed or skipped that can no longer be done."""
    settled = dict(progress)
    lost = {step for step, seen in settled.items() if seen.status in {"failed", "skipped"}}
    for step in plan.steps:
        seen = settled[step.id]
        used_up = seen.refused >= MAX_REFUSED or seen.actions >= step.max_actions
        if seen.status == "pending" and (used_up or set(step.needs) & lost):
            status = "failed" if used_up else "skipped"
            settled[step.id] = seen.model_copy(update={"status": status})
            lost.add(step.id)
    return settled


def _step(key: str) -> str:
    return key.rsplit("/", 2)[1]


def _what(decision: Decision) -> str:
    action = decision.action
    return f"{action.tool} {str(action.args)[:200]}" if action else decision.kind


def _numbers(value: JsonObject) -> dict[str, float]:
    return {
        name: number
        for name, number in value.items()
        if isinstance(number, int | float) and name in {"max_usd", "max_tokens"}
    }


_HANDLERS: Mapping[str, Callable[[_Told, str, JsonObject], None]] = {
    "goal": _Told.on_goal,
    "fork": _Told.on_fork,
    "plan": _Told.on_plan,
    "decision": _Told.on_decision,
    "gate": _Told.on_gate,
    "observation": _Told.on_observation,
    "undo": _Told.on_undo,
    "review": _Told.on_review,
    "answer": _Told.on_answer,
    "limit": _Told.on_limit,
    "status": _Told.on_status,
}
