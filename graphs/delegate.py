"""A child agent as a tool: it looks things up, and its parent looks up again what it says.

A child passes on what it believes; a parent that believes it passes on more. So of a child's answer
only claims come back, each looked up anew in what the child has really read, and apart from them
those that stand nowhere. The result is untrusted like any page: its values prove nothing.
"""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from graphs.session import Agent
from nodes.claims import Claim, check_claims, stated_in
from tools.contract import JsonObject, Tool, digest
from tools.errors import BadInput, Refused


class DelegateArgs(BaseModel):
    """What a child is asked."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=2_000)


class Delegate(Tool):
    """Asks a child agent that only reads.

    Args:
        agent: The child; it keeps its runs in its own store, within its own budget.
        name: Of the tool.
        description: What it can be asked.

    Raises:
        BadInput: The child has a tool that changes something.
    """

    args_schema: ClassVar[type[BaseModel]] = DelegateArgs
    effect = "read"
    content = frozenset({"question"})
    evidence = frozenset({"facts.*.quote"})

    def __init__(self, agent: Agent, *, name: str, description: str) -> None:
        acts = [tool.name for tool in agent.context.tools.values() if tool.effect != "read"]
        if acts:
            raise BadInput(
                f"A child agent that changes something is no tool: {', '.join(acts)}.",
                advice="Give the child tools that only read; let the parent act.",
            )
        self.name = name  # type: ignore[misc]  # each child has its own
        self.description = description  # type: ignore[misc]  # the same
        self._agent = agent

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the child."""
        del args
        return frozenset({f"agent:{self.name}"})

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Let the child run, and look up what it states; asked again after a crash, it goes on.

        Raises:
            Refused: The child waits for a person.
        """
        name = f"child-{digest({'of': key})[:10]}"
        known = self._agent.store.runs.find(name)
        run = (
            self._agent.run(str(args["question"]), run_id=name)
            if known is None
            else (self._agent.open(name).resume())
        )
        if run.pending:
            raise Refused(
                f"The child run {name!r} waits for a person.",
                advice=f"`surefoot inbox` shows what it asks; then `surefoot resume {name}`.",
            )
        sources = self._agent.context.evidence.sources(name)
        claims = check_claims(stated_in(run.entries), sources)
        return {
            "outcome": run.status,
            "facts": [_fact(claim) for claim in claims if claim.supported],
            "unsupported": [claim.statement for claim in claims if not claim.supported],
        }


def _fact(claim: Claim) -> JsonObject:
    return {
        "statement": claim.statement,
        "quote": claim.quote,
        "where": [span.origin for span in claim.spans],
        "origins": claim.origins,
        "confidence": claim.confidence,
    }
