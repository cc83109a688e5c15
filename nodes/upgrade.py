"""Whether a stored run can be gone on with by this version of the graph and its tools.

Runs wait for days, and versions come and go meanwhile. A run needs the nodes and edges that it was
started with, and the tools that its plan may call; what was added since does not concern it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import JsonValue

from nodes.state import STATE_VERSION, Plan
from tools.contract import Record, ToolCard, canonical, digest
from tools.errors import GraphChanged
from tools.records import EVERY_ENTRY, Memory, RunInfo
from tools.toolbox import Toolbox

Edges = Mapping[str, Sequence[str]]
"""Where each node may lead."""

FIRST: Final[Mapping[str, Any]] = {
    "version": 1,
    "edges": {
        "plan": ["decide", "escalate", "finish"],
        "confidence": ["execute", "escalate", "decide"],
        "escalate": ["confidence", "decide", "plan", "escalate"],
        "verify": ["decide", "plan", "escalate", "finish"],
    },
    "state": [
        "approved",
        "baseline",
        "batch",
        "checks",
        "concluded",
        "frugal",
        "goal",
        "halted",
        "hold",
        "measured",
        "messages",
        "observations",
        "outcome",
        "plan",
        "progress",
        "reason",
        "recent",
        "replan",
        "replans",
        "report",
        "run",
        "spent",
        "summary",
        "trail",
        "waiting",
        "words",
    ],
}
"""The graph of the first version, whose runs kept nothing but the digest of it and its tools."""


class Layout(Record):
    """What a stored run relies on."""

    state: int
    """`STATE_VERSION`."""
    edges: dict[str, tuple[str, ...]]
    tools: dict[str, str]
    """Digest of each tool's effect class and schema."""


def fingerprint(edges: Edges, tools: Toolbox) -> str:
    """Return a graph and its tools as a text that starts with its digest.

    Args:
        edges: Every node, and where it may lead.
        tools: What may be called.
    """
    told = _layout(STATE_VERSION, edges, tools).to_json()
    return f"{digest(told)} {canonical(told)}"


def check_upgrade(info: RunInfo, *, present: str, tools: Toolbox, memory: Memory) -> None:
    """Let a run pass that can be gone on with.

    Args:
        info: The run.
        present: Fingerprint of what would go on with it.
        tools: The tools of that.
        memory: Knows the run's plan.

    Raises:
        GraphChanged: What the run relies on is gone or is another thing by now.
    """
    if info.fingerprint == present:
        return
    kept, found = _read(info.fingerprint, tools), _read(present, tools)
    if kept is None or found is None:
        reasons = ["nothing of the graph or tools that it kept is known here"]
    else:
        reasons = [*_missing(kept, found, _planned(info.run, memory))]
    if reasons:
        raise GraphChanged(
            f"Run {info.run!r} was started by version {info.version} with another graph or other "
            f"tools: {'; '.join(reasons)}.",
            advice=(
                f"Finish it with version {info.version}, or take back what it did with "
                f"`surefoot undo {info.run}` and start another."
            ),
        )


def _layout(version: int, edges: Edges, tools: Toolbox) -> Layout:
    return Layout(
        state=version,
        edges={node: tuple(targets) for node, targets in edges.items()},
        tools={card.name: _tool(card) for card in tools.cards(sorted(tools))},
    )


def _tool(card: ToolCard) -> str:
    told = {"effect": card.effect, "parameters": _bare(card.parameters)}
    return digest(told)[:16]


def _bare(schema: JsonValue) -> JsonValue:
    """Return a schema without the words that only explain it."""
    if isinstance(schema, list):
        return [_bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    explains = {"title", "description"}
    return {
        name: _bare(value)
        for name, value in schema.items()
        if not (name in explains and isinstance(value, str))
    }


def _read(text: str, tools: Toolbox) -> Layout | None:
    """Return what a fingerprint tells; None when it tells nothing."""
    _, _, told = text.partition(" ")
    if told:
        return Layout.model_validate_json(told)
    cards = [card.to_json() for card in tools.cards(sorted(tools))]
    if text == digest({**FIRST, "tools": [*cards]}):
        return _layout(FIRST["version"], FIRST["edges"], tools)
    return None


def _missing(kept: Layout, found: Layout, planned: set[str]) -> Iterator[str]:
    """Say what a run relies on that is not there as it was."""
    if kept.state != found.state:
        yield f"its state is of version {kept.state}, here it is {found.state}"
    for node, targets in kept.edges.items():
        if node not in found.edges:
            yield f"the node {node!r} is gone"
        for target in sorted(set(targets) - set(found.edges.get(node, targets))):
            yield f"the way from {node!r} to {target!r} is gone"
    for name in sorted(planned & set(kept.tools)):
        if name not in found.tools:
            yield f"the tool {name!r} of its plan is gone"
        elif kept.tools[name] != found.tools[name]:
            yield f"the tool {name!r} of its plan has another schema or effect"


def _planned(run: str, memory: Memory) -> set[str]:
    """Return the tools that the newest plan of a run may call; none without a plan."""
    entries = memory.ledger.entries(run, limit=EVERY_ENTRY)
    body = next((entry.body for entry in reversed(entries) if entry.kind == "plan"), None)
    if body is None:
        return set()
    if set(body) == {"artifact", "bytes"}:
        loaded = memory.artifacts.get(str(body["artifact"]))
        body = loaded if isinstance(loaded, dict) else {}
    plan = Plan.model_validate({name: body[name] for name in Plan.model_fields if name in body})
    return {tool for step in plan.steps for tool in step.tools}
