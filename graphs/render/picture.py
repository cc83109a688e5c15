"""The graph as a picture (SVG, no script, no font to load), as Mermaid, and as plain text."""

from collections.abc import Mapping
from functools import cache
from html import escape

from graphs.render.layout import (
    CENTRES,
    HEIGHT,
    LINES,
    NODE_HEIGHT,
    NODE_WIDTH,
    TELLS,
    WIDTH,
    Line,
)
from graphs.routes import EDGES

Edge = tuple[str, str]
Visits = Mapping[Edge, int]

_FIXED: tuple[Edge, ...] = (
    ("__start__", "plan"),
    ("decide", "confidence"),
    ("execute", "verify"),
    ("finish", "__end__"),
)
_QUIET, _TAKEN, _NODE, _UNSEEN, _NOW = "#7a828e", "#2f74d0", "#2a5caa", "#6b7480", "#b35900"
"""Colours that stand out on white and on black: the picture does not know what is behind it."""


@cache
def edges() -> tuple[Edge, ...]:
    """Return every edge of the graph, as `graphs/agent.py` wires it."""
    chosen = [(source, target) for source, targets in EDGES.items() for target in targets]
    return (*_FIXED, *chosen)


def graph_svg(visited: Visits | None = None, *, now: str = "") -> str:
    """Return the graph as a self-contained SVG.

    Args:
        visited: How often each edge was taken; without it nothing is marked.
        now: The node at which a run stands.
    """
    taken = visited or {}
    seen = {node for edge, times in taken.items() if times for node in edge}
    lines = [_line(edge, LINES[edge], taken.get(edge, 0)) for edge in edges()]
    nodes = [_node(name, seen=not taken or name in seen, now=name == now) for name in CENTRES]
    words = escape(_description(taken, now))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{words}" '
        'style="max-width:100%;height:auto" font-family="system-ui,sans-serif">'
        f"<title>The graph of the agent</title><desc>{words}</desc>"
        f"<defs>{_tip('sf-tip', _QUIET)}{_tip('sf-tip-taken', _TAKEN)}</defs>"
        f"{''.join(lines)}{''.join(nodes)}</svg>"
    )


def _tip(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 10 10" refX="5" refY="5" markerUnits="userSpaceOnUse" '
        f'markerWidth="9" markerHeight="9" orient="auto"><path d="M0,0 L10,5 L0,10 z" '
        f'fill="{colour}"/></marker>'
    )


def _line(edge: Edge, line: Line, times: int) -> str:
    colour, width, tip = (_TAKEN, 2.4, "sf-tip-taken") if times else (_QUIET, 1.4, "sf-tip")
    label = " ".join(part for part in (line.label, f"×{times}" if times else "") if part)  # noqa: RUF001  # a multiplication sign is meant
    text = (
        f'<text x="{line.x}" y="{line.y}" text-anchor="middle" font-size="12" '
        f'fill="{colour}">{escape(label)}</text>'
    )
    return (
        f'<path data-edge="{edge[0]}:{edge[1]}" d="{line.path}" fill="none" stroke="{colour}" '
        f'stroke-width="{width}" marker-end="url(#{tip})"/>{text if label else ""}'
    )


def _node(name: str, *, seen: bool, now: bool) -> str:
    x, y = CENTRES[name]
    if name.startswith("__"):
        return _end(x, y, hollow=name == "__end__")
    colour = _NOW if now else _NODE if seen else _UNSEEN
    return (
        f'<g data-node="{name}"><title>{name}: {escape(TELLS[name])}</title>'
        f'<rect x="{x - NODE_WIDTH // 2}" y="{y - NODE_HEIGHT // 2}" width="{NODE_WIDTH}" '
        f'height="{NODE_HEIGHT}" rx="9" fill="{colour}"/>'
        f'<text x="{x}" y="{y + 5}" text-anchor="middle" font-size="15" font-weight="600" '
        f'fill="#ffffff">{name}</text></g>'
    )


def _end(x: int, y: int, *, hollow: bool) -> str:
    """Return the disc where runs start, or the ringed one where they end."""
    inner = f'<circle cx="{x}" cy="{y}" r="4" fill="{_QUIET}"/>' if hollow else ""
    fill = "none" if hollow else _QUIET
    ring = f'r="9" fill="{fill}" stroke="{_QUIET}" stroke-width="2"'
    return f'<circle cx="{x}" cy="{y}" {ring}/>{inner}'


def _description(taken: Visits, now: str) -> str:
    """Return the picture in words, for those who cannot see it."""
    ways = "; ".join(
        f"{_name(source)} to {_name(target)}"
        + (f", taken {taken[source, target]} times" if taken.get((source, target)) else "")
        for source, target in edges()
    )
    return f"Seven nodes. {ways}." + (f" The run stands at {now}." if now else "")


def _name(node: str) -> str:
    return node.strip("_")


def graph_mermaid(visited: Visits | None = None) -> str:
    """Return the graph in Mermaid's language."""
    lines = ["flowchart LR"]
    for source, target in edges():
        times = (visited or {}).get((source, target), 0)
        label = " ".join(
            part for part in (_label(source, target), f"x{times}" if times else "") if part
        )
        arrow = f"-->|{label}|" if label else "-->"
        lines.append(f"  {_shape(source)} {arrow} {_shape(target)}")
    return "\n".join(lines) + "\n"


def _label(source: str, target: str) -> str:
    return LINES[source, target].label


def _shape(node: str) -> str:
    return {"__start__": "START([start])", "__end__": "END([end])"}.get(node, node)


def graph_text(visited: Visits | None = None) -> str:
    """Return the graph as lines of text: each node with where it may lead."""
    lines = []
    for node in CENTRES:
        for source, target in edges():
            if source == node:
                label, times = _label(source, target), (visited or {}).get((source, target), 0)
                count = f"  x{times}" if times else ""
                lines.append(f"{_name(source):>10} -> {_name(target):<11}{label}{count}".rstrip())
    return "\n".join(lines) + "\n"
