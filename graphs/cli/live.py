"""Tells people what a run does while it does it: a few calm lines for each event."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydantic import JsonValue
from rich.status import Status

from graphs.cli.printing import Printer
from graphs.render.text import label_of, line, model_text, origin_text, seconds_text, visible
from graphs.render.timeline import action_of
from tools.contract import JsonObject
from tools.progress import listening

_GATES = {
    "cleared": ("allowed by rule", "green"),
    "waiting": ("a person is asked, by rule", "yellow"),
    "again": ("not like this, by", "yellow"),
    "denied": ("denied by rule", "red"),
}


@dataclass(slots=True)
class Live:
    """Receives a run's events.

    Args:
        printer: Where the lines go.
        status: The line with the spinner; None when the output is no terminal.
    """

    printer: Printer
    status: Status | None = None
    held: int = 0
    """Checks that hold and have not been told yet."""
    acting: set[str] = field(default_factory=set)
    """Keys of decisions that are about an action."""
    newest: str = ""
    """Key of the decision that was told last; lines about it need not name it."""

    def __call__(self, event: JsonObject) -> None:
        """Tell one event."""
        kind = str(event.get("kind"))
        if kind not in {"check", "progress"}:
            self.flush()
        tell = _TELL.get(kind)
        if tell is not None:
            tell(self, event)

    def progress(self, text: str) -> None:
        """Show what is being done now; only on a terminal."""
        if self.status is not None:
            self.status.update(visible(line(text, 100)))

    def flush(self) -> None:
        """Tell how many checks held."""
        if self.held:
            noun = "check holds" if self.held == 1 else "checks hold"
            self.printer.say(f"{self.held} {noun}", "green", indent=4)
        self.held = 0

    def _progress(self, event: JsonObject) -> None:
        self.progress(str(event.get("text", "")))

    def _plan(self, event: JsonObject) -> None:
        plan = event.get("plan")
        if not isinstance(plan, dict):
            return
        self.printer.say(f"Plan (by {origin_text(plan.get('origin'))})", "bold")
        self.printer.say(str(plan.get("rationale", "")), "dim", indent=2)
        self.printer.table(("", "step", "after", "may call"), plan_rows(plan))
        self.printer.say()

    def _decision(self, event: JsonObject) -> None:
        decision = event.get("decision")
        if not isinstance(decision, dict):
            return
        label, why = label_of(str(event.get("key"))), str(decision.get("reasoning", ""))
        self.newest = str(event.get("key"))
        model = model_text(decision.get("origin", ""))
        by = f"  (by {model})" if model else ""
        if decision.get("kind") != "act":
            ends = "done" if decision.get("kind") == "done" else "gives up"
            self.printer.say(f"{label}  {ends}: {line(why, 300)}{by}", "dim")
            return
        self.acting.add(self.newest)
        certain = decision.get("confidence")
        sure = f" ({certain:.0%} sure)" if isinstance(certain, float) and certain < 1 else ""
        self.printer.say(f"{label}  {action_of(decision)}{by}", "bold")
        self.printer.say(f"why: {line(why, 400)}{sure}", indent=4)

    def _gate(self, event: JsonObject) -> None:
        if event.get("key") not in self.acting:
            return
        word, style = _GATES.get(str(event.get("gate")), (str(event.get("gate")), ""))
        text = f"{word} {event.get('rule')}: {line(event.get('reason'), 400)}"
        self.printer.say(self._label(event.get("key")) + text, style, indent=4)

    def _start(self, event: JsonObject) -> None:
        self.progress(f"{event.get('tool')} ...")

    def _observation(self, event: JsonObject) -> None:
        seen = event.get("observation")
        if not isinstance(seen, dict):
            return
        ok = seen.get("status") == "ok"
        took = seen.get("seconds")
        spent = f" after {seconds_text(took)}" if isinstance(took, int | float) else ""
        text = f"{seen.get('status')}{spent}: {line(seen.get('summary'), 400)}"
        self.printer.say(self._label(seen.get("key")) + text, "green" if ok else "red", indent=4)

    def _check(self, event: JsonObject) -> None:
        check = event.get("check")
        if not isinstance(check, dict):
            return
        told = check.get("kind") != "constraint" or not check.get("holds")
        if not told:
            self.held += 1
            return
        self.flush()
        style, word = ("green", "holds") if check.get("holds") else ("red", "does not hold")
        text = f"{check.get('name')} {word}: {line(check.get('detail'), 400)}"
        self.printer.say(self._label(check.get("key")) + text, style, indent=4)

    def _undo(self, event: JsonObject) -> None:
        text = f"{event.get('came')}: {line(event.get('why'), 400)}"
        self.printer.say(self._label(event.get("key")) + text, "yellow", indent=4)

    def _label(self, key: JsonValue) -> str:
        """Return the label that a line needs to say which action it is about."""
        return f"{label_of(str(key))} " if key and key != self.newest else ""


_TELL: Mapping[str, Callable[[Live, JsonObject], None]] = {
    "plan": Live._plan,  # noqa: SLF001  # the table of its own methods
    "decision": Live._decision,  # noqa: SLF001  # the same
    "gate": Live._gate,  # noqa: SLF001  # the same
    "start": Live._start,  # noqa: SLF001  # the same
    "progress": Live._progress,  # noqa: SLF001  # the same
    "observation": Live._observation,  # noqa: SLF001  # the same
    "check": Live._check,  # noqa: SLF001  # the same
    "undo": Live._undo,  # noqa: SLF001  # the same
}


def plan_rows(plan: Mapping[str, JsonValue]) -> list[tuple[str, str, str, str]]:
    """Return the steps of a plan as cells: id, title, needs, tools."""
    steps = plan.get("steps")
    return [
        (
            f"  {step.get('id')}",
            line(step.get("title"), 70),
            _words(step.get("needs")),
            _words(step.get("tools")),
        )
        for step in (steps if isinstance(steps, list) else [])
        if isinstance(step, dict)
    ]


def _words(value: JsonValue) -> str:
    return ", ".join(line(item, 60) for item in value) if isinstance(value, list) else ""


@contextmanager
def watching(printer: Printer, text: str = "Looking ...") -> Iterator[Live]:
    """Return what tells a run's events; on a terminal with a spinner below the lines."""
    if printer.as_json or not printer.console.is_terminal:
        live = Live(printer)
        yield live
        live.flush()
        return
    with printer.console.status(text, spinner_style="cyan") as status:
        live = Live(printer, status)
        with listening(live.progress):
            yield live
        live.flush()
