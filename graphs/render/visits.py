"""The path that a run took through the graph, read from its ledger."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from itertools import pairwise

from graphs.render.picture import edges
from tools.records import LedgerEntry

_NODES: Mapping[str, str] = {
    "plan": "plan",
    "no_plan": "plan",
    "decision": "decide",
    "gate": "confidence",
    "observation": "execute",
    "check": "verify",
    "answer": "escalate",
    "outcome": "finish",
}
"""The node that writes each kind of entry; nodes that write nothing are filled in."""


def visited(entries: Iterable[LedgerEntry]) -> dict[tuple[str, str], int]:
    """Return how often each edge was taken, as far as the ledger tells.

    Between two nodes that are known the shortest way is assumed.
    """
    count: Counter[tuple[str, str]] = Counter()
    here = "__start__"
    for node in _nodes(entries):
        way = _way(here, node)
        count.update(pairwise(way))
        here = node
    if here == "finish":
        count["finish", "__end__"] += 1
    return dict(count)


def _nodes(entries: Iterable[LedgerEntry]) -> list[str]:
    """Return the nodes in order; a batch of entries of one node is one visit."""
    found: list[str] = []
    for entry in entries:
        node = _NODES.get(entry.kind)
        if node is not None and found[-1:] != [node]:
            found.append(node)
    return found


def _way(start: str, goal: str) -> list[str]:
    """Return the shortest way between two nodes, ends included; empty when there is none."""
    queue = deque([[start]])
    seen = {start}
    while queue:
        way = queue.popleft()
        for source, target in edges():
            if source == way[-1] and target == goal:
                return [*way, target]
            if source == way[-1] and target not in seen:
                seen.add(target)
                queue.append([*way, target])
    return []
