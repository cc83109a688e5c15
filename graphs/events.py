"""What a run tells while it goes on: one typed event for each thing that happens.

The nodes tell plain JSON, so that whoever calls the graph by hand gets it, too
(`stream_mode="custom"`); here it gets its types.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from nodes.state import Check, Decision, Plan, Step
from tools.contract import JsonObject, Observation, Record
from tools.records import Review, Status


class Planned(Record):
    """There is a plan, the first or another one."""

    kind: Literal["plan"] = "plan"
    plan: Plan


class StepStarted(Record):
    """A step is begun; its first decision follows."""

    kind: Literal["step"] = "step"
    step: Step


class Decided(Record):
    """What is to be done next for a step."""

    kind: Literal["decision"] = "decision"
    key: str
    """`run/step/ordinal`."""
    decision: Decision


class Gated(Record):
    """The gate let an action through, or did not."""

    kind: Literal["gate"] = "gate"
    key: str
    gate: str
    """`cleared`, `waiting`, `again` or `denied`."""
    rule: str
    reason: str


class Acting(Record):
    """A tool is called."""

    kind: Literal["start"] = "start"
    key: str
    tool: str
    args: JsonObject


class Progressed(Record):
    """What a tool or a check is doing now."""

    kind: Literal["progress"] = "progress"
    text: str


class Observed(Record):
    """What came of an action."""

    kind: Literal["observation"] = "observation"
    observation: Observation


class Checked(Record):
    """What a look at the world found."""

    kind: Literal["check"] = "check"
    check: Check


class Undone(Record):
    """An effect was taken back, or could not be."""

    kind: Literal["undo"] = "undo"
    key: str
    came: str
    why: str


class Degraded(Record):
    """Something else takes over from a model: another one, another form, the playbook, nobody."""

    kind: Literal["degraded"] = "degraded"
    role: str
    subject: str
    """Effect key of the decision that it was asked for, or the role."""
    to: str
    reason: str


class Asked(Record):
    """The run waits for a person; one event for each question."""

    kind: Literal["review"] = "review"
    review: Review


class Answered(Record):
    """The run heard what people answered."""

    kind: Literal["answers"] = "answers"
    approved: int
    waiting: int
    """Questions that are still open."""


class Held(Record):
    """Another process, or another handle, works on the run, and is waited for."""

    kind: Literal["held"] = "held"
    by: str


class Finished(Record):
    """The run has ended."""

    kind: Literal["outcome"] = "outcome"
    outcome: Status
    reason: str


Event = (
    Planned
    | StepStarted
    | Decided
    | Gated
    | Acting
    | Progressed
    | Observed
    | Checked
    | Undone
    | Degraded
    | Asked
    | Answered
    | Held
    | Finished
)
"""Anything that a run tells."""

_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def read_event(told: object) -> Event:
    """Return what a node streamed as a typed event (`ValidationError` when it is none of ours)."""
    return _EVENT.validate_python(told)


def read_events(told: Iterable[object]) -> Iterator[Event]:
    """Yield what nodes told as typed events; each degradation once, as on the ledger."""
    degraded: set[Degraded] = set()
    for event in map(read_event, told):
        if isinstance(event, Degraded):
            if event in degraded:
                continue
            degraded.add(event)
        yield event
