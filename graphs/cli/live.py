"""Shows on a terminal what a run does while it does it, with a spinner below the lines."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydantic import JsonValue
from rich.status import Status

from graphs.cli.printing import Printer
from graphs.events import Asked, Event, Finished, read_event
from graphs.render.live import Line, Teller, activity
from graphs.render.text import line, visible
from tools.progress import listening


@dataclass(slots=True)
class Live:
    """Receives a run's events.

    Args:
        printer: Where the lines go.
        status: The line with the spinner; None when the output is no terminal.
    """

    printer: Printer
    status: Status | None = None
    teller: Teller = field(default_factory=Teller)

    def __call__(self, event: Event) -> None:
        """Tell one event; questions and the outcome are told at length when the work pauses."""
        if isinstance(event, Asked | Finished):
            return
        self._say(self.teller.tell(event))
        now = activity(event)
        if now and self.status is not None:
            self.status.update(visible(now))

    def flush(self) -> None:
        """Tell what is left to tell."""
        self._say(self.teller.rest())

    def _say(self, lines: list[Line]) -> None:
        for item in lines:
            self.printer.say(item.text, item.style, indent=item.indent)


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
        with listening(lambda told: live(read_event(told))):
            yield live
        live.flush()
