"""The graph: seven nodes, flat. Everything that an agent does is on this page."""

from typing import Any, Protocol

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from checkpoints.savers import REPEATABLE
from graphs.routes import EDGES, after_confidence, after_escalate, after_plan, after_verify
from graphs.tracing import Tracing
from nodes import upgrade
from nodes.confidence import confidence
from nodes.context import Context, reporting, run_of
from nodes.decide import decide
from nodes.escalate import escalate
from nodes.execute import execute
from nodes.finish import finish
from nodes.plan import plan
from nodes.state import RunInput, State
from nodes.verify import verify
from tools.toolbox import Toolbox

AgentGraph = CompiledStateGraph[State, Context, RunInput, State]


class Node(Protocol):
    """A plain function from state to update."""

    __name__: str

    def __call__(self, state: State, runtime: Runtime[Context]) -> State:
        """Do one step of thought."""
        ...


NODES: tuple[Node, ...] = (plan, decide, confidence, execute, verify, escalate, finish)
SUPERSTEPS = 10_000
"""The outer fuse; the goal's own budget ends a run long before."""


def build_graph(
    default: Context | None = None, tracing: Tracing | None = None
) -> StateGraph[State, Context, RunInput, State]:
    """Wire the seven nodes.

    Args:
        default: Dependencies for callers that pass no `context=`, such as LangGraph Server.
        tracing: What each node shows of itself.
    """
    # LangGraph Server makes the schema's type from a request's JSON; ours never comes from one.
    schema = Context if default is None else None
    graph = StateGraph(State, context_schema=schema, input_schema=RunInput)
    for node in NODES:
        graph.add_node(node.__name__, _prepared(node, default, tracing or Tracing()))
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", after_plan, list(EDGES["plan"]))
    graph.add_edge("decide", "confidence")
    graph.add_conditional_edges("confidence", after_confidence, list(EDGES["confidence"]))
    graph.add_edge("execute", "verify")
    graph.add_conditional_edges("verify", after_verify, list(EDGES["verify"]))
    graph.add_conditional_edges("escalate", after_escalate, list(EDGES["escalate"]))
    graph.add_edge("finish", END)
    return graph


def build_agent(
    *,
    context: Context | None = None,
    tracing: Tracing | None = None,
    checkpointer: BaseCheckpointSaver[Any] | None = None,
    interrupt_before: list[str] | None = None,
    name: str = "surefoot",
) -> AgentGraph:
    """Compile the graph with the settings that the guarantees want.

    Args:
        context: Dependencies bound to the graph; `invoke(..., context=)` overrides them.
        tracing: What each node shows of itself.
        checkpointer: Where paused runs are kept; `store.saver`. LangGraph Server brings its own.
        interrupt_before: Nodes to stop before, for stepping through.
        name: Name of the graph in traces.
    """
    compiled = build_graph(context, tracing).compile(
        checkpointer=checkpointer, interrupt_before=interrupt_before, name=name
    )
    # Sync durability (the default repeats work after a kill) and strict resume (the default gives
    # a late answer to the next question) have no public spelling on a compiled graph.
    pinned = {"__pregel_durability": "sync", "__pregel_strict_resume": True, REPEATABLE: True}
    return compiled.with_config({"recursion_limit": SUPERSTEPS, "configurable": pinned})


def _prepared(node: Node, default: Context | None, tracing: Tracing) -> Node:
    """Give a node the default context when the caller brought none; stream and trace it."""

    def run(state: State, runtime: Runtime[Context]) -> State:
        given = runtime.context if isinstance(runtime.context, Context) else default
        own = runtime if given is runtime.context else runtime.override(context=given)
        with own.context.memory.leases.node(run_of(own)), reporting(own):
            return tracing.node(node.__name__, node, state, own)

    run.__name__ = node.__name__
    return run


def fingerprint(tools: Toolbox) -> str:
    """Return what a stored run is compared with before it is gone on with: nodes, edges, tools."""
    edges = {node.__name__: EDGES.get(node.__name__, ()) for node in NODES}
    return upgrade.fingerprint(edges, tools)
