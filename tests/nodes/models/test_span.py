"""What a call tells of its tokens."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from nodes.models.span import Usage, note_outcome


def noted(**told: object) -> tuple[dict[str, object], StatusCode]:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    fields: dict[str, object] = {"used": None, "usd": 0.5, "problem": "", "fault": ""}
    with provider.get_tracer("test").start_as_current_span("chat") as span:
        note_outcome(span, **fields | told)  # type: ignore[arg-type]  # names of its parameters
    (ended,) = exporter.get_finished_spans()
    return dict(ended.attributes or {}), ended.status.status_code


@pytest.mark.parametrize(
    ("name", "count"),
    [("input_tokens", 9), ("output_tokens", 4), ("cache_read.input_tokens", 7)],
)
def test_tokens_are_told_by_the_names_of_the_conventions(name: str, count: int) -> None:
    facts, status = noted(used=Usage(read=9, written=4, cached=7))
    assert (facts[f"gen_ai.usage.{name}"], status) == (count, StatusCode.UNSET)


def test_a_call_that_brought_no_answer_tells_no_tokens_but_its_fault() -> None:
    facts, status = noted(fault="500", problem="the server answered 500")
    assert (facts["error.type"], status) == ("500", StatusCode.ERROR)
    assert not [name for name in facts if "tokens" in name]


def test_an_answer_that_cannot_be_used_is_no_fault() -> None:
    facts, status = noted(used=Usage(read=1, written=1), problem="no JSON")
    assert (facts["agent.answer.usable"], status) == (False, StatusCode.UNSET)
