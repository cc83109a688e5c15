"""What OpenTelemetry receives of a run that paused and was resumed by another process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from checkpoints.store import Store
from graphs.redaction import Redactor
from graphs.tracing import Tracing
from tests.behaviour.shelf import script, shelf_agent
from tests.graphs.tracing.conftest import OWN, SECRET, asking, breaking
from tools.errors import StoreFault

Spans = tuple[ReadableSpan, ...]


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> Iterator[TracerProvider]:
    made = TracerProvider()
    made.add_span_processor(SimpleSpanProcessor(exporter))
    yield made
    made.shutdown()


@pytest.fixture
def spans(
    store: Store, folder: Path, exporter: InMemorySpanExporter, provider: TracerProvider
) -> Spans:
    """Spans of a run that one agent began and another, knowing only the store, finished."""
    tracing = Tracing(provider=provider)
    agent = asking(store, folder, tracing)
    agent.run(f"Tidy up {SECRET}", run_id="r")
    done = script(*agent.context.planner.plan_.steps)  # type: ignore[attr-defined]  # the script's own
    shelf_agent(store, folder, done, tracing=tracing).open("r").approve()
    return exporter.get_finished_spans()


def about(span: ReadableSpan, key: str) -> object:
    return (span.attributes or {}).get(key)


def named(spans: Spans, name: str) -> list[ReadableSpan]:
    return [span for span in spans if span.name == name]


def segments(spans: Spans) -> list[ReadableSpan]:
    return named(spans, "invoke_agent surefoot-shelf")


def test_each_segment_is_one_root(spans: Spans) -> None:
    assert [span.name for span in spans if span.parent is None] == [
        "invoke_agent surefoot-shelf"
    ] * 2


def test_every_span_names_operation_run_and_conversation(spans: Spans) -> None:
    assert all(about(span, "gen_ai.operation.name") for span in spans)
    told = {(about(s, "agent.run.id"), about(s, "gen_ai.conversation.id")) for s in spans}
    assert told == {("r", "r")}


def test_nodes_are_children_of_their_segment(spans: Spans) -> None:
    roots = {span.context.span_id for span in segments(spans)}
    for name in ("plan", "decide", "confidence", "escalate", "execute", "verify", "finish"):
        parents = {span.parent.span_id for span in named(spans, name) if span.parent}
        assert parents
        assert parents <= roots


def test_actions_are_children_of_execute(spans: Spans) -> None:
    executed = {span.context.span_id for span in named(spans, "execute")}
    calls = [span for span in spans if span.name.startswith("execute_tool")]
    assert [about(span, "gen_ai.tool.name") for span in calls] == ["put", "take"]
    assert all(span.parent and span.parent.span_id in executed for span in calls)
    assert [about(span, "agent.outcome") for span in calls] == ["ok", "ok"]
    assert [about(span, "agent.step") for span in calls] == ["write", "tidy"]


def test_second_segment_links_to_the_first(spans: Spans) -> None:
    first, second = segments(spans)
    assert [link.context.span_id for link in second.links] == [first.context.span_id]
    assert not first.links


def test_waiting_is_an_event_and_no_error(spans: Spans) -> None:
    first = segments(spans)[0]
    events = [event for event in first.events if event.name == "agent.waiting"]
    assert [event.attributes["agent.review.kind"] for event in events if event.attributes] == [
        "action"
    ]
    paused = named(spans, "escalate")[0]
    assert [event.name for event in paused.events] == ["agent.waiting"]
    assert {span.status.status_code for span in spans} == {StatusCode.UNSET}


def test_outcome_and_versions_are_told(spans: Spans) -> None:
    assert [about(s, "agent.outcome") for s in segments(spans)] == ["waiting", "unverified"]
    last = segments(spans)[1]
    assert about(last, "gen_ai.agent.name") == "surefoot-shelf"
    assert about(last, "gen_ai.agent.version")
    assert len(str(about(last, "agent.graph.fingerprint"))) == 12
    assert len(str(about(last, "agent.policy.digest"))) == 12


def test_content_is_not_captured_by_default(spans: Spans) -> None:
    told = "".join(span.to_json() for span in spans)
    assert SECRET not in told
    assert OWN not in told
    assert "arguments" not in told


def test_content_is_redacted_when_captured(
    store: Store, folder: Path, exporter: InMemorySpanExporter, provider: TracerProvider
) -> None:
    tracing = Tracing(content=True, redact=Redactor((OWN,)), provider=provider)
    asking(store, folder, tracing).run("Tidy up", run_id="r")
    call = named(exporter.get_finished_spans(), "execute_tool put")[0]
    said = about(call, "gen_ai.tool.call.arguments")
    assert said == '{"name":"a","text":"[redacted] of [redacted]"}'


def test_fault_sets_its_class_on_node_and_segment(
    store: Store, folder: Path, exporter: InMemorySpanExporter, provider: TracerProvider
) -> None:
    agent = breaking(store, folder, Tracing(provider=provider))
    with pytest.raises(StoreFault):
        agent.run("Write", run_id="r")
    failed = [s for s in exporter.get_finished_spans() if s.status.status_code is StatusCode.ERROR]
    assert {(s.name, about(s, "error.type")) for s in failed} == {
        ("decide", "StoreFault"),
        ("invoke_agent surefoot-shelf", "StoreFault"),
    }
    assert SECRET not in "".join(span.to_json() for span in failed)


def test_without_an_sdk_the_ledger_has_no_trace(store: Store, folder: Path) -> None:
    run = asking(store, folder, Tracing()).run("Tidy up", run_id="r")
    assert "trace" not in {entry.kind for entry in run.entries}
