"""Where a run shows itself while it goes on: one output of a notebook, or plain lines of text."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from typing import Any, Protocol

from graphs.events import Event
from graphs.render.live import Line, Teller, activity
from graphs.render.text import visible


class Screen(Protocol):
    """Where lines go."""

    def put(self, lines: list[Line], now: str) -> None:
        """Show lines below those that are there, and what is being done now."""
        ...


def show(events: Iterable[Event]) -> None:
    """Show events while they come: in a notebook in one output, elsewhere as lines of text."""
    teller, screen = Teller(), _screen()
    for event in events:
        screen.put(teller.tell(event), activity(event))
    screen.put(teller.rest(), "")


def _screen() -> Screen:
    """Return the notebook's output, if this runs in a notebook; IPython is loaded then."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return _Output() if hasattr(shell, "kernel") else _Lines()


class _Lines:
    """Plain text: each line once, without what is being done now."""

    def put(self, lines: list[Line], now: str) -> None:
        del now
        sys.stdout.writelines(f"{_text(item)}\n" for item in lines)


@dataclass
class _Output:
    """One output of a notebook, kept up to date."""

    lines: list[Line] = field(default_factory=list)
    now: str = ""
    handle: Any = None

    def put(self, lines: list[Line], now: str) -> None:
        if self.handle is not None and not lines and now == self.now:
            return
        self.lines += lines
        self.now = now
        if self.handle is None:
            # Only there in a notebook.
            self.handle = import_module("IPython.display").display(self, display_id=True)
        else:
            self.handle.update(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return the forms from which a notebook chooses."""
        del include, exclude
        shown = [*self.lines, *([Line(self.now, "dim")] if self.now else [])]
        rows = "\n".join(
            f'<span style="{_CSS.get(i.style, "")}">{escape(_text(i))}</span>' for i in shown
        )
        page = f'<pre style="white-space: pre-wrap">{rows}</pre>'
        return {"text/plain": "\n".join(map(_text, shown)), "text/html": page}


_CSS = {
    "bold": "font-weight: bold",
    "dim": "opacity: 0.6",
    "green": "color: #2a7d3f",
    "yellow": "color: #a06a00",
    "red": "color: #b3261e",
}


def _text(item: Line) -> str:
    return (" " * item.indent + visible(item.text)).rstrip()
