"""A runbook: the steps and actions that a user wrote down, in TOML.

It is a plan without a model: every action passes the same gate, and its words are the user's own.
"""

import ast
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from nodes.glue.programs import CODE_CHARACTERS
from nodes.guards.grounding import texts
from nodes.state import MAX_REFUSED, Plan, Step, StepId
from tools.contract import Action, JsonObject, Record
from tools.errors import BadInput, Refused
from tools.toolbox import Toolbox

MAX_BYTES = 64_000
MAX_ACTIONS = 50
"""Of one step: what was tried in it is remembered within a bound."""


PROGRAM_ACTIONS = 200
"""Calls of a program."""
_MEND = "Mend the runbook; `surefoot tools` shows tools and arguments."


class Written(Record):
    """One action as it is written down."""

    tool: str = Field(min_length=1, max_length=200)
    args: JsonObject = Field(default_factory=dict)
    why: str = Field(default="", max_length=500)

    @property
    def action(self) -> Action:
        """The action."""
        return Action(tool=self.tool, args=self.args)


class WrittenStep(Record):
    """One step: actions in order."""

    id: StepId
    title: str = Field(default="", max_length=200)
    needs: tuple[StepId, ...] | None = None
    """Steps that must be done before; the one above when it is not said."""
    expects: str = Field(default="", max_length=500)
    actions: tuple[Written, ...] = Field(default=(), max_length=MAX_ACTIONS)
    program: str = Field(default="", max_length=CODE_CHARACTERS)
    """Instead of actions: Python that calls the step's tools as functions; `docs/programs.md`."""
    tools: tuple[str, ...] = Field(default=(), max_length=20)
    """What the program may call."""

    @model_validator(mode="after")
    def _either(self) -> "WrittenStep":
        if bool(self.actions) == bool(self.program):
            raise ValueError(f"the step {self.id!r} has either actions or a program")
        if bool(self.tools) != bool(self.program):
            raise ValueError(f"the step {self.id!r} names tools just when it has a program")
        return self

    @model_validator(mode="after")
    def _differ(self) -> "WrittenStep":
        hashes = [item.action.hash for item in self.actions]
        if len(set(hashes)) < len(hashes):
            raise ValueError(f"the step {self.id!r} has one action twice; use another step")
        return self

    def step(self, before: StepId | None) -> Step:
        """Return the step of the plan, which may call the tools that it names only."""
        needs = self.needs if self.needs is not None else ((before,) if before else ())
        return Step(
            id=self.id,
            title=self.title or self.id,
            tools=tuple(dict.fromkeys((*self.tools, *(item.tool for item in self.actions)))),
            needs=needs,
            expects=self.expects,
            max_actions=PROGRAM_ACTIONS if self.program else len(self.actions) + MAX_REFUSED,
        )


class Runbook(Record):
    """Steps that a user wrote down."""

    objective: str = Field(default="", max_length=4000)
    """What it is for, for people who read it."""
    steps: tuple[WrittenStep, ...] = Field(min_length=1, max_length=40)

    @property
    def plan(self) -> Plan:
        """The plan."""
        before = (None, *(step.id for step in self.steps))
        made = tuple(step.step(last) for step, last in zip(self.steps, before, strict=False))
        return Plan(steps=made, rationale="As the runbook says.", origin="runbook")

    @property
    def programs(self) -> dict[str, str]:
        """The programs, by step."""
        return {step.id: step.program for step in self.steps if step.program}

    @property
    def said(self) -> str:
        """Every value of its actions, as people say values: in quotes."""
        values = (value for step in self.steps for one in step.actions for value in texts(one.args))
        return " ".join(f"'{value}'" for value in dict.fromkeys(values))

    def step(self, step_id: str) -> WrittenStep | None:
        """Return a step by its id."""
        return next((step for step in self.steps if step.id == step_id), None)


def read_runbook(path: Path) -> str:
    """Return the text of a runbook, which is one.

    Raises:
        BadInput: It cannot be read, or is none.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as fault:
        raise BadInput(f"The runbook {str(path)!r} cannot be read: {fault.strerror}.") from fault
    except UnicodeDecodeError as fault:
        raise BadInput(f"The runbook {str(path)!r} is no text: {fault}.") from fault
    parse_runbook(text, source=str(path))
    return text


def parse_runbook(text: str, *, source: str) -> Runbook:
    """Return the runbook that a TOML text states.

    Raises:
        BadInput: It states none; the message names the place.
    """
    if len(text.encode()) > MAX_BYTES:
        raise BadInput(f"The runbook {source!r} is larger than {MAX_BYTES} bytes.")
    try:
        return Runbook.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as fault:
        raise BadInput(f"The runbook {source!r} is not TOML: {fault}.") from fault
    except ValidationError as fault:
        raise BadInput(
            f"The runbook {source!r} does not fit: {_told(fault.errors(include_url=False)[0])}.",
            advice="A runbook has [[steps]] with id, and [[steps.actions]] with tool and args, or "
            "program and tools.",
        ) from fault


def refuse_unfit(runbook: Runbook, tools: Toolbox) -> None:
    """Raise when an action or a program of a runbook cannot be meant for these tools.

    Raises:
        BadInput: There is no such tool, its arguments do not fit, or a program is no Python; the
            message names the place.
    """
    for step in runbook.steps:
        flaw = _flaw(step, tools)
        if flaw:
            raise BadInput(
                f"The program of the step {step.id!r} does not fit: {flaw}.", advice=_MEND
            )
        for number, written in enumerate(step.actions, 1):
            problem = _problem(written, tools)
            if problem:
                raise BadInput(
                    f"Action {number} of the step {step.id!r} does not fit: {problem}",
                    advice=_MEND,
                )


def _flaw(step: WrittenStep, tools: Toolbox) -> str:
    """Say what is wrong with a step's program, as far as that can be seen."""
    unknown = [name for name in step.tools if name not in tools]
    if unknown:
        return f"there is no tool {unknown[0]!r}, only {', '.join(tools)}"
    try:
        ast.parse(step.program)
    except (SyntaxError, ValueError) as fault:
        return f"it is no Python: {fault}"
    return ""


def _problem(written: Written, tools: Toolbox) -> str:
    tool = tools.get(written.tool)
    if tool is None:
        return f"there is no tool {written.tool!r}, only {', '.join(tools)}."
    try:
        tool.check(written.args)
    except Refused as refusal:
        return refusal.what
    return ""


def _told(error: Any) -> str:  # noqa: ANN401  # what pydantic tells
    place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in error["loc"])
    return f"{place or 'it'}: {error['msg']}"
