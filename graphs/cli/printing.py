"""What goes to the terminal: text without control characters, colour only where it is wanted.

No string is ever read as markup, and everything passes `visible`: what a model or a database
wrote can neither colour the terminal nor move its cursor.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue
from rich.console import Console
from rich.table import Table
from rich.text import Text

from graphs.render.text import visible

PIPE_WIDTH = 140
"""Columns when the output is not a terminal."""

STYLES = {
    "verified": "green",
    "cleared": "green",
    "ok": "green",
    "unverified": "yellow",
    "waiting": "yellow",
    "running": "cyan",
    "interrupted": "yellow",
    "denied": "red",
    "failed": "red",
    "aborted": "red",
    "looped": "red",
    "over_budget": "red",
}


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, width=width)


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints for people, or one JSON document for programs.

    Args:
        as_json: Whether stdout belongs to a program; what is said to people is then dropped.
    """

    as_json: bool = False
    console: Console = field(default_factory=lambda: _console(stderr=False))
    errors: Console = field(default_factory=lambda: _console(stderr=True))

    def say(self, text: str = "", style: str = "", *, indent: int = 0) -> None:
        """Print a text for people, wrapped and indented."""
        if not self.as_json:
            _say(self.console, text, style, indent)

    def exact(self, text: str) -> None:
        """Print lines that are to be copied: never wrapped."""
        if not self.as_json:
            self.console.print(Text(visible(text)), soft_wrap=True)

    def complain(self, text: str) -> None:
        """Print a text for people on stderr."""
        self.errors.print(Text(visible(text)), soft_wrap=True)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> None:
        """Print a table.

        Args:
            head: Names of the columns.
            rows: Their cells.
            right: Names of columns, separated by commas, that are aligned to the right.
        """
        if self.as_json:
            return
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        numbers = right.split(",")
        for name in head:
            table.add_column(name, justify="right" if name in numbers else "left")
        for row in rows:
            table.add_row(*(Text(visible(cell), style=STYLES.get(cell, "")) for cell in row))
        self.console.print(table)

    def document(self, value: JsonValue) -> None:
        """Print the one JSON document, when a program asked for it."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=True) + "\n")


def _say(console: Console, text: str, style: str, indent: int) -> None:
    width = max(20, console.width - indent)
    for paragraph in visible(text).split("\n"):
        for row in Text(paragraph, style=style).wrap(console, width):
            row.rstrip()
            console.print(Text(" " * indent) + row, soft_wrap=True)
