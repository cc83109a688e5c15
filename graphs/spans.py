"""OpenTelemetry: what a run does, as `gen_ai.*` spans that any OTLP backend shows.

Only the API is used: without an SDK in the process every call here does nothing. A run that
waits for a person is not an error: its span carries the event `agent.waiting`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType

from langgraph.errors import GraphBubbleUp
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

SCOPE = "surefoot"
WAITING = "agent.waiting"
"""Event on the spans of a run that waits for a person."""

Attributes = Mapping[str, AttributeValue]


@contextmanager
def span(
    name: str, operation: str, attributes: Attributes, provider: TracerProvider | None = None
) -> Iterator[Span]:
    """Open a span under the present one.

    A fault that passes through sets `error.type` to its class and nothing else: its words may
    hold what was not to be captured. A pause sets the event `agent.waiting`.

    Args:
        name: Name of the span.
        operation: `gen_ai.operation.name`.
        attributes: What is known before it begins.
        provider: Where spans go; the process's own when None.
    """
    tracer = trace.get_tracer(SCOPE, tracer_provider=provider)
    with (
        tracer.start_as_current_span(
            name,
            attributes={"gen_ai.operation.name": operation, **attributes},
            record_exception=False,
            set_status_on_exception=False,
        ) as opened,
        _Faults(opened),
    ):
        yield opened


class _Faults:
    """Notes on a span what passes through; a handler would need to catch everything."""

    def __init__(self, opened: Span) -> None:
        self._span = opened

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Note a pause or a fault, and let it pass."""
        if isinstance(fault, GraphBubbleUp):
            self._span.add_event(WAITING)
        elif isinstance(fault, Exception):
            fail(self._span, type(fault).__name__)


def fail(opened: Span, kind: str) -> None:
    """Mark a span as failed, with the kind of fault."""
    opened.set_attribute("error.type", kind)
    opened.set_status(Status(StatusCode.ERROR))


def link(opened: Span, parent: str) -> None:
    """Link a span to the one that `traceparent` told of, in whichever process."""
    carried = TraceContextTextMapPropagator().extract({"traceparent": parent}, Context())
    found = trace.get_current_span(carried).get_span_context()
    if found.is_valid:
        opened.add_link(found)


def traceparent() -> str:
    """Return the present span as W3C trace context; empty when none is recorded."""
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent", "")
