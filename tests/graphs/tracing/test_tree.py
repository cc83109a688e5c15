"""The spans of a run by a model that paused and was resumed by another process, as one collects."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.graphs.sensible import thinking
from tests.graphs.shop import make_plain_shop
from tests.nodes.models.stub import status

Span = dict[str, Any]
FAILING = 3
"""Which request is answered 500."""


@pytest.fixture(scope="module")
def spans(tmp_path_factory: pytest.TempPathFactory) -> list[Span]:
    folder = make_plain_shop(tmp_path_factory.mktemp("traced"))
    with thinking(lambda number: status(500) if number == FAILING else None) as server:
        for command in ("begin", "approve"):
            words = ["-m", "tests.graphs.tracing.exporting", str(folder), command]
            subprocess.run([sys.executable, *words, server.url], check=True)
    return [json.loads(line) for line in (folder / "spans.jsonl").read_text().splitlines()]


def path(spans: list[Span], span: Span) -> tuple[str, ...]:
    """Return the names from the root to a span."""
    known = {one["context"]["span_id"]: one for one in spans}
    above = known.get(span["parent_id"] or "")
    return (*(path(spans, above) if above else ()), span["name"])


def chats(spans: list[Span]) -> list[Span]:
    return [span for span in spans if span["name"].startswith("chat ")]


def test_every_span_stands_where_it_belongs(spans: list[Span]) -> None:
    root = "invoke_agent surefoot-database"
    shapes = {tuple(part.split()[0] for part in path(spans, span)) for span in spans}
    assert {path(spans, span)[0] for span in spans} == {root}
    assert {shape[1:] for shape in shapes if len(shape) == 3} == {
        ("plan", "chat"),
        ("decide", "chat"),
        ("execute", "execute_tool"),
    }


def test_each_segment_is_a_trace_of_its_own_linked_to_the_one_before(spans: list[Span]) -> None:
    first, second = (span for span in spans if span["parent_id"] is None)
    assert len({span["context"]["trace_id"] for span in spans}) == 2
    assert [one["context"]["span_id"] for one in second["links"]] == [first["context"]["span_id"]]


def test_every_span_names_the_run(spans: list[Span]) -> None:
    assert {span["attributes"]["gen_ai.conversation.id"] for span in spans} == {"r"}


def test_a_pause_is_no_error_and_a_failed_call_is_one(spans: list[Span]) -> None:
    failed = [span for span in spans if span["status"]["status_code"] == "ERROR"]
    assert [(span["name"], span["attributes"]["error.type"]) for span in failed] == [
        ("chat stub", "500")
    ]
    outcomes = [span["attributes"]["agent.outcome"] for span in spans if not span["parent_id"]]
    assert outcomes == ["waiting", "verified"]


def test_calls_tell_tokens_read_and_written_apart(spans: list[Span]) -> None:
    names = ("input_tokens", "output_tokens", "cache_read.input_tokens")
    told = {
        tuple(span["attributes"].get(f"gen_ai.usage.{name}") for name in names)
        for span in chats(spans)
    }
    assert told == {(10, 5, 4), (None, None, None)}


def test_no_word_of_prompts_or_answers_is_told(spans: list[Span]) -> None:
    assert "Be fast" not in json.dumps(spans)
