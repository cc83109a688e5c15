"""One OpenTelemetry span per model call, after the `gen_ai` conventions; silent without an SDK."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, get_tracer
from opentelemetry.util.types import AttributeValue

from nodes.models.roles import Candidate
from tools.contract import Record


class Usage(Record):
    """Tokens of one call."""

    read: int
    written: int
    cached: int = 0
    """Those of the read ones that the provider had in a cache of its own."""

    @property
    def tokens(self) -> int:
        """Read and written together."""
        return self.read + self.written


@contextmanager
def chat_span(candidate: Candidate, *, run: str, role: str) -> Iterator[Span]:
    """Open the span of a call.

    Args:
        candidate: The model.
        run: The run that pays; the conversation.
        role: The part that the model plays.
    """
    facts: dict[str, str | int] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": candidate.name,
        "gen_ai.request.max_tokens": candidate.max_output_tokens,
        "gen_ai.conversation.id": run,
        "agent.role": role,
    }
    tracer = get_tracer("surefoot.models")
    with tracer.start_as_current_span(
        f"chat {candidate.name}", kind=SpanKind.CLIENT, attributes=facts
    ) as span:
        yield span


def note_outcome(span: Span, *, used: Usage | None, usd: float, problem: str, fault: str) -> None:
    """Write what came of a call, under the names of the conventions where they have one.

    Args:
        span: The span of the call.
        used: Its tokens; None when nobody told.
        usd: US dollars (the name is that of the conventions' open pull request 443).
        problem: Why its answer could not be used; empty when it could.
        fault: The kind of fault that kept an answer from coming; empty when one came.
    """
    facts: dict[str, AttributeValue] = {
        "gen_ai.usage.cost.amount": usd,
        "gen_ai.usage.cost.currency": "USD",
        "agent.answer.usable": not problem,
    }
    if used is not None:
        facts["gen_ai.usage.input_tokens"] = used.read
        facts["gen_ai.usage.output_tokens"] = used.written
        facts["gen_ai.usage.cache_read.input_tokens"] = used.cached
    if fault:
        facts["error.type"] = fault
        span.set_status(Status(StatusCode.ERROR))
    span.set_attributes(facts)
