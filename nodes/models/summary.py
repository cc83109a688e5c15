"""A few sentences on what left the window, for deciders; fenced like all untrusted text."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from nodes.guards.budget import spend_limits
from nodes.models.ask import Asker, NoAnswer
from nodes.models.prompts import Section, write
from nodes.models.schemas import answer_schema, is_strict
from nodes.state import Goal, Happening
from tools.contract import Record

LINES = 40
CHARACTERS = 12_000


class Summary(Record):
    """What a summarizing model says."""

    summary: str = Field(min_length=1, max_length=2000)


@dataclass(frozen=True, slots=True)
class ModelSummarizer:
    """Asks the summarizer models.

    Args:
        asker: Asks them.
    """

    asker: Asker

    def summarize(self, run: str, goal: Goal, happenings: Sequence[Happening]) -> str:
        """Return a summary of the newest happenings; the plain lines when no model answered."""
        newest = happenings[-LINES:]
        schema = answer_schema(Summary)
        sections = (
            Section(label="Goal", value=goal.objective, limit=4000, trusted=True),
            Section(
                label="What happened",
                value=[item.to_json() for item in newest],
                limit=CHARACTERS,
            ),
        )
        name = self.asker.roles.prompt("summarizer")
        prompt = write(name, sections, schema=schema, strict=is_strict(schema))
        limits = spend_limits(goal.budget)
        try:
            said = self.asker.ask(run, "summarizer", prompt, Summary, limits=limits)
        except NoAnswer as fault:
            self.asker.note_fallback(run, "summarizer", "the plain events", fault)
            return plain(newest)
        return said.value.summary


def plain(happenings: Sequence[Happening]) -> str:
    """Return the newest happenings as lines, at most 2000 characters."""
    return "\n".join(f"{item.step}: {item.what}: {item.came}" for item in happenings)[-2000:]
