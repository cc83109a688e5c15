"""What a run shows of itself while it runs: spans for OpenTelemetry, traces for LangSmith.

Both stay silent unless the process asks for them: the first needs an SDK with an exporter, the
second `LANGSMITH_TRACING=true`. Texts (arguments, results) are left out unless `trace_content`
is set, and then redacted.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from langchain_core.runnables import RunnableConfig
from langgraph.runtime import Runtime
from langsmith import RunTree, get_current_run_tree
from opentelemetry.trace import Span, TracerProvider
from opentelemetry.util.types import AttributeValue

from graphs.redaction import Redactor
from graphs.smith import Feedback, Smith, note
from graphs.spans import WAITING, fail, link, span, traceparent
from nodes.context import Context, run_of
from nodes.state import State, batch_of
from tools.contract import Call, EffectRecord, JsonObject, Observation, canonical
from tools.records import EVERY_ENTRY, LedgerEntry
from tools.runner import Runner

TRACED = "trace"
"""Kind of the ledger entry that tells where a segment was traced; written only when it was."""

CONTENT_CHARACTERS = 4_000
"""How much of a text is shown when content is captured."""

PREFIX = 12
"""How much of a digest is shown."""


Facts = dict[str, AttributeValue]
Step = Callable[[State, Runtime[Context]], State]


@dataclass(frozen=True, slots=True)
class Segment:
    """One advance of a run, as it is traced."""

    span: Span
    tree: RunTree | None
    before: JsonObject
    """Where the segment before this one was traced; empty when it was not."""
    after: int
    """Number of that ledger entry."""


@dataclass(frozen=True, kw_only=True)
class Tracing:
    """How an agent is traced.

    Args:
        content: Whether arguments and results are shown.
        redact: What is replaced wherever it appears.
        provider: Where spans go; the process's own provider when None.
        smith: Where LangSmith traces go.
    """

    content: bool = False
    redact: Redactor = field(default_factory=Redactor)
    provider: TracerProvider | None = None
    smith: Smith = field(default_factory=Smith)

    @classmethod
    def configured(cls, *, content: bool, patterns: tuple[str, ...]) -> "Tracing":
        """Return the tracing that the settings want.

        Raises:
            BadInput: A pattern is not a regular expression.
        """
        redact = Redactor(patterns)
        redact.check()
        return cls(content=content, redact=redact, smith=Smith(content=content, redact=redact))

    @contextmanager
    def segment(self, context: Context, run: str, payload: object) -> Iterator[RunnableConfig]:
        """Trace one advance of a run: from a start or an answer to the next pause, or the end.

        Args:
            context: The agent's dependencies.
            run: Which run.
            payload: What the graph is given; tells the objective of a run that begins.

        Yields:
            What the graph's configuration needs to be traced.
        """
        facts, about = _run_facts(context, run), _metadata(context, run)
        facts["agent.policy.digest"] = about["policy_digest"]
        tags = ["surefoot", f"domain:{context.domain}"]
        name = f"invoke_agent surefoot-{context.domain}"
        with (
            span(name, "invoke_agent", facts, self.provider) as opened,
            self.smith.segment(_objective(context, run, payload), about, tags) as tree,
        ):
            if not opened.is_recording() and tree is None:
                yield {}
                return
            segment = _begin(context, run, opened, tree)
            yield {"callbacks": [*self.smith.callbacks(tree)]} if tree is not None else {}
            self._end(context, run, segment)

    def _end(self, context: Context, run: str, segment: Segment) -> None:
        """Say how the segment ended, and keep where it was traced for the next one."""
        info = context.memory.runs.find(run)
        if info is None:
            return
        segment.span.set_attribute("agent.outcome", info.status)
        for review in context.memory.reviews.waiting(run):
            asked = {"agent.review.id": review.id, "agent.action.hash": review.action_hash}
            segment.span.add_event(WAITING, {**asked, "agent.review.kind": review.kind})
        where: JsonObject = {"traceparent": traceparent()}
        if segment.tree is not None:
            segment.tree.add_metadata({"outcome": info.status})
            where |= {"langsmith": str(segment.tree.id), "project": segment.tree.session_name}
            entries = context.memory.ledger.entries(run, after=segment.after, limit=EVERY_ENTRY)
            self.smith.say(segment.tree.session_name, self._feedback(entries, segment))
        context.memory.ledger.append(run, TRACED, run, where)

    def _feedback(self, entries: list[LedgerEntry], segment: Segment) -> list[Feedback]:
        """Return what people and checks said since the last segment."""
        here = str(segment.tree.id) if segment.tree is not None else ""
        asked = str(segment.before.get("langsmith", here))
        found = []
        for entry in entries:
            target = asked if entry.kind == "answer" else here
            judged = _judged(entry)
            if judged is not None:
                key, score, value, comment = judged
                found.append(
                    Feedback(
                        mark=entry.hash,
                        trace=UUID(target),
                        key=key,
                        score=score,
                        value=value,
                        comment=comment if self.content else None,
                    )
                )
        return found

    def node(self, name: str, step: Step, state: State, runtime: Runtime[Context]) -> State:
        """Run a node under a span of its own.

        Args:
            name: Name of the node.
            step: The node.
            state: Given to it.
            runtime: Given to it.
        """
        facts = _run_facts(runtime.context, run_of(runtime))
        with span(name, name, facts, self.provider) as opened:
            update = step(state, runtime)
            if opened.is_recording() or get_current_run_tree() is not None:
                seen = _node_facts(state, update)
                opened.set_attributes(seen)
                note({key.removeprefix("agent.").replace(".", "_"): seen[key] for key in seen})
            return update

    @contextmanager
    def tool(self, call: Call, operation: str, effect: str) -> Iterator[Span]:
        """Trace what a tool does for one call."""
        facts: Facts = {
            "gen_ai.conversation.id": call.run,
            "gen_ai.tool.name": call.action.tool[:200],
            "gen_ai.tool.call.id": call.key,
            "agent.run.id": call.run,
            "agent.step": call.step,
            "agent.action.hash": call.action.hash,
            "agent.effect": effect,
        }
        if self.content:
            facts["gen_ai.tool.call.arguments"] = self._shown(canonical(call.action.args))
        about = {"step": call.step, "action_hash": call.action.hash, "key": call.key}
        name = f"{operation} {call.action.tool[:200]}"
        with (
            span(name, operation, facts, self.provider) as opened,
            self.smith.tool(call.action.tool[:200], call.action.args, about),
        ):
            yield opened

    def observed(self, opened: Span, observation: Observation) -> None:
        """Say what came of a call."""
        opened.set_attribute("agent.outcome", observation.status)
        note({"outcome": observation.status})
        if observation.status != "ok":
            fail(opened, observation.status)
        if self.content:
            opened.set_attribute("gen_ai.tool.call.result", self._shown(observation.summary))

    def _shown(self, text: str) -> str:
        return self.redact.text(text)[:CONTENT_CHARACTERS]


@dataclass(frozen=True, kw_only=True)
class TracedRunner(Runner):
    """The runner, every call of which is a span."""

    tracing: Tracing = field(default_factory=Tracing)

    def run(self, call: Call) -> Observation:
        """Run one call; see `Runner.run`."""
        tool = self.tools.get(call.action.tool)
        with self.tracing.tool(call, "execute_tool", tool.effect if tool else "unknown") as opened:
            observation = super().run(call)
            self.tracing.observed(opened, observation)
            return observation

    def undo(self, record: EffectRecord) -> None:
        """Undo one effect; see `Runner.undo`."""
        call = Call(key=record.key, run=record.run, step=record.step, action=record.action)
        with self.tracing.tool(call, "undo_tool", "undo"):
            super().undo(record)


def _begin(context: Context, run: str, opened: Span, tree: RunTree | None) -> Segment:
    """Link the segment to the one before it, whichever process advanced that."""
    entries = context.memory.ledger.entries(run, limit=EVERY_ENTRY)
    traced = [entry for entry in entries if entry.kind == TRACED]
    if not traced:
        return Segment(span=opened, tree=tree, before={}, after=0)
    before = traced[-1]
    link(opened, str(before.body.get("traceparent", "")))
    return Segment(span=opened, tree=tree, before=before.body, after=before.seq)


def _run_facts(context: Context, run: str) -> Facts:
    return {
        "gen_ai.agent.name": f"surefoot-{context.domain}",
        "gen_ai.agent.version": context.version,
        "gen_ai.conversation.id": run,
        "agent.run.id": run,
        "agent.graph.fingerprint": context.fingerprint[:PREFIX],
    }


def _objective(context: Context, run: str, payload: object) -> str:
    info = context.memory.runs.find(run)
    if info is not None:
        return info.objective
    goal = payload.get("goal") if isinstance(payload, dict) else None
    return str(goal.get("objective", "")) if isinstance(goal, dict) else ""


def _metadata(context: Context, run: str) -> dict[str, str]:
    return {
        "thread_id": run,
        "session_id": run,
        "surefoot_run": run,
        "agent_version": context.version,
        "graph_fingerprint": context.fingerprint[:PREFIX],
        "policy_digest": context.policy.digest[:PREFIX],
        "domain": context.domain,
    }


def _node_facts(state: State, update: State) -> Facts:
    """Return what a node was about, and what came of it, in names and digests only."""
    batch = batch_of(update) or batch_of(state)
    actions = [item.decision.action for item in batch]
    facts: Facts = {
        "agent.steps": [item.step for item in batch],
        "agent.action.hashes": [action.hash for action in actions if action is not None],
        "agent.gates": [item.gate for item in batch],
        "agent.outcome": update.get("outcome", ""),
    }
    return {key: value for key, value in facts.items() if value}


def _judged(entry: LedgerEntry) -> tuple[str, float | None, str, str] | None:
    """Read key, score, value and comment out of an answer, a check or an outcome."""
    said = entry.body
    if entry.kind == "answer":
        decision = str(said.get("decision", ""))
        score = {"approve": 1.0, "reject": 0.0, "abort": 0.0}.get(decision)
        return "human_decision", score, decision, str(said.get("message", ""))
    if entry.kind == "check":
        holds = bool(said.get("holds"))
        value = "holds" if holds else "broken"
        return f"check:{said.get('name')}", float(holds), value, str(said.get("detail", ""))
    if entry.kind == "outcome":
        outcome = str(said.get("outcome", ""))
        return "outcome", float(outcome == "verified"), outcome, str(said.get("reason", ""))
    return None
