"""Where the picture's nodes and edges lie: drawn by hand once, because the graph is fixed."""

from collections.abc import Mapping
from typing import NamedTuple

WIDTH, HEIGHT = 1090, 470
NODE_WIDTH, NODE_HEIGHT = 108, 44

CENTRES: Mapping[str, tuple[int, int]] = {
    "__start__": (30, 190),
    "plan": (140, 190),
    "decide": (300, 190),
    "confidence": (460, 190),
    "execute": (640, 190),
    "verify": (800, 190),
    "finish": (950, 190),
    "__end__": (1060, 190),
    "escalate": (460, 345),
}
"""Centre of each node, in pixels."""

TELLS: Mapping[str, str] = {
    "plan": "goal to checked plan",
    "decide": "next actions",
    "confidence": "the gate",
    "execute": "the only one that acts",
    "verify": "looks at the world",
    "finish": "outcome, report",
    "escalate": "asks a person",
}
"""What a node does, for those who hover."""


class Line(NamedTuple):
    """One edge: its SVG path, what it means, and where that is written."""

    path: str
    label: str = ""
    x: int = 0
    y: int = 0


LINES: Mapping[tuple[str, str], Line] = {
    ("__start__", "plan"): Line("M40,190 H82", "", 60, 180),
    ("plan", "decide"): Line("M194,190 H242", "", 218, 180),
    ("decide", "confidence"): Line("M354,190 H402", "", 378, 180),
    ("confidence", "execute"): Line("M514,190 H582", "cleared", 547, 180),
    ("execute", "verify"): Line("M694,190 H742", "", 718, 180),
    ("verify", "finish"): Line("M854,190 H892", "done", 873, 180),
    ("finish", "__end__"): Line("M1004,190 H1046", "", 1026, 180),
    ("verify", "decide"): Line("M792,168 C780,65 310,65 297,163", "next step", 545, 84),
    ("verify", "plan"): Line("M806,168 C800,-5 150,-5 140,163", "another plan", 473, 32),
    ("confidence", "decide"): Line("M440,168 C430,122 330,122 320,163", "try another", 398, 128),
    ("confidence", "escalate"): Line("M448,212 V318", "ask", 432, 262),
    ("escalate", "confidence"): Line("M476,323 V217", "approved, edited", 532, 262),
    ("escalate", "decide"): Line("M425,323 C415,270 312,275 303,217", "rejected", 370, 240),
    ("escalate", "plan"): Line("M406,338 C290,335 165,300 156,217", "another plan", 252, 264),
    ("plan", "escalate"): Line("M134,212 C136,330 250,357 401,357", "look at the plan", 300, 374),
    ("escalate", "escalate"): Line("M490,367 C498,405 422,405 430,372", "next question", 460, 412),
    ("verify", "escalate"): Line(
        "M800,212 C800,310 660,347 519,347", "only questions left", 698, 264
    ),
    ("plan", "finish"): Line("M120,212 C120,520 950,520 950,217", "no plan may start", 540, 460),
}
"""Every edge of the graph; a test compares them with the graph itself."""
