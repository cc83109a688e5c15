"""A decider that follows a program: each call of a tool is one decision, and passes the gate.

What the program gets back is what came of it: the result (of the edited action, when a person
edited it), or an exception that it may handle when the call was refused, denied or failed. Between
two calls the program is in the store and nowhere else.
"""

import base64
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Final

from nodes.context import Decider, Situation
from nodes.glue.interpreter import (
    Called,
    Interpreter,
    Over,
    Program,
    Turn,
    refuse_missing,
)
from nodes.glue.programs import Programs, Written
from nodes.glue.suspended import Found, Suspended, Waiting
from nodes.state import Decision
from tools.contract import Action, ToolCard
from tools.records import Memory

MAX_BROKEN: Final = 3
"""Programs of one step that may break; no further one is asked for."""
_REASONING: Final = 4_000
_PACKAGE: Final = "pydantic-monty"


class GlueDecider:
    """Follows the programs of the steps that have one; another decider does the rest.

    Args:
        programs: Where programs come from.
        memory: Where they wait.
        fallback: Decides steps without a program.
        interpreter: Runs them.

    Raises:
        BadInput: The interpreter is not installed.
    """

    def __init__(
        self,
        programs: Programs,
        memory: Memory,
        fallback: Decider,
        interpreter: Interpreter | None = None,
    ) -> None:
        refuse_missing()
        self._programs = programs
        self._suspended = Suspended(memory)
        self._fallback = fallback
        self._interpreter = interpreter or Interpreter()

    def decide(self, situation: Situation) -> Decision:
        """Return the next call of the step's program, or that it is over."""
        found = self._suspended.newest(situation.run, situation.step.id, situation.ordinal)
        if found is None and situation.ordinal > 1:
            return self._fallback.decide(situation)  # what was begun without stays without
        if found is None:
            return self._begin(situation, ())
        if found.key == _key(situation):
            return found.waiting.decision  # decided before, by a process that was killed then
        if found.waiting.over:
            return self._begin(situation, (found.waiting.decision.reasoning,))
        return self._go_on(situation, found)

    def _begin(self, situation: Situation, problems: Sequence[str], broken: int = 0) -> Decision:
        written = self._programs.program(situation, problems)
        if written is None:
            return self._fallback.decide(situation)
        turn = self._interpreter.begin(_program(situation, written), {**situation.inputs})
        return self._turned(situation, written, turn, broken)

    def _go_on(self, situation: Situation, found: Found) -> Decision:
        waiting = found.waiting
        written = waiting.written
        turn = self._interpreter.go_on(
            _program(situation, written),
            waiting.rest,
            self._suspended.came_of(found),
            printed=waiting.printed,
        )
        if isinstance(turn, Over) and turn.problem and waiting.interpreter != _version():
            there, here = waiting.interpreter, _version()
            problem = f"It was suspended by {there}; here is {here}. {turn.problem}"
            turn = replace(turn, problem=problem)
        return self._turned(situation, written, turn, waiting.broken)

    def _turned(self, situation: Situation, written: Written, turn: Turn, broken: int) -> Decision:
        """Keep what is left of a program, and return what it wants."""
        if isinstance(turn, Over) and turn.problem and broken + 1 < MAX_BROKEN:
            another = self._programs.program(situation, (turn.problem,))
            if another is not None:
                begun = self._interpreter.begin(_program(situation, another), {**situation.inputs})
                return self._turned(situation, another, begun, broken + 1)
        decision = _decision(written, turn)
        waiting = Waiting(
            written=written,
            printed=turn.printed,
            left=base64.b64encode(turn.left).decode() if isinstance(turn, Called) else "",
            decision=decision,
            interpreter=_version(),
            broken=broken,
        )
        self._suspended.keep(situation.run, _key(situation), waiting)
        return decision


def _decision(written: Written, turn: Turn) -> Decision:
    if isinstance(turn, Called):
        where = f"Line {turn.line} of the program" if turn.line else "The program"
        return Decision(
            kind="act",
            action=Action(tool=turn.tool, args=turn.args),
            reasoning=f"{where} calls {turn.tool}.",
            evidence=("program",),
            confidence=written.confidence,
            origin=written.origin,
        )
    said = turn.printed.strip() or turn.value
    if turn.problem:
        reasoning = f"The program broke. {turn.problem}\n{said}".strip()[:_REASONING]
        return Decision(kind="give_up", reasoning=reasoning, origin=written.origin)
    return Decision(
        kind="done",
        reasoning=(said or "The program came to its end.")[:_REASONING],
        confidence=written.confidence,
        origin=written.origin,
    )


def _program(situation: Situation, written: Written) -> Program:
    functions = {card.name: _parameters(card) for card in situation.tools}
    seed = f"{situation.run}/{situation.step.id}"
    return Program(code=written.code, functions=functions, seed=seed)


def _parameters(card: ToolCard) -> tuple[str, ...]:
    properties = card.parameters.get("properties")
    return tuple(properties) if isinstance(properties, dict) else ()


def _key(situation: Situation) -> str:
    """Return the effect key that `decide` mints for this decision."""
    return f"{situation.run}/{situation.step.id}/{situation.ordinal}"


def _version() -> str:
    return f"{_PACKAGE} {version(_PACKAGE)}"
