"""A few sentences on what left the window, for deciders; fenced like all untrusted text."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field, JsonValue

from nodes.guards.budget import spend_limits
from nodes.models.ask import Asker, NoAnswer
from nodes.models.prompts import Prompt, Section, write
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
        prompt = summary_prompt(goal, newest, self.asker.roles.prompt("summarizer"))
        limits = spend_limits(goal.budget)
        try:
            said = self.asker.ask(run, "summarizer", prompt, Summary, limits=limits)
        except NoAnswer as fault:
            self.asker.note_fallback(run, "summarizer", "the plain events", fault)
            return plain(newest)
        return said.value.summary


def summary_prompt(goal: Goal, happenings: Sequence[Happening], name: str = "summarizer") -> Prompt:
    """Return what a summarizing model is shown."""
    schema = answer_schema(Summary)
    told: list[JsonValue] = [item.to_json() for item in happenings]
    sections = (
        Section(label="Goal", value=goal.objective, limit=4000, trusted=True),
        Section(label="What happened", value=told, limit=CHARACTERS),
    )
    return write(name, sections, schema=schema, strict=is_strict(schema))


def plain(happenings: Sequence[Happening]) -> str:
    """Return the newest happenings as lines, at most 2000 characters."""
    return "\n".join(f"{item.step}: {item.what}: {item.came}" for item in happenings)[-2000:]
