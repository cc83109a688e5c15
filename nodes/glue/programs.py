"""Where programs come from: what the user wrote down, or what a model writes for a step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pydantic import Field

from nodes.context import Situation
from tools.contract import Record

CODE_CHARACTERS: Final = 16_000


class Written(Record):
    """A program for one step."""

    code: str = Field(min_length=1, max_length=CODE_CHARACTERS)
    origin: str = "runbook"
    """Who wrote it."""
    confidence: float = Field(default=1.0, ge=0.0, le=1.0)
    """How sure its writer is of it; each of its calls is judged by that."""


class Programs(Protocol):
    """Writes, or knows, the programs of steps."""

    def program(self, situation: Situation, problems: Sequence[str]) -> Written | None:
        """Return a program for a step.

        None when the step is not done by a program, or there is no other one to offer.

        Args:
            situation: What may be known of the step.
            problems: What was wrong with the programs before, if there were any.
        """
        ...


@dataclass(frozen=True, slots=True)
class RunbookPrograms:
    """Programs that the user wrote down.

    Args:
        codes: By step.
    """

    codes: Mapping[str, str]

    def program(self, situation: Situation, problems: Sequence[str]) -> Written | None:
        """Return the step's program; one that broke is not offered again."""
        code = self.codes.get(situation.step.id)
        return Written(code=code) if code is not None and not problems else None
