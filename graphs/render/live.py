"""Puts what a run does, while it does it, into a few calm lines for each event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphs.events import (
    Acting,
    Asked,
    Checked,
    Decided,
    Degraded,
    Event,
    Finished,
    Gated,
    Held,
    Observed,
    Planned,
    Progressed,
    Undone,
)
from graphs.render.text import label_of, line, model_text, origin_text, seconds_text
from graphs.render.timeline import action_of, degraded_text
from nodes.state import Plan

_GATES = {
    "cleared": ("allowed by rule", "green"),
    "waiting": ("a person is asked, by rule", "yellow"),
    "again": ("not like this, by", "yellow"),
    "denied": ("denied by rule", "red"),
}


class Line(NamedTuple):
    """One line for people."""

    text: str
    style: str = ""
    """`bold`, `dim`, or a colour."""
    indent: int = 0


@dataclass(slots=True)
class Teller:
    """Puts the events of a run into lines."""

    held: int = 0
    """Checks that hold and have not been told yet."""
    acting: set[str] = field(default_factory=set)
    """Keys of decisions that are about an action."""
    newest: str = ""
    """Key of the decision that was told last; lines about it need not name it."""

    def tell(self, event: Event) -> list[Line]:
        """Return the lines that an event is worth, often none."""
        quiet = isinstance(event, Checked | Progressed)
        tell = _TELL.get(type(event))
        return [*([] if quiet else self.rest()), *(tell(self, event) if tell is not None else [])]

    def rest(self) -> list[Line]:
        """Return what is left to tell: how many checks held."""
        held, self.held = self.held, 0
        noun = "check holds" if held == 1 else "checks hold"
        return [Line(f"{held} {noun}", "green", 4)] if held else []

    def _decided(self, event: Decided) -> list[Line]:
        decision, label = event.decision, label_of(event.key)
        self.newest = event.key
        model = model_text(decision.origin)
        by = f"  (by {model})" if model else ""
        if decision.kind != "act":
            ends = "done" if decision.kind == "done" else "gives up"
            return [Line(f"{label}  {ends}: {line(decision.reasoning, 300)}{by}", "dim")]
        self.acting.add(event.key)
        sure = f" ({decision.confidence:.0%} sure)" if decision.confidence < 1 else ""
        return [
            Line(f"{label}  {action_of(decision.to_json())}{by}", "bold"),
            Line(f"why: {line(decision.reasoning, 400)}{sure}", "", 4),
        ]

    def _gated(self, event: Gated) -> list[Line]:
        if event.key not in self.acting:
            return []
        word, style = _GATES.get(event.gate, (event.gate, ""))
        text = f"{word} {event.rule}: {line(event.reason, 400)}"
        return [Line(self._label(event.key) + text, style, 4)]

    def _observed(self, event: Observed) -> list[Line]:
        seen = event.observation
        text = f"{seen.status} after {seconds_text(seen.seconds)}: {line(seen.summary, 400)}"
        return [Line(self._label(seen.key) + text, "green" if seen.status == "ok" else "red", 4)]

    def _checked(self, event: Checked) -> list[Line]:
        check = event.check
        if check.kind == "constraint" and check.holds:
            self.held += 1
            return []
        style, word = ("green", "holds") if check.holds else ("red", "does not hold")
        text = f"{check.name} {word}: {line(check.detail, 400)}"
        return [*self.rest(), Line(self._label(check.key) + text, style, 4)]

    def _undone(self, event: Undone) -> list[Line]:
        text = f"{event.came}: {line(event.why, 400)}"
        return [Line(self._label(event.key) + text, "yellow", 4)]

    def _label(self, key: str) -> str:
        """Return the label that a line needs to say which action it is about."""
        return f"{label_of(key)} " if key and key != self.newest else ""


def _planned(_: Teller, event: Planned) -> list[Line]:
    plan = event.plan
    return [
        Line(f"Plan (by {origin_text(plan.origin)})", "bold"),
        Line(plan.rationale, "dim", 2),
        *(Line(row, "", 2) for row in _steps(plan)),
        Line(""),
    ]


def _steps(plan: Plan) -> list[str]:
    """Return a plan's steps: what each does, which tools it may call, which steps it needs."""
    wide = max(len(step.id) for step in plan.steps)
    return [
        f"{step.id:<{wide}}  {line(step.title, 70)}  ({', '.join(map(line, step.tools))})"
        + (f"  after {', '.join(step.needs)}" if step.needs else "")
        for step in plan.steps
    ]


def _degraded(_: Teller, event: Degraded) -> list[Line]:
    about = f"{label_of(event.subject)}  " if "/" in event.subject else ""
    return [Line(about + degraded_text(event.to_json()), "yellow")]


def _asked(_: Teller, event: Asked) -> list[Line]:
    return [Line(f"a person is asked: {line(event.review.title)} ({event.review.id})", "yellow")]


def _held(_: Teller, event: Held) -> list[Line]:
    return [Line(f"{event.by} It is waited for; Ctrl-C leaves.", "yellow")]


def _finished(_: Teller, event: Finished) -> list[Line]:
    return [Line(f"{event.outcome}: {line(event.reason, 400)}", "bold")]


_TELL: Mapping[type[Event], Callable[[Teller, Any], list[Line]]] = {
    Planned: _planned,
    Decided: Teller._decided,  # noqa: SLF001  # the table of its own methods
    Gated: Teller._gated,  # noqa: SLF001  # the same
    Observed: Teller._observed,  # noqa: SLF001  # the same
    Checked: Teller._checked,  # noqa: SLF001  # the same
    Undone: Teller._undone,  # noqa: SLF001  # the same
    Degraded: _degraded,
    Asked: _asked,
    Held: _held,
    Finished: _finished,
}


def activity(event: Event) -> str:
    """Return what is being done now; empty when an event does not say."""
    if isinstance(event, Acting):
        return f"{line(event.tool, 90)} ..."
    return line(event.text, 100) if isinstance(event, Progressed) else ""
