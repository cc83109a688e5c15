"""One OpenTelemetry span per model call, after the `gen_ai` conventions; silent without an SDK."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.trace import Span, SpanKind, get_tracer

from nodes.models.roles import Candidate


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


def note_outcome(span: Span, *, tokens: int, usd: float, problem: str) -> None:
    """Write what the call cost, under the names of the conventions and their open pull request 443.

    Args:
        span: The span of the call.
        tokens: Read and written together.
        usd: US dollars.
        problem: Why its answer could not be used; empty when it could.
    """
    span.set_attributes(
        {
            "gen_ai.usage.total_tokens": tokens,
            "gen_ai.usage.cost.amount": usd,
            "gen_ai.usage.cost.currency": "USD",
            "agent.answer.usable": not problem,
        }
    )
