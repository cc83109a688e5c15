"""What LangSmith receives of a run that paused and was resumed."""

import logging
from pathlib import Path

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from checkpoints.store import Store
from graphs.session import Run
from graphs.tracing import Tracing
from nodes.context import Situation
from nodes.state import Decision
from tests.behaviour.shelf import script, shelf_agent, step
from tests.graphs.tracing.collector import PROJECT, Collector, metadata
from tests.graphs.tracing.conftest import OWN, SECRET, Told, asking, breaking
from tools.errors import StoreFault


def paused_and_resumed(store: Store, folder: Path, tracing: Tracing) -> Run:
    run = asking(store, folder, tracing).run(f"Tidy up {SECRET} for {OWN}", run_id="r")
    assert run.status == "waiting"
    return run.approve(message="fine by me")


@pytest.fixture
def collected(langsmith: Told, store: Store, folder: Path) -> Collector:
    with langsmith() as (collector, tracing):
        paused_and_resumed(store, folder, tracing)
    return collector


def test_each_segment_is_a_trace_named_after_the_objective(collected: Collector) -> None:
    name = "surefoot:Tidy up [redacted] for [redacted]"
    assert [run["name"] for run in collected.roots] == [name, name]


def test_segments_of_a_run_share_a_thread(collected: Collector) -> None:
    told = [(metadata(run)["thread_id"], metadata(run)["session_id"]) for run in collected.roots]
    assert told == [("r", "r")] * 2


def test_nodes_keep_their_names(collected: Collector) -> None:
    nodes = {"plan", "decide", "confidence", "escalate", "execute", "verify", "finish"}
    assert nodes <= {run["name"] for run in collected.runs}


def test_actions_are_tool_runs_inside_execute(collected: Collector) -> None:
    parents = {run["id"]: run["name"] for run in collected.runs}
    tools = [run for run in collected.runs if run["run_type"] == "tool"]
    assert [(run["name"], parents[run["parent_run_id"]]) for run in tools] == [
        ("put", "execute"),
        ("take", "execute"),
    ]


def test_metadata_names_run_versions_and_outcome(collected: Collector) -> None:
    first, second = (metadata(run) for run in collected.roots)
    assert (first["outcome"], second["outcome"]) == ("waiting", "unverified")
    assert (first["surefoot_run"], first["domain"]) == ("r", "shelf")
    assert len(first["graph_fingerprint"]) == len(first["policy_digest"]) == 12
    assert first["agent_version"]


def test_node_metadata_names_step_and_action(collected: Collector) -> None:
    told = metadata(collected.named("execute")[0])
    assert told["steps"] == ["write"]
    assert len(told["action_hashes"][0]) == 64


def test_tags_name_the_domain(collected: Collector) -> None:
    assert {"surefoot", "domain:shelf"} <= set(collected.roots[0]["tags"])


def test_pause_is_no_error(collected: Collector) -> None:
    assert [run["name"] for run in collected.runs if run.get("error")] == []


def test_content_is_hidden_by_default(collected: Collector) -> None:
    shown = [run.get("inputs") or run.get("outputs") for run in collected.runs]
    assert [item for item in shown if item] == []
    assert b"fine by me" not in collected.raw


@pytest.mark.parametrize("multipart", [False, True])
@pytest.mark.parametrize("content", [False, True])
def test_planted_secret_never_arrives(
    langsmith: Told, store: Store, folder: Path, *, content: bool, multipart: bool
) -> None:
    with langsmith(content=content, multipart=multipart) as (collector, tracing):
        paused_and_resumed(store, folder, tracing)
    assert b"[redacted]" in collector.raw
    assert SECRET.encode() not in collector.raw
    assert OWN.encode() not in collector.raw


def test_content_is_shown_when_wanted(langsmith: Told, store: Store, folder: Path) -> None:
    with langsmith(content=True) as (collector, tracing):
        paused_and_resumed(store, folder, tracing)
    assert collector.named("put")[0]["inputs"]["text"] == "[redacted] of [redacted]"
    assert "fine by me" in [item.get("comment") for item in collector.feedback]


def test_human_decision_is_feedback_on_the_segment_that_asked(collected: Collector) -> None:
    asked = collected.roots[0]["id"]
    said = [item for item in collected.feedback if item["key"] == "human_decision"]
    assert [(item["value"], item["score"], item["run_id"]) for item in said] == [
        ("approve", 1.0, asked)
    ]


def test_verdicts_are_feedback_on_the_segment_that_checked(collected: Collector) -> None:
    last = collected.roots[1]["id"]
    said = {item["key"]: item for item in collected.feedback if item["run_id"] == last}
    assert (said["check:goal"]["score"], said["check:keep"]["score"]) == (0.0, 1.0)
    assert said["outcome"]["value"] == "unverified"
    assert said["outcome"]["session_id"] == PROJECT


def test_refusing_collector_harms_no_run(
    langsmith: Told, store: Store, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="langsmith")
    with langsmith(refuse=True) as (_, tracing):
        run = paused_and_resumed(store, folder, tracing)
    assert run.status == "unverified"
    assert SECRET not in caplog.text


def test_fault_is_told_by_its_class_only(langsmith: Told, store: Store, folder: Path) -> None:
    with langsmith() as (collector, tracing):
        agent = breaking(store, folder, tracing)
        with pytest.raises(StoreFault):
            agent.run("Write", run_id="r")
    assert {run["error"] for run in collector.runs if run.get("error")} == {"StoreFault"}


def test_nothing_is_sent_unless_asked_for(
    langsmith: Told, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    with langsmith() as (collector, tracing):
        run = paused_and_resumed(store, folder, tracing)
    assert collector.received == []
    assert "trace" not in {entry.kind for entry in run.entries}


class Talker:
    """A decider that asks a model before it says that a step is done."""

    def decide(self, situation: Situation) -> Decision:
        model = FakeListChatModel(responses=[f"done with {SECRET}"])
        model.invoke(f"words of {OWN}", {"run_name": "decider.llm"})
        return Decision(kind="done", confidence=1.0)


def talk(store: Store, folder: Path, tracing: Tracing) -> None:
    mind = script(step("one", "put"), step("two", "put"))
    shelf_agent(store, folder, mind, decider=Talker(), tracing=tracing).run("Talk", run_id="r")


def test_model_calls_side_by_side_stand_inside_their_node(
    langsmith: Told, store: Store, folder: Path
) -> None:
    with langsmith() as (collector, tracing):
        talk(store, folder, tracing)
    node = collector.named("decide")[0]["id"]
    calls = collector.named("decider.llm")
    assert [(run["run_type"], run["parent_run_id"]) for run in calls] == [("llm", node)] * 2


@pytest.mark.parametrize("content", [False, True])
def test_secret_in_the_settings_of_a_model_never_arrives(
    langsmith: Told, store: Store, folder: Path, *, content: bool
) -> None:
    with langsmith(content=content) as (collector, tracing):
        talk(store, folder, tracing)
    assert collector.named("decider.llm")
    assert SECRET.encode() not in collector.raw
    assert OWN.encode() not in collector.raw
